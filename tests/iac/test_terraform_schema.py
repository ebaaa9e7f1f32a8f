"""Every argument and block that is written for a version of the AWS provider is one that this version has."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.iac.hcl import HclBlock, HclExpression
from dynasmith.iac.terraform import REQUIRED, terraform_resources, terraform_text
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Consistency,
    Index,
    Key,
    KeyAttribute,
    OnDemandMaximum,
    Replica,
    Scaling,
    Table,
    Warm,
)
from strategies import tables

SCHEMAS = {
    version: json.loads((Path(__file__).parent / f"terraform_schemas/provider_{version}.json").read_text("utf-8"))
    for version in REQUIRED
}
PK, EMAIL = KeyAttribute(name="pk", type="S"), KeyAttribute(name="email", type="S")
BY_EMAIL = Index(name="by.email", key=Key(partition=(EMAIL,)))
PLAIN = Table(name="orders", key=Key(partition=(PK,)), billing=Billing.ON_DEMAND)


def check(block: HclBlock, schema: dict[str, Any], path: str) -> None:
    """Raise where a block has what its schema lacks, or lacks what it must have."""
    seen = set()
    for entry in block.body:
        name = entry.words[0] if isinstance(entry, HclBlock) else entry[0]
        seen.add(name)
        if name == "lifecycle" and name not in schema:
            assert isinstance(entry, HclBlock)
            check_ignored(entry, schema, path)
            continue
        assert name in schema, f"{path} has no {name}"
        nested = isinstance(schema[name], dict)
        assert nested == isinstance(entry, HclBlock), f"{path}.{name}"
        if isinstance(entry, HclBlock):
            check(entry, schema[name], f"{path}.{name}")
    missing = {name for name, kind in schema.items() if kind == "required"} - seen
    assert not missing, f"{path} lacks {missing}"


def check_ignored(lifecycle: HclBlock, schema: dict[str, Any], path: str) -> None:
    ((name, ignored),) = [entry for entry in lifecycle.body if not isinstance(entry, HclBlock)]
    assert name == "ignore_changes"
    assert isinstance(ignored, list)
    for each in ignored:
        assert isinstance(each, HclExpression)
        assert each.text.partition("[")[0] in schema, f"{path} cannot ignore {each.text}"


def checked(table: Table, live: TableDescription | None, version: int) -> tuple[HclBlock, ...]:
    made = terraform_resources([table], {table.name: live} if live else {}, provider=version)
    for block in made.blocks:
        check(block, SCHEMAS[version][" ".join(block.words[:2])], block.address)
    return made.blocks


def single_keys(table: Table) -> Table:
    """The table with the first attributes of the keys of its indexes: what version 5 can say."""
    if table.indexes is UNSET:
        return table
    indexes = (
        replace(each, key=Key(partition=each.key.partition[:1], sort=each.key.sort[:1])) for each in table.indexes
    )
    return replace(table, indexes=tuple(indexes))


@given(tables(name="orders"))
def test_each_version_has_what_is_written_for_it(table: Table) -> None:
    live = TableDescription(table=table, status="ACTIVE", arn=ARN)
    for version in REQUIRED:
        wanted = single_keys(table) if version < 6 else table
        checked(wanted, None, version)
        checked(wanted, live, version)
        checked(replace(wanted, indexes=(BY_EMAIL,), replicas=UNSET), live, version)


NOT_A_SETTING = {"hash_key", "range_key", "name", "region", "restore_date_time", "restore_source_name"}
NOT_A_SETTING |= {"restore_source_table_arn", "restore_to_latest_time"}
"""Arguments of the resource of a table that say which table it is, or how it was made."""


@pytest.mark.parametrize("version", REQUIRED)
def test_what_is_not_in_the_definition_is_never_reset(version: int) -> None:
    """Whatever the provider can change of a table is left alone, so that leaving it out is no wish to reset it."""
    bare = Table(name="orders", key=Key(partition=(PK,)))
    provisioned = replace(bare, billing=Billing.PROVISIONED, capacity=Capacity(read=5, write=5))
    for there in (None, replace(PLAIN, tags={"team": "shop"}), provisioned):
        live = None if there is None else TableDescription(table=there, status="ACTIVE", arn=ARN)
        (block,) = checked(bare, live, version)
        (lifecycle,) = (each for each in block.body if isinstance(each, HclBlock) and each.words == ("lifecycle",))
        ((_, ignored),) = (each for each in lifecycle.body if not isinstance(each, HclBlock))
        left_alone = {each.text for each in ignored if isinstance(each, HclExpression)}  # type: ignore[union-attr]  # it is a list
        assert set(SCHEMAS[version]["resource aws_dynamodb_table"]) - NOT_A_SETTING <= left_alone


ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"


def text(table: Table, there: Table | None = None, *, provider: int = 6) -> str:
    live = {} if there is None else {"orders": TableDescription(table=there, status="ACTIVE", arn=ARN)}
    return terraform_text([table], live, provider=provider).tables


def lines(rendered: str) -> set[str]:
    return {" ".join(line.split()) for line in rendered.splitlines()}


def test_a_key_of_several_attributes_needs_version_6() -> None:
    several = replace(BY_EMAIL, key=Key(partition=(EMAIL, PK)))
    table = replace(PLAIN, indexes=(several,))
    with pytest.raises(UsageError, match=r"Index by.email of orders has a key of several attributes") as refused:
        text(table, provider=5)
    assert "--provider 6" in str(refused.value.hint)
    made = text(table)
    assert made.count("key_schema {") == 2
    assert made.index('attribute_name = "email"') < made.index('attribute_name = "pk"')


def test_what_version_6_says_and_version_5_cannot() -> None:
    table = replace(
        PLAIN,
        warm=Warm(read=13_000),
        consistency=Consistency.STRONG,
        witness_region="us-west-2",
        replicas=(Replica(region="us-east-2", deletion_protection=True),),
    )
    made = lines(text(table))
    assert {
        "read_units_per_second = 13000",
        'consistency_mode = "STRONG"',
        'region_name = "us-west-2"',
        "deletion_protection_enabled = true",
    } <= made
    unsaid = {each.path for each in terraform_text([table], {}, provider=5).unsaid}
    assert unsaid == {
        "warm_throughput",
        "multi_region_consistency",
        "witness_region",
        "replicas.us-east-2.deletion_protection",
    }


def test_what_moves_by_itself_is_left_alone() -> None:
    scaling = Autoscaling(read=Scaling(min=3, max=9))
    scaled = replace(BY_EMAIL, capacity=Capacity(read=3, write=3), autoscaling=scaling)
    table = replace(
        PLAIN,
        billing=Billing.PROVISIONED,
        capacity=Capacity(read=5, write=5),
        autoscaling=scaling,
        warm=Warm(read=13_000, write=5_000),
        indexes=(scaled, replace(BY_EMAIL, name="fixed", capacity=Capacity(read=1, write=1))),
    )
    made = text(table)
    own, by_email, fixed = (part for part in made.split("\n\nresource ") if "lifecycle" in part)
    assert {"warm_throughput,", "read_capacity,"} <= lines(own)
    assert "provisioned_throughput" in by_email.partition("lifecycle")[2]
    assert "provisioned_throughput" not in fixed.partition("lifecycle")[2]
    assert "global_secondary_index {" not in own
    assert "global_secondary_index" in own.partition("lifecycle")[2]
    assert "global_secondary_index" in text(replace(table, warm=UNSET), provider=5).partition("lifecycle")[2]


@pytest.mark.parametrize("version", REQUIRED)
def test_what_a_definition_does_not_list_is_never_deleted(version: int) -> None:
    wanted = replace(PLAIN, indexes=(BY_EMAIL,), replicas=(Replica(region="eu-west-1"),), tags={"team": "shop"})
    there = replace(
        wanted,
        indexes=(replace(BY_EMAIL, on_demand_maximum=OnDemandMaximum(read=7)), replace(BY_EMAIL, name="other")),
        replicas=(Replica(region="eu-west-1", recovery=True), Replica(region="eu-west-2")),
        tags={"team": "shop", "by hand": "x"},
    )
    made = text(wanted, there, provider=version)
    assert {"max_read_request_units = 7", "point_in_time_recovery = true"} <= {
        line.replace("max_read_request_units  =", "max_read_request_units =") for line in lines(made)
    }
    ignored = made.partition("\n}\n")[0].partition("ignore_changes")[2]
    for name in ("replica,", "global_secondary_index,", 'tags["by hand"],'):
        assert name in ignored, name


def test_the_key_that_aws_manages_is_no_key_of_a_replica() -> None:
    managed = replace(PLAIN, replicas=(Replica(region="eu-west-1", key="alias/aws/dynamodb"),))
    assert "kms_key_arn" not in text(managed, provider=5)
    alias = replace(PLAIN, replicas=(Replica(region="eu-west-1", key="alias/shop"),))
    assert [each.path for each in terraform_text([alias], {}, provider=5).unsaid] == ["replicas.eu-west-1.key"]
    assert 'region = "eu-west-1"' in lines(text(alias))
    arn = "arn:aws:kms:eu-west-1:123456789012:key/1f"
    live = replace(PLAIN, replicas=(Replica(region="eu-west-1", key=arn),))
    assert f'kms_key_arn = "{arn}"' in lines(text(alias, live, provider=5))
