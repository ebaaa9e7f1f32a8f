"""Each form says every field of a table, or that it cannot."""

import json

import pytest
from hypothesis import given
from msgspec import UNSET
from msgspec.structs import fields, replace

from dynasmith.errors import UsageError
from dynasmith.iac import cloudformation, terraform
from dynasmith.iac.cloudformation import cloudformation_text
from dynasmith.iac.hcl import HclBlock, HclExpression, document
from dynasmith.iac.labels import logical_ids, terraform_labels
from dynasmith.iac.terraform import terraform_text
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import SAID_ONLY, Key, KeyAttribute, OnDemandMaximum, Table, Trigger, Warm
from strategies import tables

FIELDS = {each.name for each in fields(Table)} - {"name", *SAID_ONLY}


def test_terraform_has_a_word_for_every_field() -> None:
    assert set(terraform.FORMS) - {"attributes"} == FIELDS


def test_cloudformation_has_a_word_for_every_field() -> None:
    assert set(cloudformation.FORMS) | set(cloudformation.WITHIN) == FIELDS
    assert set(cloudformation.WITHIN.values()) <= set(cloudformation.FORMS)


@given(tables(name="orders"))
def test_nothing_that_is_set_is_left_out_in_silence(table: Table) -> None:
    """A field that is taken away changes the text, or what is unsaid; but for one that says the default."""
    for text in (_terraform, _cloudformation):
        whole = text(table)
        for name in FIELDS - {"key"}:
            if getattr(table, name) is UNSET or name in ("billing", "capacity", "autoscaling", "consistency"):
                continue
            if text is _cloudformation and not _is_on(getattr(table, name)):
                continue  # a template without a word leaves it as it is, and an import does not touch it
            if text is _terraform and name in OFF_IS_ABSENT and not _is_on(getattr(table, name)):
                continue
            assert text(replace(table, **{name: UNSET})) != whole, name


OFF_IS_ABSENT = {
    "warm",
    "access",
    "alarms",
    "triggers",
    "on_demand_maximum",
    "contributor_insights",
    "kinesis_stream",
    "resource_policy",
    "backup_plan",
    "items",
    "witness_region",
}
"""Resources of their own: where they are off there is none."""


def _is_on(value: object) -> bool:
    return value not in (None, False, (), {}, OnDemandMaximum(), Warm())


def _terraform(table: Table) -> str:
    made = terraform_text([table], {}, provider=6)
    return made.tables + str(made.unsaid)


def _cloudformation(table: Table) -> str:
    made = cloudformation_text([table], {}, region="us-east-1")
    return made.template + str(made.unsaid)


def test_text_is_quoted() -> None:
    odd = "${b} %{c}\n\t\"'\\ é"
    block = HclBlock(("x", 'a"b'), (("a", odd), ("longer", HclExpression("c.d")), ("list", [1, True, "x"])))
    assert document([block]) == (
        'x "a\\"b" {\n  a      = "$${b} %%{c}\\n\\t\\"\'\\\\ é"\n  longer = c.d\n  list   = [1, true, "x"]\n}\n'
    )


TWICE = Table(
    name="tab",
    key=Key(partition=(KeyAttribute(name="pk", type="S"),)),
    triggers=(Trigger(function="a-b"), Trigger(function="a.b")),
)


def test_two_parts_of_one_name_are_refused_and_none_is_lost() -> None:
    with pytest.raises(UsageError, match="in CloudFormation"):
        cloudformation_text([TWICE], {}, region="us-east-1")
    dotted = replace(TWICE, triggers=(Trigger(function="a:b"), Trigger(function="a.b")))
    with pytest.raises(UsageError, match="in Terraform"):
        terraform_text([dotted], {})


@pytest.mark.parametrize("names", [["a-b", "a_b", "a.b", "1a", "A-b"], ["x"], []])
def test_two_tables_never_share_a_label(names: list[str]) -> None:
    for labels in (terraform_labels(names), logical_ids(names)):
        assert set(labels) == set(names)
        assert len(set(labels.values())) == len(names)
        assert all(label.replace("-", "").replace("_", "").isalnum() for label in labels.values())


def test_a_policy_names_its_own_table_by_reference() -> None:
    statement = {"Effect": "Allow", "Resource": ["{table_arn}/index/*", "{stream_arn}", "${aws:x}"]}
    table = replace(TWICE, triggers=UNSET, resource_policy=json.dumps({"Statement": [statement]}))
    said = terraform_text([table], {}).tables
    assert '"${aws_dynamodb_table.tab.arn}/index/*"' in said
    assert '"${aws_dynamodb_table.tab.stream_arn}"' in said
    assert '"$${aws:x}"' in said
    made = cloudformation_text([table], {}, region="us-east-1")
    assert ([each.path for each in made.unsaid], "ResourcePolicy" in made.template) == (["resource_policy"], False)
    live = TableDescription(table=table, status="ACTIVE", stream_arn="arn:aws:stream")
    made = cloudformation_text([table], {"tab": live}, region="us-east-1")
    assert '"arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/tab/index/*"' in made.template
    assert '- "arn:aws:stream"' in made.template
