"""What a job and its moving processes say to each other. A number joins a question and its answer."""

from typing import TypeAlias

import msgspec

from dynasmith.engine.workers.failures import WorkerFailure
from dynasmith.jobs.checkpoint import Checkpoint, encode_checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.ports.items import DeadLetter

# --- to the job -------------------------------------------------------------------------------------------------------


class NextMessage(msgspec.Struct, tag=True, array_like=True):
    """Which segment to move next? The answer is `given_segment`; empty: there is none."""

    number: int


class SaveMessage(msgspec.Struct, tag=True, array_like=True):
    """So far a segment got; answered when that is kept. The rates: units a second that this process's pace leaves,
    under the limits of that ``RateMessage``."""

    number: int
    segment: int
    checkpoint: bytes
    read_rate: float
    write_rate: float
    limits: int


class BuryMessage(msgspec.Struct, tag=True, array_like=True):
    """Dead letters of the page of a segment; answered when they are kept."""

    number: int
    segment: int
    page: bytes | None
    dead: tuple[DeadLetter, ...]


class KeyChangedMessage(msgspec.Struct, tag=True, array_like=True):
    """The transform changed a key; answered when nothing is written plainly any more, anywhere."""

    number: int


class QuestionMessage(msgspec.Struct, tag=True, array_like=True):
    """A question to something that stayed with the job (``ports.remote_reference``)."""

    number: int
    anchored: int
    question: bytes


class HeldMessage(msgspec.Struct, tag=True, array_like=True):
    """The answer to ``HoldMessage``."""

    number: int


class CutMessage(msgspec.Struct, tag=True, array_like=True):
    """What a cancelled page still did, in no checkpoint."""

    counts: Counts


class FailedMessage(msgspec.Struct, tag=True, array_like=True):
    """What the process raised."""

    failure: WorkerFailure


class UnfitMessage(msgspec.Struct, tag=True, array_like=True):
    """The process does not reach what the job has, and ends; it moved nothing."""

    failure: WorkerFailure


class AliveMessage(msgspec.Struct, tag=True, array_like=True):
    """The process runs, and asks to write on: the answer is ``GrantedMessage`` with this number."""

    number: int


class LapsedMessage(msgspec.Struct, tag=True, array_like=True):
    """The time until which the process might write has passed: it left its pages where they were, and ends."""


class EndedMessage(msgspec.Struct, tag=True, array_like=True):
    """There is no segment left for this process, or it was told to stop."""


# --- to the process ---------------------------------------------------------------------------------------------------


class AnswerMessage(msgspec.Struct, tag=True, array_like=True):
    """The answer to a question."""

    number: int
    body: bytes = b""


class HoldMessage(msgspec.Struct, tag=True, array_like=True):
    """Write nothing over another item from now on; ``HeldMessage`` says that no plain write is under way any more."""

    number: int


class ControlMessage(msgspec.Struct, tag=True, array_like=True):
    """What is wanted of the process from now on: pause, proceed, stop (after the pages under way) or cancel (the same,
    without the rest of each page)."""

    wish: str


class RateMessage(msgspec.Struct, tag=True, array_like=True):
    """The job's limits in units a second (None: as it began), and which part of them is this process's.
    ``limits`` counts how often they were changed; ``start`` is where the rate of reading begins, if below its limit."""

    read: float | None
    write: float | None
    part: float
    limits: int
    start: float | None = None


class GrantedMessage(msgspec.Struct, tag=True, array_like=True):
    """The process may write for so many seconds, counted on its own clock from when it asked with ``AliveMessage`` of
    this number: no clock of two machines is compared."""

    number: int
    seconds: float


class UnitsMessage(msgspec.Struct, tag=True, array_like=True):
    """The process takes the place of one that died: what that had of the pace just now is used."""


Question: TypeAlias = NextMessage | SaveMessage | BuryMessage | KeyChangedMessage | QuestionMessage
"""What the job answers."""
ToJob: TypeAlias = (
    Question | HeldMessage | CutMessage | FailedMessage | UnfitMessage | AliveMessage | LapsedMessage | EndedMessage
)
ToProcess: TypeAlias = AnswerMessage | HoldMessage | ControlMessage | RateMessage | GrantedMessage | UnitsMessage

_NO_LIMIT = (1 << 64) - 1


def given_segment(checkpoint: Checkpoint, items_left: int | None) -> bytes:
    """The answer to ``NextMessage``: a segment, from where it goes on, and how many items it may still send."""
    left = _NO_LIMIT if items_left is None else items_left
    return checkpoint.segment.to_bytes(4, "big") + left.to_bytes(8, "big") + encode_checkpoint(checkpoint)


def read_segment(body: bytes) -> tuple[int, int | None, bytes]:
    """The number of that segment, how many items it may still send, and its checkpoint."""
    left = int.from_bytes(body[4:12], "big")
    return int.from_bytes(body[:4], "big"), None if left == _NO_LIMIT else left, body[12:]


encode = msgspec.msgpack.Encoder().encode
decode_to_job = msgspec.msgpack.Decoder(ToJob).decode
decode_to_process = msgspec.msgpack.Decoder(ToProcess).decode
