"""The way back keeps its invariant whatever happens in whatever order; wrong rules do not."""

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.json import decode

from dynasmith.engine.replacement.inverse_tables import InverseTables
from dynasmith.engine.replacement.late_writes import LateWrites
from dynasmith.engine.replacement.marks import ReadRecords
from dynasmith.engine.replacement.own_write_log import OwnWriteLog
from dynasmith.items.key import canonical_key
from dynasmith.items.wire import RawItem
from dynasmith.ports.owned_items import OwnedPut
from dynasmith.ports.streams import ChangeRecord
from replacement.model_back import INVERSES, BackModel, BackParts

RANDOM = st.randoms(use_true_random=False)


class BackMachine(RuleBasedStateMachine):
    """Application, late writers, both captures, drain, kill and shard split in any order."""

    model: BackModel | None = None

    @initialize(kind=st.sampled_from(sorted(INVERSES)), rng=RANDOM)
    def begin(self, kind: str, rng: Random) -> None:
        self.model = BackModel(kind, rng)

    @property
    def at(self) -> BackModel:
        assert self.model is not None
        return self.model

    @rule(rng=RANDOM)
    def change(self, rng: Random) -> None:
        self.at.change(rng)

    @rule(rng=RANDOM)
    def write_late(self, rng: Random) -> None:
        self.at.write_late(rng)

    @rule()
    def capture(self) -> None:
        self.at.capture.round()

    @rule()
    def look(self) -> None:
        self.at.look()

    @rule()
    def drain(self) -> None:
        self.at.handle()

    @rule(rng=RANDOM)
    def kill(self, rng: Random) -> None:
        self.at.kill(rng)

    @rule(rng=RANDOM, new=st.booleans())
    def split(self, rng: Random, new: bool) -> None:
        (self.at.new if new else self.at.old).split(rng)

    @invariant()
    def equal_or_known(self) -> None:
        if self.model is not None:
            assert not self.model.broken()

    def teardown(self) -> None:
        if self.model is not None:
            assert not self.model.end()


TestWayBack = BackMachine.TestCase


def fault(kind: str, seeds: range, parts: BackParts | None = None) -> str:
    """What was wrong first in random schedules; empty where nothing was."""
    for seed in seeds:
        rng = Random(seed)
        model = BackModel(kind, rng, parts)
        steps: dict[str, Callable[[], object]] = {
            "change": lambda: model.change(rng),  # noqa: B023
            "late": lambda: model.write_late(rng),  # noqa: B023
            "capture": lambda: model.capture.round(),  # noqa: B023
            "look": lambda: model.look(),  # noqa: B023
            "handle": lambda: model.handle(),  # noqa: B023
            "kill": lambda: model.kill(rng),  # noqa: B023
            "split": lambda: rng.choice((model.old, model.new)).split(rng),  # noqa: B023
        }
        found = ""
        for _ in range(rng.randint(10, 60)):
            step = rng.choice([*steps, "change", "capture", "handle", "handle"])
            if step not in ("kill", "late") or rng.random() < 0.5:
                steps[step]()
            if found := model.broken():
                break
        if found := found or model.end():
            return f"{kind}, seed {seed}: {found}"
    return ""


@pytest.mark.parametrize("kind", sorted(INVERSES))
def test_no_schedule_is_wrong(kind: str) -> None:
    assert not fault(kind, range(25))


class Trusting(LateWrites):
    """Lets a late write come over whatever stands there."""

    def _write(self, standing: RawItem | None, before: RawItem | None, item: RawItem) -> None:  # noqa: ARG002
        super()._write(standing, standing, item)


class Deaf(LateWrites):
    """Takes each record for one of our own."""

    def read(self, records: Sequence[ChangeRecord]) -> ReadRecords:  # noqa: ARG002
        return ReadRecords()


class Exact(InverseTables):
    """Writes what the inverse makes, also where the new table cannot tell it from what stands there."""

    def put(self, item: RawItem, owner: bytes) -> OwnedPut:
        put = super().put(item, owner)
        if put.holder is None and not put.changed:
            self._items.call(
                "PutItem",
                self._target,
                {"Item": decode(item), **self._unchanged(owner, None), "ConditionExpression": "attribute_exists(#k)"},
            )
        return put


class Unowned(InverseTables):
    """Writes over whatever stands there."""

    def put(self, item: RawItem, owner: bytes) -> OwnedPut:
        standing = self.read_target([self.place(item)]).get(self.place(item))
        return super().put(item, owner if standing is None else self._mapping.owner(standing) or owner)

    def place(self, item: RawItem) -> bytes:
        return canonical_key(item, self._mapping.target)


class Silent(OwnWriteLog):
    """Announces nothing to the next process."""

    def announce(self, digests: Sequence[bytes]) -> None:  # noqa: ARG002
        return


WRONG: dict[str, tuple[dict[str, type], str]] = {
    "a late write over what the application wrote": ({"late": Trusting}, "identity"),
    "late writes are not looked for": ({"late": Deaf}, "identity"),
    "what a transform dropped is written over": ({"tables": Exact}, "lossy"),
    "no ownership": ({"tables": Unowned}, "new key"),
    "own writes are not announced": ({"log": Silent}, "identity"),
}


@pytest.mark.parametrize("rule_", sorted(WRONG))
def test_wrong_rules_are_noticed(rule_: str) -> None:
    changed, kind = WRONG[rule_]
    parts = BackParts()
    for name, part in changed.items():
        setattr(parts, name, part)
    assert fault(kind, range(300), parts)
