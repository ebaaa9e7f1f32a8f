"""What the flow says while it works."""

from dynasmith.jobs.counts import Counts
from dynasmith.ports.listener import Event


class FlowStarted(Event, frozen=True, kw_only=True, tag="flow-started"):
    """A job begins or goes on. ``total_items`` is an estimate that may be hours old; None when nobody knows."""

    job: str
    verb: str
    segments: int
    total_items: int | None
    resumed: bool


class FlowNote(Event, frozen=True, kw_only=True, tag="flow-note"):
    """Something that a person should know before a job begins: how the fields of a CSV file are read."""

    sentence: str


class FlowProgress(Event, frozen=True, kw_only=True, tag="flow-progress"):
    """Several times a second. Rates are units a second that the pace leaves now, infinite without a limit.

    ``counts`` holds each batch that was acknowledged, also of pages that are in no checkpoint yet. ``total_items`` is
    an estimate, None when nobody knows.
    """

    job: str
    counts: Counts
    total_items: int | None
    seconds: float
    items_per_second: float
    read_rate: float
    write_rate: float
    remaining_seconds: float | None
    paused: bool = False


class FlowDead(Event, frozen=True, kw_only=True, tag="flow-dead"):
    """The first dead letter of a kind; the others of it are counted only. ``place`` is a file and line, or empty.

    ``trace`` says where in a transform it failed.
    """

    job: str
    code: str
    reason: str
    place: str = ""
    trace: str = ""


class FlowStopping(Event, frozen=True, kw_only=True, tag="flow-stopping"):
    """A signal came: nothing more is sent. ``requests`` writes are under way and are waited for, or those of so many
    ``processes``."""

    job: str
    requests: int
    processes: int = 0


class FlowEnded(Event, frozen=True, kw_only=True, tag="flow-ended"):
    """The job is over for now, in this state. ``again`` says what to do instead of resuming it, where it cannot be."""

    job: str
    state: str
    counts: Counts
    seconds: float
    again: str = ""
