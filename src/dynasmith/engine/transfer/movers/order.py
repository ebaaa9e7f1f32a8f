"""What a worker must know to move pages of a job: its parts as values, written here and read there."""

from dataclasses import dataclass
from typing import Any

import msgspec

from dynasmith.engine.transfer.event_thread import LoopFactory
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.pacer import Rates
from dynasmith.engine.transfer.transform_stage import Stage
from dynasmith.engine.workers.user_code import loaded_code, sendable
from dynasmith.engine.workers.values import FindReference, NotPortable, ValueWriter, read_values
from dynasmith.errors import UsageError
from dynasmith.jobs.job import Job
from dynasmith.ports.items import OpenSink, OpenSource
from dynasmith.ports.remote_reference import RemoteReference


@dataclass(frozen=True, slots=True)
class Work:
    """All that a worker must know as it begins, beside the stage. ``reads`` and ``writes`` are the whole job's."""

    job: Job
    source: OpenSource
    sink: OpenSink
    reads: Rates
    writes: Rates
    width: ConcurrencyLimits
    digest: bool
    only_new: bool
    loop_factory: LoopFactory


class _Order(msgspec.Struct, array_like=True):
    """``stage`` is empty where there is none."""

    stage: bytes
    work: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Order).decode


def written_stage(stage: Stage | None) -> bytes:
    """The stage of an order. Raises UsageError where its transform cannot be given to another process."""
    return b"" if stage is None else sendable(stage)


def written_order(stage: bytes, work: Work) -> tuple[bytes, list[RemoteReference]]:
    """The order, and what of it stays here and is asked for by its number. Blocking: an address and keys may have to be
    asked for. Raises UsageError where a part of the job cannot be sent."""
    writer = ValueWriter()
    try:
        body = writer(work)
    except NotPortable as error:
        raise UsageError(f"This job cannot be moved by other processes: {error}.", hint="remove --processes") from error
    return _encode(_Order(stage, body)), writer.references


def read_order(frame: bytes, find: FindReference) -> tuple[Stage | None, Work]:
    """The user's code, and the work. Raises UsageError where the code does not load here, NotPortable for a frame that
    is no order."""
    try:
        order = _decode(frame)
    except msgspec.MsgspecError as error:
        raise NotPortable(f"the bytes are no order: {error}") from error
    stage: Stage | None = loaded_code(order.stage) if order.stage else None
    work: Any = read_values(order.work, find)
    if not isinstance(work, Work):
        raise NotPortable("the bytes are no order")
    return stage, work
