"""A job: one run of a long verb, that can be killed at any instant and continued."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec

from dynasmith.errors import CheckpointError, DynasmithError, RunError
from dynasmith.items.digest import Digest
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.format_1 import decode_parameters, encode_parameters
from dynasmith.jobs.spec import Spec, UnreadableSpec, without_values

#: The version of a job's JSON. A newer one is refused.
FORMAT: Final = 1

State: TypeAlias = Literal["running", "paused", "waiting", "interrupted", "done", "failed", "cancelled"]

#: Where each state may go. A job that is done or cancelled is over; a failed one may be resumed. One that is
#: waiting has no process: the service works, and whoever looks next goes on.
MOVES: Final[Mapping[State, tuple[State, ...]]] = {
    "running": ("paused", "waiting", "interrupted", "done", "failed", "cancelled"),
    "paused": ("running", "interrupted", "done", "failed", "cancelled"),
    "waiting": ("running", "cancelled"),
    "interrupted": ("running", "cancelled"),
    "failed": ("running", "cancelled"),
    "done": (),
    "cancelled": (),
}

#: What a job in another state refuses to do, by the state that it would have.
_VERBS: Final[Mapping[State, str]] = {"running": "be resumed", "cancelled": "be cancelled"}


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a ledger keeps of a job. ``jobs resume`` keeps the id, ``started_at`` and the number of segments."""

    id: str
    #: What it was asked to do: enough to continue it.
    spec: Spec | UnreadableSpec
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
    #: Its transform was seen to change keys: from then on nothing is written over another item.
    only_new: bool = False
    #: How long its runs took together; what a kill cut off is missing.
    ran_seconds: float = 0.0
    #: How many items it will read, about; None where that is not known when it begins.
    estimated_items: int | None = None
    #: What began it, where that was not a person: ``migration:0.0.3:split_name``.
    origin: str = ""
    #: The reason surely repeats nothing of an item.
    plain_reason: bool = False

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.state}: {self.counts.arithmetic}>"

    @property
    def verb(self) -> str:
        """The word for what it does: ``copy``, ``export``, ``populate``, ``backfill`` or ``undo``."""
        return self.spec.verb

    @property
    def total_items(self) -> int | None:
        """How many items it will read, about; None where that is unknown, or wrong because more were read."""
        total = self.estimated_items
        return total if total is not None and total >= self.counts.read else None

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


def moved(job: Job, state: State, now: datetime, *, reason: str = "", plain: bool = False) -> Job:
    """The job in another state; ``plain`` says that the reason repeats nothing of an item. Of a deletion without a
    journal that is over, the condition goes, which has values of items. Raises RunError where it cannot go there."""
    if state not in MOVES[job.state]:
        raise RunError(
            f"Job {job.id} is {job.state} and cannot {_VERBS.get(state, f'become {state}')}.",
            hint="start a new job" if job.over else f"it can become {', '.join(MOVES[job.state])}",
        )
    spec = job.spec if MOVES[state] else without_values(job.spec)
    return msgspec.structs.replace(job, spec=spec, state=state, changed_at=now, reason=reason, plain_reason=plain)


def counted(job: Job, counts: Counts, digest: Digest | None = None) -> Job:
    """The job with the counts, and at its end the digest, of its checkpoints."""
    return msgspec.structs.replace(job, counts=counts, digest=job.digest if digest is None else str(digest))


def seen(job: Job, counts: Counts, digest: Digest) -> Job:
    """The job as a ledger shows it, from the sum of its checkpoints. One that is over may have counted more than they
    hold: what was written of a page that a cancelled job left."""
    whole = job.counts if job.over and job.counts.read >= counts.read else counts
    return counted(job, whole, digest if job.state == "done" and digest.count else None)


def readable(job: Job) -> Spec:
    """What the job was asked to do. Raises CheckpointError where this version cannot read it."""
    if isinstance(job.spec, UnreadableSpec):
        raise CheckpointError(
            f"The parameters of job {job.id} cannot be read: {job.spec.reason}.",
            hint="continue it with the dynasmith that began it, or start a new job",
        )
    return job.spec


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
        "throttles": dict(counts.throttles),
        "dead": counts.dead,
        "read_units": counts.read_units,
        "write_units": counts.write_units,
        "personal": msgspec.to_builtins(counts.personal),
        "sample_missing": msgspec.to_builtins(counts.sample_missing),
        "digest": job.digest or None,
        "reason": job.reason or None,
        "parameters": _shown(msgspec.json.decode(_parameters(job))),
    }


def _shown(parameters: dict[str, Any]) -> dict[str, Any]:
    """Without the documents that a detached apply carries for programs: its plan, and the tables before it."""
    return {name: value for name, value in parameters.items() if name not in _DOCUMENTS}


_DOCUMENTS: Final = ("plan", "tables_before")


class _JobRecord(msgspec.Struct, kw_only=True):
    """A job as format 1 keeps it."""

    id: str
    verb: str
    parameters: msgspec.Raw = msgspec.Raw(b"{}")
    state: State = "running"
    started_at: datetime
    changed_at: datetime
    segments: int = 1
    counts: Counts = Counts()
    digest: str = ""
    reason: str = ""
    owner: str = ""
    format: int = FORMAT


_COMMON: Final = ("id", "state", "started_at", "changed_at", "segments", "counts", "digest", "reason", "owner")


def _parameters(job: Job) -> msgspec.Raw:
    return encode_parameters(
        job.spec,
        only_new=job.only_new,
        ran_seconds=job.ran_seconds,
        estimated_items=job.estimated_items,
        origin=job.origin,
        plain_reason=job.plain_reason,
    )


def encode_job(job: Job) -> bytes:
    """The job as the ledger keeps it, one line of JSON."""
    common = {name: getattr(job, name) for name in _COMMON}
    return msgspec.json.encode(_JobRecord(verb=job.verb, parameters=_parameters(job), **common)) + b"\n"


def decode_job(written: bytes) -> Job:
    """The job that ``encode_job`` wrote. Raises CheckpointError where the bytes are damaged or of a newer version.

    Parameters that cannot be read do not hide the job: see `readable`.
    """
    try:
        version = msgspec.json.decode(written, type=_Version).format
        if version == FORMAT:
            record = msgspec.json.decode(written, type=_JobRecord)
            read = decode_parameters(record.verb, record.parameters)
            common = {name: getattr(record, name) for name in _COMMON}
            return Job(**common, **read._asdict())
    except (msgspec.MsgspecError, ValueError) as cause:
        raise CheckpointError(
            f"What the ledger keeps of a job is damaged ({cause}).", hint="start a new job"
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
