"""Which checkpoints and dead letters of a job count: those under the newest fence, and those that its run inherited.

A run that takes a job up writes down, under its fence, every checkpoint and the names of the dead letters that count
at that moment (``taken#<fence>``), before it writes anything else. From then on what a run of an older fence still
writes counts for nothing: it is under an older fence, and was not there to be inherited. No write needs a condition.

The first run has fence 1 and inherits nothing. Tables of former versions have names without a fence, which a run
inherits like those of fence 1.
"""

from collections.abc import Iterator

import msgspec

from dynasmith.aws.stores.ledger_store import DEAD, SEGMENT, TAKEN, Store
from dynasmith.errors import CheckpointError

FIRST_FENCE = 1
_FORMER = 0
"""Of a name without a fence."""
_WORDS = {SEGMENT: 2, DEAD: 4}
"""Words of a name without its fence."""
_Inherited = list[tuple[str, bytes]]
"""(name, checkpoint) and (name, the name with its fence of dead letters)."""


def under_fence(name: str, fence: int) -> str:
    """The name under which the run of a fence keeps something."""
    return f"{name}#{fence:08d}"


def newest_fence(store: Store, job_id: str) -> int:
    """The newest fence under which the job was taken up; 0 where it never was."""
    return max(_fences(store, job_id), default=0)


def checkpoints_of(store: Store, job_id: str) -> dict[str, bytes]:
    """The checkpoints that count, by their names without a fence."""
    counted, inherited = _inherited(store, job_id)
    found = {name: content for name, content in inherited if name.startswith(SEGMENT)}
    written = store.entries(job_id, SEGMENT, lambda name: _parted(name, SEGMENT)[1] in counted)
    found |= {_parted(name, SEGMENT)[0]: content for name, content in written}
    return dict(sorted(found.items()))


def dead_letters_of(store: Store, job_id: str) -> dict[str, str]:
    """The names of the dead letters that count: without their fence, and with it."""
    counted, inherited = _inherited(store, job_id)
    before = {_plain(job_id, where) for name, where in inherited if name.startswith(DEAD)}
    there = [name for name in store.names(job_id, DEAD) if name in before or _parted(name, DEAD)[1] in counted]
    newest_last = sorted(there, key=lambda name: _parted(name, DEAD)[1])
    return {_parted(name, DEAD)[0]: name for name in newest_last}


def inherit(store: Store, job_id: str, fence: int) -> None:
    """Begin a run of a job that others ran: what counts now is all that counts of what they wrote."""
    checkpoints = checkpoints_of(store, job_id)  # first: the dead letters that one counts are there before it
    dead = [(name, where.encode()) for name, where in dead_letters_of(store, job_id).items()]
    content = msgspec.json.encode([*checkpoints.items(), *dead])
    size, name = store.value_bytes_max, f"{TAKEN}{fence:08d}"
    for number, start in enumerate(range(size, len(content), size), start=1):
        store.put(job_id, f"{name}#{number:05d}", content[start : start + size])
    store.put(job_id, name, content[:size])  # last: from now on it counts


def _fences(store: Store, job_id: str) -> Iterator[int]:
    for name in store.names(job_id, TAKEN):
        fence = name.removeprefix(TAKEN)
        if fence.isdecimal():  # not a further part of one
            yield int(fence)


def _inherited(store: Store, job_id: str) -> tuple[set[int], _Inherited]:
    """The fences under which names count, and what was inherited by the newest."""
    fence = newest_fence(store, job_id)
    if not fence:
        return {_FORMER, FIRST_FENCE}, []
    name = f"{TAKEN}{fence:08d}"
    parts = [content for _, content in store.entries(job_id, name, lambda _: True)]
    try:
        return {fence}, msgspec.json.decode(b"".join(parts), type=_Inherited)
    except msgspec.DecodeError as error:
        raise CheckpointError(
            f"What job {job_id} inherited at its last resume ({name} in {store.where(job_id)}) is damaged: {error}.",
            hint="start a new job: items that the target already has are not written twice",
        ) from error


def _parted(name: str, prefix: str) -> tuple[str, int]:
    """A name without its fence, and the fence; -1 for a name that no ledger writes."""
    words = name.split("#")
    if len(words) == _WORDS[prefix]:
        return name, _FORMER
    plain, _, fence = name.rpartition("#")
    return (plain, int(fence)) if len(words) == _WORDS[prefix] + 1 and fence.isdecimal() else (name, -1)


def _plain(job_id: str, where: bytes) -> str:
    """The name with its fence; in a bucket earlier versions wrote the object's key."""
    return where.decode().removeprefix(f"{job_id}/").replace("/", "#")
