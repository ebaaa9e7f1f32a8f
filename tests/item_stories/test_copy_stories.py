"""copy and its options: modes, filter, target, backup, the other side of the world, the tables it refuses."""

import json

import pytest

from dynasmith.cli.flow_report import FlowProgressView
from dynasmith.engine.transfer.events import FlowNote
from dynasmith.ports.listener import Event
from item_stories.kit import ODD, ItemStory, person


def test_a_copy_holds_the_same_and_says_what_it_did(story: ItemStory) -> None:
    story.make("users", "users_v2")
    story.put("users", *ODD, *(person(number) for number in range(60)))
    answer = story("copy", "users", "users_v2", "--yes")
    assert (answer.code, answer.out) == (0, "")
    job, where, books, figures = answer.err.splitlines()
    assert where == f"Written in environment local (us-east-1, {story.endpoint})."
    assert job.startswith("Job copy-")
    assert job.endswith(" started: copy users_v2.")
    assert books == "copy: 67 read = 67 written."
    assert figures.endswith(f"digest {story.digest('users')}.")
    assert story.digest("users_v2") == story.digest("users")


def test_the_report_as_json_is_one_document_and_costs_something(story: ItemStory) -> None:
    story.people("users", 10)
    story.make("users_v2")
    answer = story("copy", "users", "users_v2", "--yes", "--json", "--quiet")
    report = json.loads(answer.out)
    assert answer.err == ""
    assert (report["verb"], report["state"], report["read"], report["written"]) == ("copy", "done", 10, 10)
    assert (report["adds_up"], report["arithmetic"]) == (True, "10 read = 10 written")
    assert report["write_units"] == 10.0
    spent = report["read_units"] * 0.125 + report["write_units"] * 0.625
    assert report["cost_dollars"] == pytest.approx(spent / 1_000_000)
    least = {"id", "verb", "state", "started_at", "read", "written", "skipped", "retried", "dead", "read_units"}
    assert least | {"write_units", "digest"} <= set(report)
    assert [job["id"] for job in story("jobs", "list", "--json").json] == [report["id"]]


@pytest.mark.parametrize(
    ("mode", "code", "names"),
    [
        ("overwrite", 0, {"user-00000": "Ann0 Lee", "user-00001": "Ann1 Lee", "user-00002": "Ann2 Lee"}),
        ("skip-existing", 0, {"user-00000": "Ann0 Lee", "user-00001": "old", "user-00002": "new"}),
        ("newer:n", 0, {"user-00000": "Ann0 Lee", "user-00001": "Ann1 Lee", "user-00002": "new"}),
        ("fail-existing", 1, {"user-00001": "old", "user-00002": "new"}),
    ],
)
def test_a_mode_decides_over_another_item_and_an_equal_one_is_there_already(
    story: ItemStory, mode: str, code: int, names: dict[str, str]
) -> None:
    story.people("users", 3)
    story.make("users_v2")
    story.put(
        "users_v2",
        {"pk": {"S": "user-00001"}, "name": {"S": "old"}, "n": {"N": "0"}},
        {"pk": {"S": "user-00002"}, "name": {"S": "new"}, "n": {"N": "9"}},
    )
    answer = story("copy", "users", "users_v2", "--mode", mode, "--segments", "1", "--yes")
    assert answer.code == code, answer.err
    found = {item["pk"]["S"]: item["name"]["S"] for item in story.items("users_v2")}
    assert names.items() <= found.items()
    if code:
        assert "user-0000" in answer.error
        assert "dynasmith jobs resume copy-" in answer.err
        return
    again = story("copy", "users", "users_v2", "--mode", mode, "--yes", "--json").json
    if mode == "overwrite":
        assert again["written"] == 3
    else:
        others = {name for name in names.values() if not name.startswith("Ann")}
        assert (again["written"], again["already"], again["skipped"]) == (0, 3 - len(others), len(others))


def test_a_filter_is_the_services_and_a_broken_one_is_shown_where(story: ItemStory) -> None:
    story.people("users", 10)
    story.make("users_v2")
    report = story("copy", "users", "users_v2", "--filter", "n >= 7", "--yes", "--json").json
    assert (report["read"], report["written"]) == (3, 3)
    assert {call.request.get("FilterExpression") for call in story.served.journal.of("Scan")} != {None}
    broken = story("copy", "users", "users_v2", "--filter", "n >=> 7", "--yes")
    assert (broken.code, "▸" in broken.error) == (2, True)


def test_the_target_is_created_from_the_sources_definition(story: ItemStory) -> None:
    story.direct.create_table(
        TableName="users",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "city")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_city",
                "KeySchema": [{"AttributeName": "city", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    story.put("users", {"pk": {"S": "a"}, "sk": {"S": "1"}, "city": {"S": "Uri"}})
    answer = story("copy", "users", "fresh", "--create-target", "--yes")
    assert answer.code == 0, answer.err
    made = story.direct.describe_table(TableName="fresh")["Table"]
    assert [key["AttributeName"] for key in made["KeySchema"]] == ["pk", "sk"]
    assert [index["IndexName"] for index in made["GlobalSecondaryIndexes"]] == ["by_city"]
    assert story.digest("fresh") == story.digest("users")
    again = story("copy", "users", "fresh", "--create-target", "--yes")
    assert (again.code, again.error) == (1, "Table fresh exists already.")


def test_a_backup_comes_first_is_verified_and_its_name_must_be_free(story: ItemStory) -> None:
    story.people("users", 12)
    story.make("users_v2")
    answer = story("copy", "users", "users_v2", "--backup-first", "--yes")
    assert answer.code == 0, answer.err
    [backup] = [name for name in story.live() if name.startswith("users_backup_")]
    assert f"Backed up into {backup}, verified." in answer.err
    assert len(backup.removeprefix("users_backup_")) == 8
    assert story.digest(backup) == story.digest("users_v2") == story.digest("users")
    before = story.wrote()
    again = story("copy", "users", "users_v2", "--backup-first", "--yes")
    assert (again.code, again.error, story.wrote()) == (1, f"Table {backup} exists already.", before)
    named = story("copy", "users", "users_v2", "--backup-first", "kept", "--yes")
    assert (named.code, story.digest("kept")) == (0, story.digest("users"))


@pytest.mark.parametrize("replaced", ["kept", "users", "users_v2"])
def test_a_table_that_is_replaced_after_the_backup_is_noticed(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch, replaced: str
) -> None:
    story.people("users", 12)
    story.make("users_v2")
    take = FlowProgressView.__call__

    def replace(view: FlowProgressView, event: Event) -> None:
        take(view, event)
        if isinstance(event, FlowNote) and event.sentence.startswith("Backed up"):
            story.direct.delete_table(TableName=replaced)
            story.make(replaced)

    monkeypatch.setattr(FlowProgressView, "__call__", replace)
    answer = story("copy", "users", "users_v2", "--backup-first", "kept", "--yes")
    assert (answer.code, "was deleted and recreated" in answer.error) == (1, True), answer
    assert replaced in answer.error
    assert not story.items(replaced)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("users", "users"), 2, "Source and target are the same table, users."),
        (("users", "nowhere"), 1, "Table nowhere does not exist."),
        (("nowhere", "users"), 1, "Table nowhere does not exist."),
        (("users", "other_key"), 2, "Table other_key has the key id (S), and users has pk (S)."),
        (("users", "users_v2", "--transform", "moves:absent"), 2, "The module moves has no function absent."),
        (("users", "users_v2", "--filter", "n >"), 2, "The condition cannot be read"),
        (("users", "users_v2", "--create-target"), 1, "Table users_v2 exists already."),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_backup(
    story: ItemStory, words: tuple[str, ...], code: int, says: str
) -> None:
    story.write("moves.py", "def same(item):\n    return item\n")
    story.people("users", 2)
    story.make("users_v2")
    story.make("other_key", key="id")
    answer = story("copy", *words, "--backup-first", "saved", "--yes")
    assert (answer.code, says in answer.error) == (code, True), answer.err
    assert story.wrote() == []
    assert "saved" not in story.live()
    if words == ("users", "users"):
        assert "dynasmith backfill users" in answer.hint


def test_it_asks_and_a_protected_environment_wants_its_name(story: ItemStory) -> None:
    story.people("users", 2)
    story.make("users_v2")
    story.write("dynasmith.toml", f'[environments.prod]\nendpoint = "{story.endpoint}"\nprotected = true\n')
    for words in (("--env", "prod", "--yes"), ("--env", "prod", "--confirm", "prod"), ()):
        refused = story("copy", "users", "users_v2", *words)
        assert (refused.code, story.wrote()) == (4, []), refused.err
    assert story("copy", "users", "users_v2", "--env", "prod", "--yes", "--confirm", "prod").code == 0


def test_the_other_side_is_another_endpoint_region_or_environment(story: ItemStory, moto_endpoint: str) -> None:
    from cli.story import client_of

    there = client_of(moto_endpoint, story.account)
    story.people("users", 5)
    for name in ("users", "again"):
        there.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    story.write("dynasmith.toml", f'[environments.far]\nendpoint = "{moto_endpoint}"\ntable_prefix = ""\n')
    try:
        answer = story("copy", "users", "users", "--target-endpoint", moto_endpoint, "--yes")
        assert answer.code == 0, answer.err
        answer = story("copy", "users", "again", "--target-env", "far", "--yes")
        assert answer.code == 0, answer.err
        assert there.scan(TableName="users")["Count"] == there.scan(TableName="again")["Count"] == 5
        back = story("verify", "users", "users", "--source-env", "far")
        assert (back.code, back.out.splitlines()[-1]) == (0, "Equal."), back.err
        [job] = [job for job in story("jobs", "list", "--json").json if job["parameters"]["target"].get("env")]
        assert job["parameters"]["target"] == {"table": "again", "env": "far"}
        wrong = story("copy", "users", "again", "--target-env", "moon", "--yes")
        assert (wrong.code, "moon" in wrong.error) == (2, True)
    finally:
        for name in ("users", "again"):
            there.delete_table(TableName=name)
        there.close()


def test_a_side_in_another_region_stays_at_the_endpoint_that_a_flag_named(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.people("users", 1)
    story.make("users_v2")
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB")
    words = ("--env", "aws", "--endpoint", story.endpoint, "--target-region", "eu-west-1")
    answer = story("copy", "users", "users_v2", *words, "--yes")
    # ministack keeps each Region apart: the table is looked for in the other Region of the same endpoint.
    assert (answer.code, answer.error) == (1, "Table users_v2 does not exist.")
    assert {call.error for call in story.served.journal if call.table == "users_v2"} == {"ResourceNotFoundException"}


def test_an_undo_of_what_is_no_backfill_is_refused_before_anything_is_asked(story: ItemStory) -> None:
    story.people("users", 3)
    story.make("users_v2")
    job = story("copy", "users", "users_v2", "--yes", "--json").json["id"]
    for words in ((), ("--yes",), ("--dry-run",)):
        answer = story("jobs", "undo", job, *words)
        assert (answer.code, "only a backfill, a deletion" in answer.error) == (2, True), answer.err
