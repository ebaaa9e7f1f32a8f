"""The log of own writes: it is written anew beside the spool that says which were read, and neither forgets one."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from random import Random

import pytest

from dynasmith.engine.replacement import mark_spool, own_write_log
from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.mark_spool import MarkSpool
from dynasmith.engine.replacement.own_write_log import OwnWriteLog
from dynasmith.engine.replacement.own_writes import DIGEST_BYTES, OwnWrites
from replacement.model import MemoryLog


def digest(number: int) -> bytes:
    return number.to_bytes(DIGEST_BYTES, "big")


class BusyLog(MemoryLog):
    """While it is written anew, ``meanwhile`` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = lambda: None

    def replace(self, batches: Iterable[Sequence[bytes]]) -> None:
        written = list(batches)
        self.meanwhile()
        super().replace(written)


class Process:
    """Both logs, open in one process."""

    def __init__(self, writes: MemoryLog, marks: MemoryLog) -> None:
        self.own = OwnWrites()
        self.log = OwnWriteLog(writes, self.own)
        self.spool = MarkSpool(marks, lambda: 0.0)
        self.spool.restore(DirtySet(), self.own)

    def read(self, digests: Sequence[bytes]) -> None:
        """Their records were read, and it is kept."""
        for each in digests:
            self.own.read(each)
        self.spool.keep((), {}, digests)


@pytest.mark.parametrize("seed", range(8))
def test_writes_that_were_not_read_are_known_to_every_process(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WRITES_MIN", 10), ("WRITES_EACH_MAX", 2), ("WRITES_AT_ONCE", 3)):
        monkeypatch.setattr(own_write_log, name, value)
    for name, value in (("ENTRIES_MIN", 10), ("MARKS_AT_ONCE", 3)):
        monkeypatch.setattr(mark_spool, name, value)
    rng, writes, marks = Random(seed), BusyLog(), MemoryLog()
    process = Process(writes, marks)
    left, retracted, late, epochs = Counter[bytes](), Counter[bytes](), Counter[bytes](), 0

    def read_late() -> None:
        if left and rng.random() < 0.5:
            each = rng.choice(sorted(left))
            process.read([each])
            left[each] -= 1
            late[each] += 1  # another process may not know it, as it does not of one that changed nothing

    writes.meanwhile = read_late
    for _ in range(600):
        step = rng.choice(("announce", "announce", "read", "read", "read", "retract", "idle", "kill"))
        if step == "announce":
            some = [digest(rng.randrange(6)) for _ in range(rng.randint(1, 5))]
            process.log.announce(some)
            left.update(some)
            retracted.clear()
        elif step == "read" and left:
            some = rng.sample(sorted(left), min(len(left), 2))
            process.read(some)
            left.subtract(some)
        elif step == "retract" and left:
            each = rng.choice(sorted(left))
            process.log.retract([each])
            left[each] -= 1
            retracted[each] += 1
        elif step == "idle":
            process.spool.idle()
        elif step == "kill" and rng.random() < 0.3:
            if left:
                process.own.read(rng.choice(sorted(left)))  # and it is not kept any more
                process.log.announce([])
            epochs = max(epochs, process.own.epoch)
            process = Process(writes, marks)
            found = Counter(process.own.announced())
            assert left <= found <= left + retracted + late
            left, retracted, late = found, Counter(), Counter()
        left = +left
        assert Counter(process.own.announced()) == left
    assert epochs > 3
    assert len(marks.entries) < 60
    assert len(writes.entries) < 100


def test_what_a_killed_process_never_sent_hides_no_write_of_others() -> None:
    """Once the stream is read to its end, before anything is sent again."""
    writes, marks = MemoryLog(), MemoryLog()
    process = Process(writes, marks)
    process.log.announce([digest(1), digest(2), digest(2)])
    process.read([digest(1)])
    after = Process(writes, marks)
    assert sorted(after.own.unread()) == [digest(2), digest(2)]
    after.log.settle()
    after.log.announce([digest(3)])
    assert Process(writes, marks).own.unread() == after.own.unread() == [digest(3)]
