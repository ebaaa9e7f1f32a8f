"""Capture, drain and ownership keep their invariant whatever happens in whatever order; wrong rules do not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dynasmith.engine.replacement import mark_spool
from dynasmith.engine.replacement.capture import StreamCapture
from dynasmith.engine.replacement.dirty_set import DirtyKey, DirtySet
from dynasmith.engine.replacement.drain import Drain
from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.mark_spool import MarkSpool
from dynasmith.engine.replacement.marks import Mark
from dynasmith.engine.replacement.shards import ShardPosition
from dynasmith.items.key import canonical_key
from dynasmith.items.wire import RawItem
from dynasmith.ports.owned_items import OwnedItems, OwnedPut
from dynasmith.ports.streams import ChangeRecord, Shard
from replacement.model import TRANSFORMS, FakeItems, Model, Parts, Tables

RANDOM = st.randoms(use_true_random=False)


class ReplacementMachine(RuleBasedStateMachine):
    """User, copier, capture, drain, kill and shard split in any order."""

    model: Model | None = None

    @initialize(kind=st.sampled_from(sorted(TRANSFORMS)), rng=RANDOM)
    def begin(self, kind: str, rng: Random) -> None:
        self.model = Model(kind, rng)

    @property
    def at(self) -> Model:
        assert self.model is not None
        return self.model

    @rule(rng=RANDOM)
    def change(self, rng: Random) -> None:
        self.at.change(rng)

    @rule(rng=RANDOM)
    def copy(self, rng: Random) -> None:
        self.at.copy(rng)

    @rule()
    def capture(self) -> None:
        self.at.capture.round()

    @rule()
    def drain(self) -> None:
        self.at.handle()

    @rule(rng=RANDOM)
    def kill(self, rng: Random) -> None:
        self.at.kill(rng)

    @rule(rng=RANDOM)
    def split(self, rng: Random) -> None:
        self.at.tables.stream.split(rng)

    @invariant()
    def equal_or_known(self) -> None:
        if self.model is not None:
            assert not self.model.broken()

    def teardown(self) -> None:
        if self.model is not None:
            assert not self.model.end()


TestReplacement = ReplacementMachine.TestCase


def fault(kind: str, seeds: range, parts: Parts | None = None) -> str:
    """What was wrong first in random schedules; empty where nothing was."""
    for seed in seeds:
        rng = Random(seed)
        model = Model(kind, rng, parts)
        found = ""
        for _ in range(rng.randint(10, 60)):
            step = rng.choice(("change", "change", "copy", "capture", "handle", "kill", "split", "capture", "handle"))
            if step == "change":
                model.change(rng)
            elif step == "copy":
                model.copy(rng)
            elif step == "capture":
                model.capture.round()
            elif step == "handle":
                model.handle()
            elif step == "kill" and rng.random() < 0.3:
                model.kill(rng)
            elif step == "split":
                model.tables.stream.split(rng)
            if found := model.broken():
                break
        if found := found or model.end():
            return f"{kind}, seed {seed}: {found}"
    return ""


@pytest.mark.parametrize("kind", sorted(TRANSFORMS))
def test_no_schedule_is_wrong(kind: str) -> None:
    assert not fault(kind, range(40))


class CompactingCapture(StreamCapture):
    """As its thread does it."""

    def round(self) -> int:
        found = super().round()
        assert isinstance(self._kept, MarkSpool)
        self._kept.idle()
        return found


class Compacting(Parts):
    capture = CompactingCapture


@pytest.mark.parametrize("kind", sorted(TRANSFORMS))
def test_no_schedule_is_wrong_where_marks_are_written_anew(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mark_spool, "ENTRIES_MIN", 2)
    monkeypatch.setattr(mark_spool, "ENTRIES_EACH_MAX", 1)
    assert not fault(kind, range(40), Compacting())


class IdleKeysOnly(DirtySet):
    """Shows no mark of a key that is handled."""

    def marks(self) -> Sequence[Mark]:
        return [mark for mark in super().marks() if mark.key not in self._taken]


class Incomplete(Compacting):
    dirty_set = IdleKeysOnly


def test_marks_that_are_left_out_when_they_are_written_anew_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mark_spool, "ENTRIES_MIN", 2)
    monkeypatch.setattr(mark_spool, "ENTRIES_EACH_MAX", 1)
    assert fault("fan-out", range(600), Incomplete())


class ImagesOfTheStream(StreamCapture):
    """Puts what the stream says, in the order of the stream, in place of reading the source again."""

    items: FakeItems

    def _read(self, shard: Shard) -> int:
        before = self._position(shard.id).after
        found = super()._read(shard)
        start = int(before) + 1 if before else 0
        tables = self.items.tables
        for record in tables.records[shard.id][start : start + found]:
            _apply_images(record, tables)
        return found


def _apply_images(record: ChangeRecord, tables: Tables) -> None:
    old = tables.mapping.keys(record.old)
    new = {} if record.new is None else tables.mapping.items(record.new)
    for place in old - new.keys():
        tables.target.pop(place, None)
    tables.target |= new


class Images(Parts):
    """The tail applies images, after the copy, in perfect order per source key."""

    def drain(self, dirty: DirtySet, mapping: ItemMapping, items: OwnedItems, spool: MarkSpool) -> Drain:
        assert isinstance(items, FakeItems)
        ImagesOfTheStream.items = items
        return super().drain(dirty, mapping, Unwritten(items.tables, items.before), spool)

    capture = ImagesOfTheStream


class Unwritten(FakeItems):
    """Writes nothing: the images were."""

    def put(self, item: RawItem, owner: bytes) -> OwnedPut:  # noqa: ARG002
        return OwnedPut()

    def delete(self, key: bytes, owner: bytes) -> bool:  # noqa: ARG002
        return False


class EarlyDrain(Parts):
    """Reads again, but while the copy runs."""

    drains_during_copy = True


class Unowned(Parts):
    """Reads again after the copy, and writes over whatever stands there."""

    def items(self, items: FakeItems) -> OwnedItems:
        return UnownedItems(items.tables, items.before)


class UnownedItems(FakeItems):
    """No condition."""

    def put(self, item: RawItem, owner: bytes) -> OwnedPut:  # noqa: ARG002
        self.before()
        self.tables.target[canonical_key(item, self.tables.mapping.target)] = item
        return OwnedPut(changed=True)

    def delete(self, key: bytes, owner: bytes) -> bool:  # noqa: ARG002
        self.before()
        return self.tables.target.pop(key, None) is not None


class ForgetsAll(DirtySet):
    """Forgets what came while a key was handled, too."""

    def finish(self, taken: DirtyKey) -> None:
        super().finish(replace(taken, number=self._number))


class Forgetful(Parts):
    dirty_set = ForgetsAll


class PositionsOnly(MarkSpool):
    """Keeps how far the stream was read, and not what came."""

    def keep(
        self,
        marks: Sequence[Mark],  # noqa: ARG002
        positions: Mapping[str, ShardPosition],
        own: Sequence[bytes] = (),
    ) -> None:
        super().keep((), positions, own)


class Unspooled(Parts):
    spool = PositionsOnly


class StaleItems(FakeItems):
    """Reads the source as it was a change ago."""

    def read_source(self, keys: Sequence[bytes]) -> Mapping[bytes, RawItem]:
        self.before()
        found = dict(super().read_source(keys))
        for shard in self.tables.records.values():
            for record in shard[-1:]:
                if record.old is not None and bytes(record.keys) in keys:
                    found[bytes(record.keys)] = record.old
        return found


class Stale(Parts):
    def items(self, items: FakeItems) -> OwnedItems:
        return StaleItems(items.tables, items.before)


WRONG = {
    "images of the stream": (Images, "new key"),
    "read again while the copy runs": (EarlyDrain, "new key"),
    "read again while the copy runs, same key": (EarlyDrain, "identity"),
    "no ownership": (Unowned, "new key"),
    "forgets what came meanwhile": (Forgetful, "new key"),
    "marks are not kept": (Unspooled, "identity"),
    "a read that is not strong": (Stale, "identity"),
}


@pytest.mark.parametrize("rule", sorted(WRONG))
def test_wrong_rules_are_noticed(rule: str) -> None:
    parts, kind = WRONG[rule]
    assert fault(kind, range(300), parts())
