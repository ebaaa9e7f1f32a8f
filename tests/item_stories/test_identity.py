"""A job goes on with, and is taken back from, the table that it began with: no other environment, account or table."""

import json
from pathlib import Path

import pytest

from cli.story import client_of, new_account
from item_stories.kit import ItemStory

SHAPE = """
version: 1
operations:
  - {add: country, value: CH}
"""
PROJECT = """
definitions = ["tables.yaml"]
[environments.dev]
table_prefix = "dev-"
[environments.prod]
table_prefix = "prod-"
"""
TABLES = """
tables:
  - name: users
    attributes:
      - {name: pk, type: S}
    key_schema:
      - {attribute_name: pk, key_type: HASH}
"""


@pytest.fixture
def two(story: ItemStory) -> ItemStory:
    """Two environments at one endpoint, and in each the same users."""
    story.write("dynasmith.toml", PROJECT)
    story.write("shape.yaml", SHAPE)
    story.write("tables.yaml", TABLES)
    for name in ("dev-users", "prod-users"):
        story.people(name, 60)
    return story


def last(story: ItemStory) -> str:
    return str(story("jobs", "list", "--json").json[-1]["id"])


def state(story: ItemStory, job: str) -> str:
    return str(story("jobs", "show", job, "--json").json["state"])


def backfill(story: ItemStory, *words: str) -> str:
    done = story("backfill", "users", "--transform", "shape.yaml", "--yes", *words)
    assert done.code == 0, done.err
    return last(story)


def kept_by_an_earlier_version(story: ItemStory, job: str) -> None:
    """What a job of an earlier version kept: where it was, and not which table."""
    path = Path(story.folder / ".dynasmith" / "jobs" / job / "job.json")
    found = json.loads(path.read_text())
    tables = found["parameters"].pop("tables")
    found["parameters"]["where"] = tables["target"]["where"]
    path.write_text(json.dumps(found))


@pytest.mark.parametrize("earlier", [False, True])
def test_a_job_of_one_environment_does_not_touch_another(two: ItemStory, earlier: bool) -> None:
    job = backfill(two, "--env", "dev", "--canary", "10%")
    assert state(two, job) == "interrupted"
    backfill(two, "--env", "prod")
    if earlier:
        kept_by_an_earlier_version(two, job)
    control = two.folder / ".dynasmith" / "jobs" / job / "control.json"
    before, prod, wrote = control.exists(), two.digest("prod-users"), two.wrote()
    for words in (("resume", job), ("undo", job, "--yes"), ("undo", job, "--dry-run")):
        refused = two("--env", "prod", "jobs", *words)
        assert refused.code == 2, refused.err
        assert "dev-users" in refused.error
        assert "prod-users" in refused.error
        assert "--env" in refused.hint
    assert (two.digest("prod-users"), two.wrote(), state(two, job)) == (prod, wrote, "interrupted")
    assert control.exists() == before
    assert two("--env", "dev", "jobs", "resume", job).code == 0
    assert two("--env", "dev", "jobs", "undo", job, "--yes").code == 0
    assert not any("country" in item for item in two.items("dev-users"))


def test_an_undo_that_was_stopped_goes_on_in_its_own_environment_only(two: ItemStory) -> None:
    job = backfill(two, "--env", "dev")
    two.served.fault("BatchExecuteStatement", nth=1, kind="access-denied")
    two.served.fault("UpdateItem", nth=1, kind="access-denied")
    assert two("--env", "dev", "jobs", "undo", job, "--yes").code == 1
    two.served.calm()
    undo = last(two)
    assert two("--env", "prod", "jobs", "resume", undo).code == 2
    assert state(two, undo) == "failed"
    assert two("--env", "dev", "jobs", "resume", undo).code == 0
    assert not any("country" in item for item in two.items("dev-users"))


def test_a_job_of_one_account_does_not_touch_another(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    story.write("shape.yaml", SHAPE)
    story.people("users", 20)
    job = backfill(story, "--limit", "10")
    other = new_account()
    client = client_of(story.engine, other)
    try:
        client.create_table(
            TableName="users",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.put_item(TableName="users", Item={"pk": {"S": "user-00001"}, "country": {"S": "CH"}})
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", other)
        refused = story("jobs", "undo", job, "--yes")
        assert refused.code == 2, refused.err
        assert story.account in refused.error
        assert other in refused.error
        assert client.get_item(TableName="users", Key={"pk": {"S": "user-00001"}})["Item"]["country"] == {"S": "CH"}
        client.delete_table(TableName="users")
    finally:
        client.close()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", story.account)
    assert story("jobs", "undo", job, "--yes").code == 0


COPY = ("copy", "users", "users_v2", "--yes", "--batch-size", "25", "--segments", "1")
EXPORT = ("export", "users", "out", "--batch-size", "25", "--segments", "1")
POPULATE = ("populate", "users_v2", "people.jsonl", "--batch-size", "25", "--yes")
BACKFILL = ("backfill", "users", "--transform", "shape.yaml", "--batch-size", "25", "--segments", "1", "--yes")


@pytest.mark.parametrize(
    ("words", "operation", "anew"),
    [
        (COPY, "BatchWriteItem", "users_v2"),
        (COPY, "BatchWriteItem", "users"),
        (EXPORT, "Scan", "users"),
        (POPULATE, "BatchWriteItem", "users_v2"),
        (BACKFILL, "BatchExecuteStatement", "users"),
    ],
)
def test_a_table_that_was_made_anew_is_not_gone_on_with(
    story: ItemStory, words: tuple[str, ...], operation: str, anew: str
) -> None:
    story.write("shape.yaml", SHAPE)
    story.write("people.jsonl", "".join(f'{{"pk":"p{number}"}}\n' for number in range(200)))
    story.people("users", 200)
    story.make("users_v2")
    story.served.fault(operation, nth=3, times=None, kind="access-denied")
    story.served.fault("UpdateItem", times=None, kind="access-denied")  # the way round of a role without PartiQL
    assert story(*words).code == 1
    story.served.calm()
    job = last(story)
    held = story.items(anew)
    story.direct.delete_table(TableName=anew)
    story.make(anew)
    story.put(anew, *held)
    wrote = story.wrote()
    refused = story("jobs", "resume", job)
    assert refused.code == 1, refused.err
    assert f"Table {anew} was deleted and recreated since job {job} began" in refused.error
    assert refused.hint == f"dynasmith jobs cancel {job}, then start a new job"
    assert (story.wrote(), state(story, job)) == (wrote, "failed")
    assert story("jobs", "cancel", job).code == 0


def test_what_a_backfill_changed_is_not_put_back_into_another_table(two: ItemStory) -> None:
    job = backfill(two, "--env", "dev")
    held = two.items("dev-users")
    two.direct.delete_table(TableName="dev-users")
    two.make("dev-users")
    two.put("dev-users", *held)
    refused = two("--env", "dev", "jobs", "undo", job, "--yes")
    assert refused.code == 1, refused.err
    assert "dev-users was deleted and recreated" in refused.error
    assert refused.hint == f"dynasmith jobs prune {job} --env dev removes what is kept of it"
    assert all("country" in item for item in two.items("dev-users"))


def test_a_copy_is_proven_with_its_own_tables(story: ItemStory) -> None:
    story.people("users", 30)
    story.people("others", 30)
    story.make("users_v2")
    assert story("copy", "users", "users_v2", "--yes").code == 0
    job = last(story)
    assert story("verify", "users", "users_v2", "--job", job).code == 0
    refused = story("verify", "others", "users_v2", "--job", job)
    assert refused.code == 2, refused.err
    assert "/users" in refused.error
    assert "/others" in refused.error
    assert story("export", "users", "out.jsonl").code == 0
    assert story("verify", "out.jsonl", "users_v2", "--job", job).code == 0


def test_a_job_of_an_earlier_version_goes_on(story: ItemStory) -> None:
    story.people("users", 200)
    story.make("users_v2")
    story.served.fault("BatchWriteItem", nth=3, times=None, kind="access-denied")
    assert story(*COPY).code == 1
    story.served.calm()
    job = last(story)
    kept_by_an_earlier_version(story, job)
    assert story("jobs", "resume", job).code == 0
    assert story.digest("users_v2") == story.digest("users")
