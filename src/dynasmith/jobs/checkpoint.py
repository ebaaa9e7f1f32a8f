"""How far one segment of a job got, as bytes that notice damage.

Written after what it speaks of was acknowledged, never before: a job that goes on from it re-does and never skips.
"""

from hashlib import blake2b
from typing import Final

import msgspec

from dynasmith.errors import CheckpointError, DataError
from dynasmith.items.digest import Digest
from dynasmith.jobs.counts import Counts

#: The version of the bytes. A newer one is refused.
FORMAT: Final = 1

_HINT: Final = "start a new job; items that the target already has are not written twice"


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One segment: (total, segment, position), counts, digests. A new one is at the segment's beginning."""

    job: str
    #: TotalSegments; never changes in a job.
    segments: int
    segment: int
    #: Where the next page begins: the bytes of LastEvaluatedKey, or what another source says; None at the beginning.
    position: bytes | None = None
    #: The segment is at its end and all of it is acknowledged; ``position`` means nothing then.
    done: bool = False
    #: What the target needs to go on from here (the length of a file).
    mark: bytes = b""
    counts: Counts = Counts()
    #: Of the items read from the source, and of those that stand in the target because of this job.
    source: Digest = Digest()
    target: Digest = Digest()

    def __post_init__(self) -> None:
        if not 0 <= self.segment < self.segments:
            raise ValueError(f"segment {self.segment} of {self.segments}")


class _Stored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int
    job: str
    segments: int
    segment: int
    position: bytes | None
    done: bool
    mark: bytes
    counts: Counts
    source: str
    target: str


class _Version(msgspec.Struct):
    format: int


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """A line of JSON and a line with its checksum, about 500 bytes."""
    stored = _Stored(
        format=FORMAT,
        job=checkpoint.job,
        segments=checkpoint.segments,
        segment=checkpoint.segment,
        position=checkpoint.position,
        done=checkpoint.done,
        mark=checkpoint.mark,
        counts=checkpoint.counts,
        source=str(checkpoint.source),
        target=str(checkpoint.target),
    )
    body = msgspec.json.encode(stored)
    return body + b"\n" + _checksum(body) + b"\n"


def decode_checkpoint(written: bytes, *, job: str, segments: int, segment: int) -> Checkpoint:
    """The checkpoint in these bytes. Raises CheckpointError unless they are whole, of this version, job and segment."""
    body, _, rest = written.partition(b"\n")
    if rest != _checksum(body) + b"\n":
        raise CheckpointError(f"The checkpoint of segment {segment} of job {job} is damaged or cut.", hint=_HINT)
    try:
        version = msgspec.json.decode(body, type=_Version).format
        if version != FORMAT:
            raise CheckpointError(
                f"The checkpoint of segment {segment} of job {job} has version {version}, this is version {FORMAT}.",
                hint="continue the job with the dynasmith that began it",
            )
        stored = msgspec.json.decode(body, type=_Stored)
        found = Checkpoint(
            job=stored.job,
            segments=stored.segments,
            segment=stored.segment,
            position=stored.position,
            done=stored.done,
            mark=stored.mark,
            counts=stored.counts,
            source=Digest.parse(stored.source),
            target=Digest.parse(stored.target),
        )
    except (msgspec.MsgspecError, ValueError, DataError) as cause:
        if isinstance(cause, CheckpointError):
            raise
        raise CheckpointError(
            f"The checkpoint of segment {segment} of job {job} cannot be read ({cause}).", hint=_HINT
        ) from cause
    if (found.job, found.segments, found.segment) != (job, segments, segment):
        raise CheckpointError(
            f"The checkpoint is of segment {found.segment} of {found.segments} of job {found.job}, "
            f"not of segment {segment} of {segments} of job {job}.",
            hint=_HINT,
        )
    return found


def _checksum(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).hexdigest().encode()
