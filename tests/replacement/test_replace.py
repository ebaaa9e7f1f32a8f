"""replace: a table becomes another one while somebody writes to it; what cannot be is refused before."""

import random
from pathlib import Path
from typing import Any

import pytest

from dynasmith.engine.replacement import replacement
from dynasmith.engine.replacement.replacement import _Run
from dynasmith.jobs.replacement_progress import STATES
from item_stories.kit import ItemStory
from replacement.kit import Writer, by_id, change, user, with_users

RUN = ("replace", "users", "--yes", "--json")
LSI = {
    "attributes": [{"name": name, "type": "S"} for name in ("id", "mail", "placed")],
    "key_schema": [
        {"attribute_name": "id", "key_type": "HASH"},
        {"attribute_name": "mail", "key_type": "RANGE"},
    ],
    "local_secondary_indexes": [
        {
            "name": "by_placed",
            "key_schema": [
                {"attribute_name": "id", "key_type": "HASH"},
                {"attribute_name": "placed", "key_type": "RANGE"},
            ],
        }
    ],
}


class Killed(BaseException):
    """The process is gone."""


def test_a_new_key_while_a_unique_attribute_moves(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shards of the stream are split twice meanwhile."""
    with_users(story, 150, key="mail")
    writer = Writer(story, 150)
    real = _Run.enter

    def enter(run: _Run, state: Any) -> None:
        real(run, state)
        if state in ("copying", "draining"):
            story.served.streams.split("users")

    monkeypatch.setattr(_Run, "enter", enter)
    with writer.running():
        answer = story(*RUN, "--transform", "moves:by_mail", "--max-read-units", "5000", "--max-write-units", "5000")
    assert answer.code == 0, answer.err
    found = answer.json
    assert (found["source_table"], found["target_table"], found["state"]) == ("users", "users-v2", "waiting")
    assert found["replacement"]["state"] == "verified"
    assert (found["ready"], found["not_ready_because"], found["warning"]) == (True, None, None)
    assert found["replacement"]["records"] > 0
    assert story("jobs", "resume", found["id"], "--json").json["replacement"]["dirty_keys"] == 0
    assert by_id(story.items("users-v2")) == by_id(story.items("users"))
    shown = story("replace", "status", "last")
    assert "users is replaced by users-v2: verified." in shown.err
    assert "Ready to cut over: yes, by dynasmith replace cutover" in shown.err
    assert found["id"] in [job["id"] for job in story("jobs", "list", "--json").json]
    assert story("jobs", "show", found["id"], "--json").json["parameters"]["progress"]["state"] == "verified"


def test_killed_at_each_state_and_resumed(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table gets a sort key and a local index; the run ends before or after each state is kept."""
    with_users(story, 60, key="id", **LSI)
    moments = [(state, random.random() < 0.5) for state in STATES[1:7]]
    real = _Run.enter

    def enter(run: _Run, state: Any) -> None:
        if moments and moments[0][0] == state:
            _, after = moments.pop(0)
            if after:
                real(run, state)
            raise Killed
        real(run, state)

    monkeypatch.setattr(replacement._Run, "enter", enter)
    writer = Writer(story, 60)
    words: tuple[str, ...] = (*RUN, "--transform", "moves:by_mail")
    with writer.running():
        while moments:
            with pytest.raises(Killed):
                story(*words)
            words = ("jobs", "resume", _job(story), "--json")
        answer = story(*words)
    assert answer.code == 0, answer.err
    assert answer.json["replacement"]["state"] == "verified"
    story("jobs", "resume", _job(story))
    assert by_id(story.items("users-v2")) == by_id(story.items("users"))
    assert sorted(job["verb"] for job in story("jobs", "list", "--json").json) == ["copy", "replace"]


def _job(story: ItemStory) -> str:
    return next(str(job["id"]) for job in story("jobs", "list", "--json").json if job["verb"] == "replace")


def test_a_number_key_keeps_the_old_one_under_another_name(story: ItemStory) -> None:
    with_users(story, 30, key="id", type_="N")
    answer = story(*RUN, "--transform", "moves:numbered", "--source-key", "id=old_id", "--until", "following")
    assert answer.code == 0, answer.err
    assert answer.json["replacement"]["state"] == "following"
    made = by_id(story.items("users-v2"), "old_id")
    assert {key: item["id"]["N"] for key, item in made.items()} == {str(number): str(number) for number in range(30)}
    story.put("users", user(7, count=9))  # past the strict endpoint, so that no record tells of it
    assert story("replace", "verify", "last", "--json").json["replacement"]["state"] == "verified"
    assert by_id(story.items("users-v2"), "old_id")["7"]["n"] == {"N": "9"}


def test_two_items_that_collide_block_it_until_one_gives_way(story: ItemStory) -> None:
    with_users(story, 10, key="mail")
    story.put("users", user(3, "mail-4"))
    answer = story(*RUN, "--transform", "moves:by_mail", "--to", "people")
    assert answer.code == 3, answer.err
    progress = answer.json["replacement"]
    assert (progress["state"], progress["blocked_keys"]) == ("following", 1)
    assert "has mail=mail-4 already" in progress["blocked"][0]["reason"]
    hidden = story("replace", "status", "last", "--json", "--redact")
    assert "mail-4" not in hidden.out
    change(story, user(3, "mail-33"))
    again = story("jobs", "resume", answer.json["id"], "--json")
    assert (again.code, again.json["replacement"]["state"]) == (0, "verified")
    assert by_id(story.items("people")) == by_id(story.items("users"))


def test_what_cannot_be_is_refused_before_anything_is_done(story: ItemStory) -> None:
    with_users(story, 5, key="mail")
    for transform, sentence in (
        ("moves:dropping", "does not hold the key of that item"),
        ("moves:unsteady", "makes something else of item"),
    ):
        assert sentence in story("replace", "users", "--yes", "--transform", transform).error
    assert "give a transform that makes the new key" in story("replace", "users", "--yes").hint
    assert "is not NAME=ATTRIBUTE" in story("replace", "users", "--source-key", "id").error
    story.make("users-v2", key="mail")
    assert "users-v2" in story("replace", "users", "--yes", "--transform", "moves:by_mail").error
    story.direct.create_table(
        TableName="streamed",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    refused = story("replace", "streamed", "--yes", "--transform", "moves:by_mail")
    assert refused.error == (
        "The stream of streamed shows KEYS_ONLY, and a transform needs the old image of each change."
    )
    assert story("jobs", "list", "--json").json == []
    assert story("replace", "users", "--transform", "moves:by_mail", "--to", "third").code in (2, 4)


def test_a_dry_run_says_what_it_costs_and_creates_nothing(story: ItemStory) -> None:
    with_users(story, 5, key="mail")
    found = story("replace", "users", "--transform", "moves:by_mail", "--dry-run", "--json").json
    assert found["write_units"] > 0
    assert any("two comparisons" in note for note in found["notes"])
    assert story.live() == ["users"]


def test_one_replacement_of_a_table_at_a_time(story: ItemStory) -> None:
    with_users(story, 5, key="mail")
    first = story(*RUN, "--transform", "moves:by_mail", "--until", "following")
    assert first.code == 0, first.err
    second = story("replace", "users", "--yes", "--transform", "moves:by_mail", "--to", "third")
    assert (second.code, second.error) == (5, f"Job {first.json['id']} replaces users, and is not over.")
    assert len(list(Path(".dynasmith/journal").iterdir())) == 1
    assert story("jobs", "show", first.json["id"], "--json").json["state"] == "waiting"
    story.served.streams.lose("users")
    story.put("users", user(2, count=7))
    lost = story("jobs", "resume", first.json["id"])
    assert lost.code == 1
    assert lost.error.startswith("users has another stream than the one that was read")
    assert lost.hint == f"dynasmith replace verify {first.json['id']} compares every item and goes on"
    assert story("replace", "verify", "last", "--json").json["replacement"]["state"] == "verified"
    assert by_id(story.items("users-v2")) == by_id(story.items("users"))


def test_what_the_definition_does_not_mention_is_as_the_old_table_has_it(story: ItemStory) -> None:
    with_users(story, 3, key="id")
    live = story.direct
    described = live.describe_table(TableName="users")["Table"]
    live.update_table(
        TableName="users",
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 60, "WriteCapacityUnits": 50},
    )
    live.update_table(TableName="users", DeletionProtectionEnabled=True)
    live.tag_resource(ResourceArn=described["TableArn"], Tags=[{"Key": "team", "Value": "shop"}])
    on = {"PointInTimeRecoveryEnabled": True}
    live.update_continuous_backups(TableName="users", PointInTimeRecoverySpecification=on)
    Path("table.txt").write_text("users\n")
    job = story(*RUN, "--until", "following").json["id"]
    done = story("replace", "cutover", job, "--pointer", "file:table.txt", "--no-fence", "--write", "--yes", "--json")
    assert done.code == 0, done.err
    assert story("replace", "finish", job, "--yes").code == 0
    made = live.describe_table(TableName="users-v2")["Table"]
    assert (made["ProvisionedThroughput"]["ReadCapacityUnits"], made["DeletionProtectionEnabled"]) == (60, True)
    assert {"Key": "team", "Value": "shop"} in live.list_tags_of_resource(ResourceArn=made["TableArn"])["Tags"]
    kept = live.describe_continuous_backups(TableName="users-v2")["ContinuousBackupsDescription"]
    assert kept["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert [table["changes"] for table in story("plan", "--json").json["tables"]] == [[]]
