"""What others write to the old table around the switch, and a run that lost its lease or was stopped while it ended."""

from pathlib import Path

import pytest

from dynasmith.engine.replacement.capture_thread import CaptureThread
from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.late_writes import LateWrites
from dynasmith.engine.replacement.mark_spool import MarkSpool
from dynasmith.engine.replacement.own_writes import OwnWrites, write_digest
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.errors import LeaseLost, RunError, ServiceUnavailable
from dynasmith.items.key import canonical_key
from dynasmith.items.wire import RawItem
from dynasmith.pointer.file import FilePointer
from dynasmith.ports.permit import check_sending
from dynasmith.ports.streams import ChangeRecord
from dynasmith.project.verbs.replacements.hooks import HookFence
from dynasmith.project.verbs.replacements.replacement_world import ProjectReplacementWorld
from item_stories.kit import ItemStory
from replacement.kit import by_id, change, user, with_users
from replacement.model import SOURCE, MemoryLog, mapping_of
from replacement.test_cutover import Killed, hook, state

LOG = Path("hooks.log")


def test_a_write_between_the_switch_and_the_next_run_comes_over(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run was killed right after the switch; the one before had lost its lease, and left the fence to it."""
    with_users(story, 10, key="mail")
    Path("table.txt").write_text("users\n")
    words = ("--transform", "moves:by_mail", "--reverse", "moves:by_mail", "--until", "following")
    job = story("replace", "users", "--yes", "--json", *words).json["id"]

    def lost(*_: object) -> None:
        raise LeaseLost("Another run has the job.")

    with monkeypatch.context() as patched:
        patched.setattr(HookFence, "prove", lambda _: patched.setattr(RunPermit, "check_lease", lost))
        refused = story("replace", "cutover", job, "--pointer", "file:table.txt", "--fence", hook(), "--yes")
        assert refused.error == "Another run has the job."
    assert (LOG.read_text(), state(story)["state"]) == ("on users\n", "cutover")
    real = FilePointer.switch

    def killed(pointer: FilePointer, before: str | None, after: str) -> None:
        real(pointer, before, after)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(FilePointer, "switch", killed)
        with pytest.raises(Killed):
            story("jobs", "resume", job)
    assert LOG.read_text().splitlines() == ["on users", "off users", "on users"]
    change(story, user(4, count=9))
    assert story("jobs", "resume", job, "--json").json["replacement"]["state"] == "following back"
    assert story("jobs", "resume", job, "--json").json["replacement"]["conflicts"] == 0
    assert by_id(story.items("users-v2"))["4"]["n"] == {"N": "9"}

    def refuses(_: object) -> None:
        raise RunError("The definition cannot be applied.")

    with monkeypatch.context() as patched:
        patched.setattr(ProjectReplacementWorld, "finish_target", refuses)
        assert story("replace", "finish", job, "--yes").code == 1
    assert "is being finished" in story("replace", "back", job, "--yes").error
    ended = story("jobs", "resume", job, "--json")
    assert (ended.code, ended.json["state"]) == (0, "done"), ended.err


class Throttling:
    """A table in use that cannot be read at the first look."""

    def __init__(self) -> None:
        self.looks = 0

    def read_target(self, _keys: object) -> dict[bytes, RawItem]:
        """Nothing stands there."""
        self.looks += 1
        if self.looks == 1:
            raise ServiceUnavailable("Try again.", operation="BatchGetItem")
        return {}


def test_own_writes_of_a_page_that_is_read_again_stay_own() -> None:
    item = RawItem(b'{"id":{"S":"1"},"mail":{"S":"a"}}')
    place, own = canonical_key(item, SOURCE), OwnWrites()
    own.announce([write_digest(place, item)])
    ours = ChangeRecord(keys=RawItem(place), new=item, sequence="1", kind="insert")
    theirs = ChangeRecord(keys=RawItem(place), old=item, sequence="2", kind="remove")
    reading = LateWrites(mapping_of("identity"), own, Throttling(), None, "new")  # type: ignore[arg-type]
    with pytest.raises(ServiceUnavailable):
        reading.read([ours, theirs])
    found = reading.read([ours, theirs])
    assert (list(found.own), found.marks) == ([write_digest(place, item)], [])


class Round:
    """A capture whose first round has a late write to bring over."""

    sent = 0

    def round(self) -> None:
        """Send it."""
        check_sending()
        self.sent += 1


def test_no_late_write_is_brought_over_once_the_lease_may_be_lost() -> None:
    found, answers = Round(), [False, True]

    def allowed() -> None:
        if answers.pop(0):
            raise LeaseLost("Another run has the job.")

    spool, dirty = MarkSpool(MemoryLog(), lambda: 0.0), DirtySet()
    thread = CaptureThread(found, spool, dirty, job="j", now=lambda: 0.0, allowed=allowed)  # type: ignore[arg-type]
    thread.start()
    with pytest.raises(LeaseLost):
        thread.keep((), thread.check)
    thread.close()
    assert found.sent == 0
