"""verify: whether two sets of items are equal, and which keys differ, without holding either in memory.

First pass: count and digest of both sides, each also split by the hash of the key into 65,536 buckets (a count and a
sum each, 1.5 MB). Equal digests end it. Second pass, over the buckets that differ only, as many as fit the limit of
keys that are held: the keys of both sides with their item hashes, compared. Where a transform made equal items of
several, a copy wrote them once: the source is read again then, and each of them counts once. A difference between
tables is read again by key, strongly, on both sides: what is equal then was changed by somebody while the scans ran,
and is told apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.runner import WORKER, RunContext
from dynasmith.engine.transfer.table_identity import READING, TableIdentityCheck
from dynasmith.engine.transfer.verify_buckets import ONE, Buckets, HeldKeys
from dynasmith.engine.transfer.verify_crew import CrewWalks
from dynasmith.engine.transfer.verify_walks import OwnWalks, Walks
from dynasmith.engine.transfer.verify_walks import VerifySide as VerifySide
from dynasmith.engine.user_code.dry_run import PURE
from dynasmith.engine.workers.local_process import LocalCrew
from dynasmith.errors import AccessDenied
from dynasmith.items.digest import Digest, item_hash
from dynasmith.items.key import Key, KeySchema, encode_key, format_key, key_of
from dynasmith.ports.crew import Crew
from dynasmith.ports.guard import RefusedCall

HELD_KEYS_MAX = 200_000
"""Keys of both sides that the second pass holds at once: about 60 MB."""


Kind = Literal["missing", "extra", "differs", "twice"]


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """One key that is not equal on both sides, seen from the source: ``missing`` in the target, ``extra`` there.

    ``twice``: a file holds it more than once. ``changing``: it was equal when read again, so something writes to it.
    """

    kind: Kind
    key: str
    changing: bool = False


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """Both digests, and the first differences. ``more`` says that there are others beyond the limit.

    ``dead`` counts what was no item (lines of a file), or what a transform refused: it can be on no side. ``hazards``
    say what ran unguarded, or was refused in a dry run: ``refused_calls``, counted over every reading of the source.
    ``same_code`` says that dynasmith wrote a file that is a side, ``notes`` what the comparison therefore cannot find.
    ``closing`` is what is known to be unwritten.
    """

    source: Digest
    target: Digest
    differences: tuple[KeyDifference, ...] = ()
    more: bool = False
    dead: int = 0
    hazards: tuple[str, ...] = ()
    same_code: bool = False
    notes: tuple[str, ...] = ()
    refused_calls: tuple[RefusedCall, ...] = ()
    closing: str = PURE

    def __repr__(self) -> str:
        sides = f"{self.source.count:,} and {self.target.count:,} items"
        return f"<VerifyResult {'equal' if self.equal else 'different'}: {sides}>"

    @property
    def equal(self) -> bool:
        """Whether both sides hold the same items."""
        return self.source == self.target and not self.dead

    @property
    def ran_user_code(self) -> bool:
        """Whether code of the user's ran, here or in a guarded process."""
        return self.closing != PURE

    def to_json(self) -> dict[str, object]:
        """Stable keys."""
        return {
            "equal": self.equal,
            "source": {"count": self.source.count, "digest": str(self.source)},
            "target": {"count": self.target.count, "digest": str(self.target)},
            "differences": [
                {"kind": found.kind, "key": found.key, "changing": found.changing} for found in self.differences
            ],
            "more": self.more,
            "dead": self.dead,
            "hazards": list(self.hazards),
            "same_code": self.same_code,
            "notes": list(self.notes),
            "refused_calls": [msgspec.to_builtins(call) for call in self.refused_calls],
            "closing": self.closing,
        }


def verify(
    source: VerifySide,
    target: VerifySide,
    key: KeySchema,
    *,
    limit: int = 20,
    workers: int = 0,
    around: RunContext | None = None,
) -> VerifyResult:
    """Compare both sides; ``key`` is the target's, ``limit`` how many differing keys are wanted.

    With ``workers`` so many read, of the placement of ``around``, or processes of this machine; else this one does.
    Reads each side once, and on a difference once more. Writes nothing. Raises Interrupted on a signal: there is
    nothing to resume, it is run again; CheckpointError where a table was deleted meanwhile, or made again.
    """
    around = around or RunContext()
    ends = [side.end for side in (source, target) if side.end is not None]

    async def main(stop: StopRequest) -> VerifyResult:
        async with TableIdentityCheck(ends, READING, around.listener, around.monotonic).watched():
            if not workers:
                return await _verify(OwnWalks(source, target, key, stop), source, target, key, limit)
            crew: Crew = LocalCrew(WORKER) if around.placement is None else around.placement.crew()
            async with CrewWalks((source, target), key, crew, workers, stop, around.loop_factory) as walks:
                return await _verify(walks, source, target, key, limit)

    return run(main, loop_factory=around.loop_factory, stop=around.stop)


async def _verify(walks: Walks, source: VerifySide, target: VerifySide, key: KeySchema, limit: int) -> VerifyResult:
    first, second = await walks.sums()
    if first.digest != second.digest and first.moved and source.seen is not None:
        seen = source.seen()
        try:
            first = await walks.distinct_sums(seen)
        finally:
            seen.close(over=True)
    dead = first.dead + second.dead
    if first.digest == second.digest:
        return VerifyResult(first.digest, second.digest, dead=dead)
    wanted = _some(first.differing(second), first, second, limit)
    ours, theirs = await walks.keys(wanted, made=first.moved and source.seen is not None)
    differing = [*_compared(ours, theirs), *map(_twice, sorted(ours.twice | theirs.twice))]
    shown = differing[:limit]
    changing = await _changing(source, target, [found for _, found in shown], key)
    differences = tuple(KeyDifference(kind, format_key(found, key), found in changing) for kind, found in shown)
    more = len(differing) > limit or len(wanted) < len(first.differing(second))
    return VerifyResult(first.digest, second.digest, differences, more, dead)


def _some(differing: Sequence[int], first: Buckets, second: Buckets, limit: int) -> frozenset[int]:
    """As many of the differing buckets as are needed for the limit and fit the memory; at least one."""
    chosen: list[int] = []
    held = 0
    for bucket in differing:
        size = (first.sums[bucket] + second.sums[bucket]) // ONE
        if chosen and (held + size > HELD_KEYS_MAX or len(chosen) > limit):
            break
        chosen.append(bucket)
        held += size
    return frozenset(chosen)


def _compared(ours: HeldKeys, theirs: HeldKeys) -> list[tuple[Kind, Key]]:
    """In the order of the keys: segments answer in any order, and each run shows the same."""
    source, target = ours.hashes, theirs.hashes
    found: list[tuple[Kind, Key]] = []
    for key, hashed in sorted(source.items()):
        if key not in target:
            found.append(("missing", key))
        elif target[key] != hashed:
            found.append(("differs", key))
    found += [("extra", key) for key in sorted(target.keys() - source.keys())]
    return found


def _twice(key: Key) -> tuple[Kind, Key]:
    return "twice", key


async def _changing(source: VerifySide, target: VerifySide, keys: Sequence[Key], schema: KeySchema) -> frozenset[Key]:
    """The keys that are equal on both sides when they are read again: live writes, not differences."""
    if source.lookup is None or target.lookup is None or source.stage is not None or not keys:
        return frozenset()
    wires = [encode_key(key, schema) for key in keys]
    found = []
    for side in (source.lookup, target.lookup):
        lookup = await side()
        try:
            found.append({key_of(item, schema): item_hash(item) for item in await lookup.get(wires)})
        except AccessDenied:  # a role that may scan and not get: what differs is shown, live writes among it
            return frozenset()
        finally:
            await lookup.close()
    return frozenset(key for key in keys if found[0].get(key) == found[1].get(key))
