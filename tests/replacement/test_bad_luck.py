"""replace, where others meddle and things break: one sentence, a hint, and nothing lost."""

from pathlib import Path
from typing import Any

import pytest

from cli.story import client_of
from dynasmith.engine.replacement.mark_spool import MarkSpool
from dynasmith.engine.replacement.replacement import _Run
from dynasmith.files.journal.folder import FolderJournal, create_journal
from dynasmith.jobs.journal import JournalHead
from dynasmith.pointer.file import FilePointer
from item_stories.kit import ItemStory
from replacement.kit import MOVES, by_id, change, definition, user, with_users

HOOK = "hook:true"
POINTER = Path("table.txt")


class Killed(BaseException):
    """The process is gone."""


def following(story: ItemStory, count: int = 10, *words: str) -> str:
    """A replacement that follows; the pointer names the old table."""
    with_users(story, count, key="mail")
    POINTER.write_text("users\n")
    answer = story(
        "replace", "users", "--yes", "--json", "--transform", "moves:by_mail", "--until", "following", *words
    )
    assert answer.code == 0, answer.err
    return str(answer.json["id"])


def cutover(job: str, pointer: str = f"file:{POINTER}") -> tuple[str, ...]:
    return ("replace", "cutover", job, "--pointer", pointer, "--fence", HOOK, "--yes")


def state(story: ItemStory) -> dict[str, Any]:
    return dict(story("replace", "status", "last", "--json").json["replacement"])


def test_killed_after_the_switch_nothing_is_written_over_what_the_application_writes(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, real = following(story), FilePointer.switch
    change(story, user(3, count=1))
    live = client_of(story.endpoint, story.account)
    expires = {"Enabled": True, "AttributeName": "expires"}
    live.update_time_to_live(TableName="users", TimeToLiveSpecification=expires)

    def switch(pointer: FilePointer, before: str | None, after: str) -> None:
        real(pointer, before, after)
        raise Killed

    def enter(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(FilePointer, "switch", switch)
        patched.setattr(MarkSpool, "close", lambda spool: spool._log.close())  # a killed process keeps nothing
        with pytest.raises(Killed):
            story(*cutover(job))
        patched.setattr(_Run, "enter", enter)  # before the state is told
        change(story, user(3, count=2), "users-v2")
        with pytest.raises(Killed):
            story("jobs", "resume", job)
    assert story("jobs", "resume", job, "--json").json["replacement"]["state"] == "following back"
    assert by_id(story.items("users-v2"))["3"]["n"] == {"N": "2"}
    story.define({**definition("mail"), "name": "users-v2"})  # which says nothing of time to live
    assert story("replace", "finish", job, "--yes").code == 0
    found = live.describe_time_to_live(TableName="users-v2")["TimeToLiveDescription"]
    assert found.get("AttributeName") == "expires"
    live.close()


def test_a_pointer_that_somebody_switched_before_is_no_cut_over(story: ItemStory) -> None:
    job = following(story)
    POINTER.write_text("users-v2\n")
    change(story, user(77), "users-v2")
    refused = story(*cutover(job))
    assert (refused.code, refused.error) == (1, "The pointer says users-v2 already.")
    assert "77" in by_id(story.items("users-v2"))


def test_a_pointer_that_cannot_be_switched_takes_the_cut_over_back(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = following(story)
    with monkeypatch.context() as patched:
        patched.setattr(FilePointer, "_write", lambda *_: Path("no-folder/table.txt").write_text(""))
        assert "cannot be written" in story(*cutover(job)).error
    assert state(story)["state"] == "following"
    again = story("jobs", "resume", job, "--json")
    assert (again.code, again.json["replacement"]["state"]) == (0, "verified"), "a refused cut-over is commanded again"

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(FilePointer, "switch", killed)
        with pytest.raises(Killed):
            story(*cutover(job))
    assert "Writes of users are stopped since" in story("replace", "status", job).err
    POINTER.rename("on-another-machine.txt")
    assert story("jobs", "resume", job).error == "The pointer says nothing, and said users before."
    assert (state(story)["state"], POINTER.exists()) == ("following", False)
    assert story("replace", "abort", job, "--yes").code == 0
    assert state(story)["state"] == "aborted"


def test_what_is_captured_has_its_place_before_the_job_is_entered(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed between the two leaves nothing that cannot go on."""
    with_users(story, 1, key="mail")
    real, entered = create_journal, list[list[Path]]()

    def created(home: Path, head: JournalHead) -> FolderJournal:
        entered.append(list(Path(".dynasmith/jobs").glob("replace-*")))
        return real(home, head)

    monkeypatch.setattr("dynasmith.project.verbs.journals.create_journal", created)
    assert story("replace", "users", "--yes", "--transform", "moves:by_mail", "--until", "following").code == 0
    assert entered == [[]]


def test_a_name_that_no_table_can_have_begins_nothing(story: ItemStory) -> None:
    with_users(story, 1, key="mail")
    refused = story("replace", "users", "--yes", "--transform", "moves:by_mail", "--to", "a b")
    assert (refused.code, refused.error) == (2, "'a b' cannot be the name of a table: it contains ' '.")
    assert story("jobs", "list", "--json").json == []


def test_a_delete_is_followed_in_a_stream_of_keys_alone(story: ItemStory) -> None:
    story.direct.create_table(
        TableName="users",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    story.put("users", user(1), user(2))
    story.define(definition("id"))
    job = story("replace", "users", "--yes", "--until", "following", "--json").json["id"]
    live = client_of(story.endpoint, story.account)
    live.delete_item(TableName="users", Key={"id": {"S": "1"}})
    live.close()
    assert story("jobs", "resume", job).code == 0
    assert list(by_id(story.items("users-v2"))) == ["2"]


def make_streamed(story: ItemStory, view: str) -> Any:
    """The table of users with a stream of its own, made past nobody; the client that writes to it."""
    live = client_of(story.endpoint, story.account)
    live.create_table(
        TableName="users",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
    )
    live.get_waiter("table_exists").wait(TableName="users", WaiterConfig={"Delay": 1})
    return live


def view_of(live: Any) -> str:
    stream = live.describe_table(TableName="users")["Table"].get("StreamSpecification", {})
    return str(stream.get("StreamViewType") if stream.get("StreamEnabled") else "off")


def test_a_stream_that_shows_too_little_is_restarted_where_asked_and_put_back(story: ItemStory) -> None:
    live = make_streamed(story, "NEW_IMAGE")
    Path("moves.py").write_text(MOVES)
    story.put("users", user(1), user(2))
    story.define(definition("mail"))
    words = ("replace", "users", "--transform", "moves:by_mail", "--until", "following", "--restart-stream")
    dry = story(*words, "--dry-run", "--json")
    assert any("its readers lose what is unread" in note for note in dry.json["notes"])
    assert "Its stream is turned off and on, and its readers lose what is unread." in story(*words).error
    assert view_of(live) == "NEW_IMAGE"
    job = story(*words, "--yes", "--json").json["id"]
    assert view_of(live) == "NEW_AND_OLD_IMAGES"
    change(story, user(1, "moved"))
    assert story("jobs", "resume", job).code == 0
    assert by_id(story.items("users-v2")) == by_id(story.items("users"))
    # Somebody turns it off: what is written then makes no record.
    live.update_table(TableName="users", StreamSpecification={"StreamEnabled": False})
    live.get_waiter("table_exists").wait(TableName="users", WaiterConfig={"Delay": 1})
    change(story, user(2, count=7))
    off = story("jobs", "resume", job)
    assert (off.code, off.error) == (1, "The stream of users is off: what changed meanwhile is not known.")
    assert story("replace", "verify", job, "--json").json["replacement"]["state"] == "verified"
    assert by_id(story.items("users-v2")) == by_id(story.items("users"))
    assert story("replace", "abort", job, "--yes").code == 0
    assert view_of(live) == "NEW_IMAGE"
    live.close()


def test_throttles_pass_and_an_item_that_the_target_refuses_blocks_itself_alone(story: ItemStory) -> None:
    indexed = {"name": "by_n", "key_schema": [{"attribute_name": "n", "key_type": "HASH"}]}
    with_users(story, 8, key="mail")
    story.define(
        definition("mail", global_secondary_indexes=[indexed])
        | {"attributes": [{"name": each, "type": kind} for each, kind in (("mail", "S"), ("n", "N"))]}
    )
    job = story("replace", "users", "--yes", "--transform", "moves:by_mail", "--until", "following", "--json").json[
        "id"
    ]
    for number in range(8):
        change(story, user(number, f"moved-{number}"))
    change(story, {**user(3, "text"), "n": {"S": "no number"}})
    throttles = [
        story.served.fault("PutItem", kind="throttle", times=8, table="users-v2"),
        story.served.fault("GetRecords", kind="LimitExceededException", times=4),
        story.served.fault("BatchGetItem", kind="unprocessed", times=3),
        story.served.fault("GetRecords", nth=2, kind="ExpiredIteratorException"),
    ]
    found = story("jobs", "resume", job, "--json").json["replacement"]
    assert [one.hits for one in throttles] == [8, 4, 3, 1]
    assert (found["dirty_keys"], found["blocked_keys"]) == (0, 1)
    assert "Type mismatch for Index Key n" in found["blocked"][0]["reason"]
    expected = {key: item for key, item in by_id(story.items("users")).items() if key != "3"}
    assert by_id(story.items("users-v2")) == expected


def test_a_replacement_whose_tables_are_gone_can_be_ended(story: ItemStory) -> None:
    job = following(story, 1)
    story.direct.delete_table(TableName="users")
    story.make("users", key="id")
    again = story("jobs", "resume", job)
    assert again.error.startswith(f"Table users was deleted and recreated since job {job} began")
    story.direct.delete_table(TableName="users")
    ended = story("replace", "abort", job, "--yes", "--json")
    assert (ended.code, ended.json["replacement"]["state"]) == (0, "aborted"), ended.out
