"""What a worker must know to move pages of a job: one value, written here and read there."""

from dataclasses import dataclass

from dynasmith.engine.transfer.event_thread import LoopFactory
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.pacer import Rates
from dynasmith.engine.transfer.parts import WorkerParts
from dynasmith.engine.workers.user_code import loaded_code, written_code
from dynasmith.engine.workers.values import FindReference, NotPortable
from dynasmith.ports.remote_reference import RemoteReference


@dataclass(frozen=True, slots=True)
class Work:
    """All that a worker must know as it begins: ``job`` is the id of what has so many ``segments``, ``name`` says it to
    a person, and ``again`` how it goes on. ``reads`` and ``writes`` are the whole job's."""

    job: str
    segments: int
    name: str
    again: str
    parts: WorkerParts
    reads: Rates
    writes: Rates
    width: ConcurrencyLimits
    digest: bool
    only_new: bool
    loop_factory: LoopFactory


def written_order(work: Work, *, remote: bool = False, lends_keys: bool = False) -> tuple[bytes, list[RemoteReference]]:
    """The order, and what of it stays here and is asked for by its number. Blocking: an address and keys may have to be
    asked for. A ``remote`` worker, on another machine, gets the source of the transform too, and signs with keys of its
    own, or asks for those of the job where that ``lends_keys``. Raises UsageError where a part of the job cannot be
    sent."""
    return written_code(work, remote=remote, stand_ins=remote and not lends_keys)


def read_order(frame: bytes, find: FindReference) -> Work:
    """The work. Raises UsageError where its code does not load here, NotPortable for a frame that is no order."""
    work = loaded_code(frame, find)
    if not isinstance(work, Work):
        raise NotPortable("the bytes are no order")
    return work
