"""replace, where others meddle and things break: one sentence, a hint, and nothing lost."""

from pathlib import Path
from typing import Any

import pytest

from cli.story import client_of
from dynasmith.engine.replacement.mark_spool import MarkSpool
from dynasmith.pointer.file import FilePointer
from item_stories.kit import ItemStory
from replacement.kit import by_id, change, definition, user, with_users

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

    def switch(pointer: FilePointer, before: str | None, after: str) -> None:
        real(pointer, before, after)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(FilePointer, "switch", switch)
        patched.setattr(MarkSpool, "close", lambda spool: spool._log.close())  # a killed process keeps nothing
        with pytest.raises(Killed):
            story(*cutover(job))
    change(story, user(3, count=2), "users-v2")
    assert story("jobs", "resume", job, "--json").json["replacement"]["state"] == "following back"
    assert by_id(story.items("users-v2"))["3"]["n"] == {"N": "2"}


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
    assert story("replace", "abort", job, "--yes").code == 0
    assert state(story)["state"] == "aborted"


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
