"""A log that is replaced: killed at any step, in a folder or in S3, the old entries are read or the new ones."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dynasmith.aws.stores.s3.journal import create_s3_journal, reopen_s3_journal
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.engine.replacement.journal_log import LOGS_MAX, JournalLog
from dynasmith.errors import CheckpointError, DynasmithError
from dynasmith.files.journal import folder as folder_journal
from dynasmith.files.journal.folder import FolderJournal, create_journal, journal_home
from dynasmith.jobs.journal import JournalHead
from dynasmith.ports.journal import SegmentedJournal
from flow.buckets import a_bucket

HEAD = JournalHead(job="replace-1", table="users", where="here", segments=1)
PLACE = "s3://replacement-log/journal"


class Killed(DynasmithError):
    """The process is gone; an error of ours, so that a journal hands it on."""


class Journals:
    """Journals of one place, of which one process after another has its own. ``steps`` are left until it is killed."""

    steps: float = float("inf")

    def open(self) -> SegmentedJournal:
        """What the next process has."""
        raise NotImplementedError

    def guard(self) -> None:
        """Called before each write."""
        self.steps -= 1
        if self.steps < 0:
            raise Killed("killed")

    def log(self, number: int = 0) -> JournalLog:
        """The log of the next process."""
        return JournalLog(self.open(), self.guard, asyncio.new_event_loop, number)


class FolderJournals(Journals):
    """In a folder. A process may be killed while it writes a frame, too."""

    def __init__(self, home: Path, rng: Random) -> None:
        self.home, self.rng = home, rng
        create_journal(home, HEAD)

    def open(self) -> SegmentedJournal:
        return FolderJournal(self.home)

    def append(self, path: Path, start: int, frames: list[bytes]) -> None:
        """In place of what appends: the last frame is cut."""
        if self.steps <= 0:
            whole = b"".join(frames)
            REAL_APPEND(path, start, [whole[: self.rng.randrange(len(whole))]])
            raise Killed("killed")
        REAL_APPEND(path, start, frames)


REAL_APPEND = folder_journal._append


class S3Journals(Journals):
    """In a bucket."""

    def __init__(self, client: Any) -> None:
        self.objects = S3Objects(client, PLACE)
        create_s3_journal(self.objects, HEAD)

    def open(self) -> SegmentedJournal:
        return reopen_s3_journal(self.objects, HEAD.job)


class Unremoved(S3Journals):
    """In a bucket in which nothing may be deleted."""

    def open(self) -> SegmentedJournal:
        journal = super().open()

        async def remove(segment: int) -> None:
            raise Killed(f"segment {segment} may not be deleted")

        journal.remove = remove  # type: ignore[method-assign]
        return journal


@pytest.fixture(params=["folder", "s3", "s3, no deletes"])
def journals(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journals]:
    if request.param == "folder":
        found = FolderJournals(journal_home(tmp_path, HEAD.job), Random(1))
        monkeypatch.setattr(folder_journal, "_append", found.append)
        yield found
        return
    with a_bucket(request.getfixturevalue("moto_endpoint"), "replacement-log") as client:
        yield S3Journals(client) if request.param == "s3" else Unremoved(client)


def entries(rng: Random, prefix: str, most: int = 4) -> list[bytes]:
    return [f'{{"{prefix}":{number}}}'.encode() for number in range(rng.randint(1, most))]


def read(journals: Journals, number: int = 0) -> Sequence[bytes]:
    log = journals.log(number)
    try:
        return log.read()
    finally:
        log.close()


def attempt(journals: Journals, steps: float, work: Callable[[JournalLog], None]) -> bool:
    """One process that is killed after so many steps; whether it was."""
    log = journals.log()
    log.read()
    journals.steps = steps
    try:
        work(log)
    except Killed:
        return True
    else:
        return False
    finally:
        killed, journals.steps = journals.steps < 0, float("inf")
        if not killed:
            log.close()
        else:
            log._loop.close()


def test_a_log_that_is_replaced_is_read_as_one_or_the_other(journals: Journals) -> None:
    rng, kept = Random(7), list[bytes]()
    for round_ in range(2):
        snapshot = [entries(rng, f"snapshot {round_} {batch}") for batch in range(2)]
        new = [entry for batch in snapshot for entry in batch]
        steps, killed = 0, True
        while killed:
            added = entries(rng, f"added {round_} {steps}")
            attempt(journals, float("inf"), lambda log, added=added: log.append(added))  # type: ignore[misc]
            kept += added
            killed = attempt(journals, steps, lambda log, snapshot=snapshot: log.replace(snapshot))  # type: ignore[misc]
            found = read(journals)
            assert found in (kept, new)
            assert read(journals) == found
            kept, steps = list(found), steps + 1
        assert kept == new
        assert steps > 4


def test_two_logs_of_one_journal_leave_each_other_alone(journals: Journals) -> None:
    for number in (0, 1):
        log = journals.log(number)
        log.append([f'["log",{number}]'.encode()])
        log.replace([[f'["log",{number},1]'.encode()], []])
        log.append([b'["more"]'])
        log.close()
    for number in (0, 1):
        assert read(journals, number) == [f'["log",{number},1]'.encode(), b'["more"]']


def test_what_a_run_without_a_lease_has_under_way_counts_for_nothing(journals: Journals) -> None:
    """It has written a snapshot, and the frame that seals it arrives when the next run has begun."""
    stale = journals.log()
    stale.append([b'{"before":1}'])
    journal = stale._journal
    real = journal.append
    late: list[tuple[int, Sequence[bytes]]] = []

    async def append(segment: int, changes: Sequence[bytes]) -> Any:
        if changes[0].startswith(b'"sealed'):
            late.append((segment, changes))
            raise Killed("it waits for the network")
        return await real(segment, changes)

    journal.append = append  # type: ignore[method-assign]
    with pytest.raises(Killed):
        stale.replace([[b'{"stale":1}']])
    log = journals.log()
    assert log.read() == [b'{"before":1}']
    log.append([b'{"after":1}'])
    stale._loop.run_until_complete(real(*late[0]))
    log.append([b'{"after":2}'])
    log.close()
    assert read(journals) == [b'{"before":1}', b'{"after":1}', b'{"after":2}']
    stale.close()


def test_a_log_without_a_whole_generation_is_damaged(journals: Journals) -> None:
    journal = journals.open()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(journal.append(LOGS_MAX, [b'"opened 1f 0"']))
    loop.run_until_complete(journal.append(LOGS_MAX, [b'{"only":1}', b'"sealed 1f 2"']))
    loop.run_until_complete(journal.close())
    loop.close()
    log = journals.log()
    with pytest.raises(CheckpointError, match="no whole generation"):
        log.read()
    log.close()
