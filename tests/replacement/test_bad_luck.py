"""replace, where others meddle and things break: one sentence, a hint, and nothing lost."""

from pathlib import Path
from typing import Any

import pytest

from dynasmith.engine.replacement.mark_spool import MarkSpool
from dynasmith.pointer.file import FilePointer
from item_stories.kit import ItemStory
from replacement.kit import by_id, change, user, with_users

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
    assert (refused.code, refused.error) == (1, "The pointer says users-v2 before the cut-over.")
    assert "77" in by_id(story.items("users-v2"))
