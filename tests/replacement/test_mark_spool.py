"""The spool of marks: what it holds is bounded by the marks that there are, and nothing of them is lost."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from dynasmith.engine.replacement import mark_spool
from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.journal_log import JournalLog
from dynasmith.engine.replacement.mark_spool import MarkSpool, SpoolContent
from dynasmith.engine.replacement.marks import Mark
from dynasmith.engine.replacement.shards import ShardPosition
from dynasmith.files.journal.folder import FolderJournal, create_journal
from dynasmith.jobs.journal import JournalHead

HEAD = JournalHead(job="replace-1", table="users", where="here", segments=1)


def opened(home: Path, dirty: DirtySet) -> tuple[MarkSpool, SpoolContent]:
    """The spool of another process."""
    spool = MarkSpool(JournalLog(FolderJournal(home), lambda: None, asyncio.new_event_loop), lambda: 7.0)
    return spool, spool.restore(dirty)


def kept(home: Path) -> int:
    """How many entries there are."""
    log = JournalLog(FolderJournal(home), lambda: None, asyncio.new_event_loop)
    found = len(log.read())
    log.close()
    return found


def key(number: int) -> bytes:
    return b'{"id":{"S":"%d"}}' % number


def test_what_is_kept_is_bounded_by_the_marks_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mark_spool, "ENTRIES_MIN", 30)
    monkeypatch.setattr(mark_spool, "MARKS_AT_ONCE", 3)
    home, rng = tmp_path / HEAD.job, Random(1)
    create_journal(home, HEAD)
    dirty = DirtySet()
    spool, _ = opened(home, dirty)
    for number in range(400):
        marks = [
            Mark(key=key(rng.randrange(10)), candidates=frozenset((key(rng.randrange(100)),)))
            for _ in range(rng.randrange(4))
        ]
        marks = dirty.numbered(marks, 1.0)
        spool.keep(marks, {f"shard-{number % 3}": ShardPosition(f"{number:06d}")})
        dirty.add(marks)
        if rng.random() < 0.3:
            for taken in dirty.take(3):
                spool.forgotten([taken])
                dirty.finish(taken)
        spool.idle()
        assert spool._entries <= max(4 * len(dirty), 2 * len(dirty.marks()), 30) + 20
        if rng.random() < 0.1:
            before, spoken = dirty, {mark.key: mark for mark in dirty.marks()}
            spool.close()
            dirty = DirtySet()
            spool, content = opened(home, dirty)
            assert {mark.key for mark in dirty.marks()} == set(spoken)
            assert sorted(dirty.marks(), key=lambda mark: mark.number) == sorted(
                before.marks(), key=lambda mark: mark.number
            )
            assert content.positions[f"shard-{number % 3}"] == ShardPosition(f"{number:06d}")
            assert content.at == 7.0
            assert dirty.numbered([Mark(key=key(1))], 1.0)[0].number > max(
                (mark.number for mark in before.marks()), default=0
            )
    spool.close()
    assert kept(home) <= 2 * 160 + 40
    assert len(list(home.glob("*.journal"))) == 1


def test_numbers_of_marks_grow_though_no_mark_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mark_spool, "ENTRIES_MIN", 0)
    home = tmp_path / HEAD.job
    create_journal(home, HEAD)
    dirty = DirtySet()
    spool, _ = opened(home, dirty)
    marks = dirty.numbered([Mark(key=key(number)) for number in range(5)], 1.0)
    spool.keep(marks, {})
    dirty.add(marks)
    for taken in dirty.take(5):
        dirty.finish(taken)  # nothing says so in the spool: the process is killed
    spool.idle()
    spool.close()
    assert kept(home) == 2
    dirty = DirtySet()
    spool, _ = opened(home, dirty)
    assert not dirty.marks()
    assert dirty.numbered([Mark(key=key(1))], 1.0)[0].number == 6
    spool.close()
