"""`permissions`: the policy of verbs and of roles, as JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.story import Answer, Story, clean_shell, table
from dynasmith.aws.control.setting_actions import SETTING_ACTIONS
from dynasmith.project.verbs.permissions import ROLES

ACCOUNT = "111122223333"
PREFIX = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table"
CHANGES = (
    "Put",
    "Update",
    "Delete",
    "Create",
    "Batch",
    "Tag",
    "Untag",
    "Enable",
    "Disable",
    "Pass",
    "Attach",
    "PartiQL",
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Story]:
    """Two tables, one with replicas. Nothing is called, so there is no engine."""
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    made = Story(tmp_path, "", "", capsys)
    replicas = {"stream": {"view_type": "NEW_AND_OLD_IMAGES"}, "replicas": [{"region": "eu-west-1"}]}
    made.define(table("orders", tags={"team": "shop"}), table("world", **replicas))
    yield made
    made.close()


def actions(answer: Answer) -> dict[str, list[str]]:
    """Each action with its resources."""
    assert answer.code == 0, answer.err
    found: dict[str, list[str]] = {}
    for each in answer.json["Statement"]:
        for action in listed(each["Action"]):
            found.setdefault(action, []).extend(listed(each["Resource"]))
    return found


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_the_policy_of_verbs_is_that_of_their_rows_on_the_tables(shop: Story) -> None:
    found = actions(shop("permissions", "get", "put", "--table", "orders", "--account", ACCOUNT))
    assert found == {
        each: [f"{PREFIX}/orders"] for each in map("dynamodb:{}".format, ("DescribeTable", "GetItem", "PutItem"))
    }
    every = actions(shop("permissions", "get", "--account", ACCOUNT))["dynamodb:GetItem"]
    assert every == [f"{PREFIX}/world".replace("us-east-1", "eu-west-1"), f"{PREFIX}/orders", f"{PREFIX}/world"]


def test_the_policy_of_a_cut_over_names_the_parameter_of_the_project_file(shop: Story) -> None:
    """The two words of a verb need no quotes."""
    words = ("permissions", "replace", "cutover", "get", "--table", "orders-v2", "--account", ACCOUNT)
    found = actions(shop(*words))
    assert found["ssm:PutParameter"] == [f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/*"]
    assert found["dynamodb:GetRecords"] == [f"{PREFIX}/orders-v2/stream/*"]
    assert {f"dynamodb:{each}ResourcePolicy" for each in ("Get", "Put", "Delete")} <= {*found}
    assert "dynamodb:GetItem" in found
    assert "dynamodb:CreateTable" not in found  # that is of the other verbs of a replacement
    shop.write("dynasmith.toml", '[replace]\npointer = "ssm:/shop/{table}"\n')
    named = actions(shop(*words))["ssm:GetParameter"]
    assert named == [f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/shop/{name}" for name in ("orders", "orders-v2")]
    assert {"dynamodb:UpdateTable", "dynamodb:CreateTable"} <= {*actions(shop("permissions", "replace", "start"))}


def test_settings_are_those_that_the_definition_mentions(shop: Story) -> None:
    found = actions(shop("permissions", "apply", "--table", "orders", "--account", ACCOUNT))
    assert {"dynamodb:TagResource", "dynamodb:ListTagsOfResource"} <= {*found}
    assert not {*found} & {"dynamodb:UpdateTimeToLive", "dynamodb:UntagResource", "dynamodb:CreateTableReplica"}
    pruning = actions(shop("permissions", "apply --prune", "--table", "orders", "--account", ACCOUNT))
    assert "dynamodb:UntagResource" in pruning
    whole = actions(shop("permissions", "apply", "--table", "elsewhere", "--account", ACCOUNT))
    assert {*whole} >= {action for each in SETTING_ACTIONS.values() for action in each.changes}


def test_a_reader_changes_nothing(shop: Story) -> None:
    answer = shop("permissions", "--role", "reader", "--account", ACCOUNT)
    own = {"dynamodb:BatchGetItem"}  # which reads
    assert [each for each in actions(answer) if each.partition(":")[2].startswith(CHANGES) and each not in own] == []
    assert "replicas --probe" in answer.err
    probing = actions(shop("permissions", "replicas --probe", "--account", ACCOUNT))
    assert "dynamodb:PutItem" in probing


@pytest.mark.parametrize("role", ROLES)
def test_a_role_prints_what_fits_into_a_managed_policy(shop: Story, role: str) -> None:
    answer = shop("permissions", "--role", role, "--table", "orders", "--account", ACCOUNT)
    assert answer.code == 0, answer.err
    assert "in a managed policy" not in answer.err
    assert [each["Effect"] for each in answer.json["Statement"]] == ["Allow"] * len(answer.json["Statement"])


def test_a_group_is_all_of_its_verbs_and_a_verb_without_actions_needs_none(shop: Story) -> None:
    found = actions(shop("permissions", "backup", "--account", ACCOUNT))
    assert {"dynamodb:CreateBackup", "dynamodb:DeleteBackup", "dynamodb:ListBackups"} <= {*found}
    history = actions(shop("permissions", "migrate status", "--account", ACCOUNT))
    assert history["dynamodb:GetItem"] == [f"{PREFIX}/dynasmith-migrations"]
    assert shop("permissions", "fmt").json["Statement"] == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "permissions needs a verb or --role."),
        (("aply",), "'aply' is not a verb with permissions."),
        (("--role", "admin"), "'admin' is not a role."),
        (("get", "--account", "12"), "'12' is not an account id."),
        (("get --probe",), "'get --probe' is not a verb with permissions."),
    ],
)
def test_what_is_not_known_is_refused(shop: Story, words: tuple[str, ...], sentence: str) -> None:
    answer = shop("permissions", *words)
    assert (answer.code, answer.error, answer.out) == (2, sentence, "")
    assert answer.hint
