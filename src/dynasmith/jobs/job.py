"""A job: one run of a long verb, that can be killed at any instant and continued."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec

from dynasmith.errors import CheckpointError, DynasmithError, RunError
from dynasmith.items.digest import Digest
from dynasmith.jobs.counts import Counts

#: The version of a job's JSON. A newer one is refused.
FORMAT: Final = 1

State: TypeAlias = Literal["running", "paused", "interrupted", "done", "failed", "cancelled"]

#: Where each state may go. A job that is done or cancelled is over; a failed one may be resumed.
MOVES: Final[Mapping[State, tuple[State, ...]]] = {
    "running": ("paused", "interrupted", "done", "failed", "cancelled"),
    "paused": ("running", "interrupted", "done", "failed", "cancelled"),
    "interrupted": ("running", "cancelled"),
    "failed": ("running", "cancelled"),
    "done": (),
    "cancelled": (),
}

#: The parameter that says how many items a job will read, about.
TOTAL_ITEMS: Final = "total_items"

#: What a job in another state refuses to do, by the state that it would have.
_VERBS: Final[Mapping[State, str]] = {"running": "be resumed", "cancelled": "be cancelled"}


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a ledger keeps of a job. ``jobs resume`` keeps the id, ``started_at`` and the number of segments."""

    id: str
    verb: str
    #: What the verb was asked to do, as plain JSON: enough to continue it.
    parameters: dict[str, Any] = {}
    state: State = "running"
    #: When it began first (UTC); ``ctx.now`` of its transforms, also after a resume.
    started_at: datetime
    changed_at: datetime
    segments: int = 1
    #: Of the checkpoints when the state was last changed; while it runs the checkpoints know better.
    counts: Counts = Counts()
    digest: str = ""
    #: Why it failed or was interrupted, in one sentence.
    reason: str = ""
    #: The host and process that run it, as the one who runs it says.
    owner: str = ""
    format: int = FORMAT

    @property
    def total_items(self) -> int | None:
        """How many items it will read, about; None where that is unknown, or wrong because more were read."""
        total = self.parameters.get(TOTAL_ITEMS)
        return total if isinstance(total, int) and total >= self.counts.read else None

    @property
    def over(self) -> bool:
        """Whether nothing more can become of it."""
        return not MOVES[self.state]

    @property
    def resumable(self) -> bool:
        """Whether it can be made to run again."""
        return "running" in MOVES[self.state]


def job_id(verb: str, now: datetime, entropy: bytes) -> str:
    """An id that sorts by time and reads as what it is: ``copy-20261120T232713-9f3a1c``; 3 random bytes."""
    return f"{verb}-{now.astimezone(UTC):%Y%m%dT%H%M%S}-{entropy[:3].hex()}"


def moved(job: Job, state: State, now: datetime, *, reason: str = "") -> Job:
    """The job in another state. Raises RunError where it cannot go there."""
    if state not in MOVES[job.state]:
        raise RunError(
            f"Job {job.id} is {job.state} and cannot {_VERBS.get(state, f'become {state}')}.",
            hint="start a new job" if job.over else f"it can become {', '.join(MOVES[job.state])}",
        )
    return msgspec.structs.replace(job, state=state, changed_at=now, reason=reason)


def counted(job: Job, counts: Counts, digest: Digest | None = None) -> Job:
    """The job with the counts, and at its end the digest, of its checkpoints."""
    return msgspec.structs.replace(job, counts=counts, digest=job.digest if digest is None else str(digest))


def seen(job: Job, counts: Counts, digest: Digest) -> Job:
    """The job as a ledger shows it, from the sum of its checkpoints. One that is over may have counted more than they
    hold: what was written of a page that a cancelled job left."""
    whole = job.counts if job.over and job.counts.read >= counts.read else counts
    return counted(job, whole, digest if job.state == "done" and digest.count else None)


def describe_job(job: Job) -> dict[str, Any]:
    """The job as ``--json`` shows it (contract): flat counts, times in RFC 3339 UTC."""
    counts = job.counts
    return {
        "id": job.id,
        "verb": job.verb,
        "state": job.state,
        "started_at": _utc(job.started_at),
        "changed_at": _utc(job.changed_at),
        "total_items_estimate": job.total_items,
        "read": counts.read,
        "fanned_out": counts.fanned_out,
        "dropped": counts.dropped,
        "written": counts.written,
        "unchanged": counts.unchanged,
        "already": counts.already,
        "skipped": counts.skipped,
        "retried": counts.retried,
        "throttled": counts.throttled,
        "dead": counts.dead,
        "read_units": counts.read_units,
        "write_units": counts.write_units,
        "digest": job.digest or None,
        "reason": job.reason or None,
        "parameters": job.parameters,
    }


def encode_job(job: Job) -> bytes:
    """The job as the ledger keeps it, one line of JSON."""
    return msgspec.json.encode(job) + b"\n"


def decode_job(written: bytes) -> Job:
    """The job that ``encode_job`` wrote. Raises CheckpointError where the bytes are damaged or of a newer version."""
    try:
        version = msgspec.json.decode(written, type=_Version).format
        if version == FORMAT:
            return msgspec.json.decode(written, type=Job)
    except (msgspec.MsgspecError, ValueError) as cause:
        raise CheckpointError(
            f"What the ledger keeps of a job is damaged ({cause}).", hint="start the job anew"
        ) from cause
    raise CheckpointError(
        f"The ledger keeps a job in version {version}, and this is version {FORMAT}.",
        hint="continue the job with the dynasmith that began it",
    )


class _Version(msgspec.Struct):
    format: int


def failure_reason(error: DynasmithError) -> str:
    """The sentence that a failed job keeps."""
    return f"{error.message} {error.hint}".strip()


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
