"""A dry run of every verb sends nothing that writes, reads as its own role, and says what it could not keep dry."""

import json
import os
import sys
from typing import Any

import pytest

import dynasmith
from cli.story import client_of, new_account
from cli.story import table as definition
from dynasmith.errors import RunError
from dynasmith.project.project import world_of
from item_stories.guarded_functions import with_process
from item_stories.kit import ItemStory, person

# Every verb that changes something, with what makes it change something.
VERBS = (
    ("apply", "--yes"),
    ("apply", "--prune", "--yes"),
    ("ensure",),
    ("create", "orders"),
    ("delete", "users", "--confirm", "users"),
    ("put", "users", "pk=z"),
    ("delete-item", "users", "pk=user-00001"),
    ("retire", "users", "--export", "last", "--confirm", "users"),
    ("copy", "users", "users_v2", "--backup-first", "--yes"),
    ("copy", "users", "fresh", "--create-target", "--transform", "touches:transform", "--yes"),
    ("copy", "users", "users_v2", "--transport", "botocore", "--transform", "touches:transform", "--yes"),
    ("populate", "users_v2", "people.jsonl", "--transform", "touches:transform", "--yes"),
    ("populate", "users_v2", "--item", '{"pk": "a"}', "--yes"),
    ("export", "users", "out"),
    ("backfill", "users", "--transform", "touches:transform", "--yes"),
    ("backfill", "users", "--transform", "touches:transform", "--sample", "all", "--no-journal", "--yes"),
)


@pytest.fixture
def dry(story: ItemStory) -> ItemStory:
    """Five users, a target, a definition of a table that there is not and of one that differs."""
    story.people("users", 5)
    story.make("users_v2")
    story.define(definition("orders"), definition("users_v2", tags={"a": "b"}))
    story.write("people.jsonl", '{"pk": "a"}\n')
    story.write(
        "touches.py",
        """
        import boto3

        def transform(item, ctx):
            item["touched"] = True
            try:
                boto3.client("dynamodb").put_item(TableName="users_v2", Item={"pk": {"S": "tried"}})
            except Exception as error:
                assert error.response["Error"]["Code"] == "AccessDeniedException"
            return item
        """,
    )
    return story


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_no_verb_sends_anything_that_writes(dry: ItemStory, words: tuple[str, ...]) -> None:
    before = {name: sorted(map(str, dry.items(name))) for name in dry.live()}
    dry.served.journal.clear()
    answer = dry(*words, "--dry-run")
    assert answer.code == 0, answer.err
    assert dry.wrote() == []
    assert dry.served.journal.writes == []
    assert dry.served.journal.changes == []
    assert len(dry.served.journal) > 0
    assert {name: sorted(map(str, dry.items(name))) for name in dry.live()} == before
    assert not (dry.folder / ".dynasmith").exists()
    assert not (dry.folder / "out").exists()
    assert not (dry.folder / "last").exists()
    # User code, where there is any, never came into this process.
    assert "touches" not in sys.modules


def test_a_dry_undo_needs_no_lock_and_writes_nothing(dry: ItemStory) -> None:
    dry.write("ops.yaml", "version: 1\noperations:\n  - {add: seen, value: true}\n")
    job = dry("backfill", "users", "--transform", "ops.yaml", "--yes", "--json").json["id"]
    dry.served.journal.clear()
    answer = dry("jobs", "undo", job, "--dry-run")
    assert answer.code == 0, answer.err
    assert "5 changes would be put back." in answer.out
    assert dry.wrote() == []


def test_a_dry_run_reads_as_the_role_that_its_environment_names(dry: ItemStory, ministack_endpoint: str) -> None:
    account = new_account()
    reader = client_of(ministack_endpoint, account)
    for name in ("users", "users_v2"):
        reader.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    reader.put_item(TableName="users", Item=person(77))
    dry.write(
        "dynasmith.toml",
        f"""
        [environments.prod]
        endpoint = "{dry.endpoint}"
        endpoints = {{sts = "{ministack_endpoint}"}}
        dry_run_role_arn = "arn:aws:iam::{account}:role/reader"
        """,
    )
    dry.write(
        "looks.py",
        """
        import boto3

        def transform(item, ctx):
            item["count"] = boto3.client("dynamodb").scan(TableName="users")["Count"]
            return item
        """,
    )
    for words in (("copy", "users", "users_v2"), ("backfill", "users")):
        told = dry(*words, "--transform", "looks:transform", "--env", "prod", "--dry-run", "--json")
        assert told.code == 0, told.err
        [sample] = told.json["samples"]
        assert "user-00077" in str(sample)
        # The user code counted what that role sees: one item, as the dry run itself.
        assert (json.loads(sample["after"][0]) if words[0] == "copy" else sample["added"])["count"] in (1, "1")
    # A real run goes as the environment's own identity, which has other items.
    assert dry("copy", "users", "users_v2", "--env", "prod", "--yes", "--json").json["read"] == 5
    for name in ("users", "users_v2"):
        reader.delete_table(TableName=name)
    reader.close()


@pytest.fixture
def project(dry: ItemStory) -> Any:
    with dynasmith.connect(
        endpoint=dry.endpoint,
        region="us-east-1",
        credentials=(dry.account, "secret"),
        folder=dry.folder,
        consent=dynasmith.Consent(yes=True),
    ) as project:
        yield project


def test_a_function_without_a_name_runs_here_and_the_report_says_so(project: Any, dry: ItemStory) -> None:
    ran: list[int] = []

    def nameless(item: Any) -> Any:
        ran.append(os.getpid())
        item["seen"] = True
        return item

    for found in (
        project.dry_run.copy("users", "users_v2", transform=nameless),
        project.dry_run.backfill("users", nameless),
    ):
        [hazard] = found.hazards
        assert "was not guarded" in hazard
        assert found.to_json()["hazards"] == [hazard]
        assert found.refused_calls == ()
    assert set(ran) == {os.getpid()}
    assert dry.wrote() == []


def test_a_function_that_another_process_can_import_is_guarded(project: Any, dry: ItemStory) -> None:
    copied = project.dry_run.copy("users", "users_v2", transform=with_process)
    assert copied.hazards == ()
    assert "HTTP, files and other databases are not" in copied.notes[-1]
    ran = {json.loads(sample.after[0])["ran_in"] for sample in copied.samples}
    assert len(ran) == 1
    assert os.getpid() not in ran
    assert dry.wrote() == []


def test_the_project_of_a_dry_run_can_only_read(project: Any, dry: ItemStory) -> None:
    with pytest.raises(RunError, match="wanted to call dynamodb PutItem"):
        world_of(project.dry).few_items.put("users", {"pk": {"S": "a"}})
    for transport in ("direct", "aiohttp", "botocore"):
        with pytest.raises(RunError, match="wanted to call dynamodb BatchWriteItem"):
            project.dry.copy("users", "users_v2", transport=transport)
    assert dry.wrote() == []
    assert dry.items("users_v2") == []
    assert project.dry.dry is project.dry
