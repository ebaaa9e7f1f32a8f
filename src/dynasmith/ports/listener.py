"""Events: what the engine says while it works. The command line draws them, a Lambda logs them, tests assert them."""

from typing import Protocol

from msgspec import Struct

from dynasmith.plans.retirement import RetirementStep
from dynasmith.plans.step import Step


class Event(Struct, frozen=True, kw_only=True):
    """Base of the events; each is about one table (its physical name)."""

    table: str


class TableStarted(Event, frozen=True, kw_only=True, tag="table-started"):
    """Work on the table begins; ``steps`` is how many there are."""

    steps: int


class StepStarted(Event, frozen=True, kw_only=True, tag="step-started"):
    """Step ``number`` (from 1) begins."""

    number: int
    step: Step


class StepWaiting(Event, frozen=True, kw_only=True, tag="step-waiting"):
    """A wait was polled and is not over. ``state`` says what was seen, ``waited_seconds`` how long it has lasted."""

    number: int
    step: Step
    state: str
    waited_seconds: float


class StepDone(Event, frozen=True, kw_only=True, tag="step-done"):
    """Step ``number`` is done."""

    number: int
    step: Step
    seconds: float


class TablePostponed(Event, frozen=True, kw_only=True, tag="table-postponed"):
    """The rest must wait (one TTL change an hour); ``reason`` says when to run again."""

    reason: str


class TableUnfinished(Event, frozen=True, kw_only=True, tag="table-unfinished"):
    """The caller did not want to wait longer; ``reason`` says what is not there yet."""

    reason: str


class BackupWaiting(Event, frozen=True, kw_only=True, tag="backup-waiting"):
    """A backup was looked at and is not there yet. ``state`` is the service's word."""

    backup: str
    state: str
    waited_seconds: float


class RestoreWaiting(Event, frozen=True, kw_only=True, tag="restore-waiting"):
    """A table that is being restored was looked at and is not there yet; ``state`` says what was seen."""

    job: str
    state: str
    waited_seconds: float


class RestoreStep(Event, frozen=True, kw_only=True, tag="restore-step"):
    """A part of a restore is done, or begins; in a sentence."""

    job: str
    sentence: str


class TableDone(Event, frozen=True, kw_only=True, tag="table-done"):
    """The table is as planned."""

    seconds: float


class TableFailed(Event, frozen=True, kw_only=True, tag="table-failed"):
    """Work on the table stopped; the other tables go on."""

    message: str
    hint: str


class RetirementFound(Event, frozen=True, kw_only=True, tag="retirement-found"):
    """What retiring the table does, in order, before anything is asked or done."""

    steps: tuple[RetirementStep, ...]


class RetirementStepDone(Event, frozen=True, kw_only=True, tag="retirement-step-done"):
    """One step of a retirement is over."""

    step: RetirementStep


class Listener(Protocol):
    """Takes every event, from several threads at once; must be quick and must not raise."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        ...


def silent(event: Event, /) -> None:
    """The listener that ignores everything."""
