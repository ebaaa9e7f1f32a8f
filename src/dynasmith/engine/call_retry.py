"""Sends one call, again and again while what refuses it clears by itself."""

from typing import Final

from dynasmith.engine.waiter import StopFlag, WaitBudget, rest
from dynasmith.errors import (
    BROKEN_REPLY,
    DynasmithError,
    LimitExceeded,
    ServiceError,
    ServiceUnavailable,
    TableBusy,
    TableExists,
    Throttled,
)
from dynasmith.plans.step import Call, CallCreateTable
from dynasmith.ports.clock import Clock
from dynasmith.ports.tables import Tables

# A table that another call is changing, or a full queue of control-plane operations, clears within minutes.
BUSY_SECONDS_MAX: Final = 900.0
PAUSE_SECONDS_FIRST: Final = 0.2
PAUSE_SECONDS_MAX: Final = 15.0


def send(
    step: Call, table: str, tables: Tables, clock: Clock, stop: StopFlag, budget: WaitBudget | None = None
) -> None:
    """Send one call; what clears by itself is tried again with growing pauses, up to fifteen minutes, or for as long as
    the error says that it takes, within ``budget``.

    Raises what the service refuses otherwise, and Interrupted. Stopped halfway, the call was sent or was not.
    """
    begun, limit = clock.monotonic(), (budget or WaitBudget(clock)).limit
    pause = PAUSE_SECONDS_FIRST
    while True:
        stop.check()
        try:
            tables.send(table, step)
        except TableExists:
            # Another process created it between our reading and now: what it made is compared at the end.
            if isinstance(step, CallCreateTable):
                return
            raise
        except (TableBusy, LimitExceeded, Throttled, ServiceUnavailable) as error:
            waited = clock.monotonic() - begun
            if waited >= limit(_busy_seconds(error)) or not _clears(error):
                raise
            rest(pause, clock, stop)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)
        else:
            return


def _busy_seconds(error: DynasmithError) -> float:
    """How long to try again after an error that clears by itself."""
    known = error.clears_within_seconds if isinstance(error, TableBusy) else None
    return BUSY_SECONDS_MAX if known is None else known


def _clears(error: DynasmithError) -> bool:
    """Whether waiting can help: too many operations at a time, yes; too many indexes or decreases, no.

    Replies that are not the service's were asked for again already: what changes them on the way seldom ends by itself.
    """
    if not isinstance(error, LimitExceeded):
        return not (isinstance(error, ServiceError) and error.service_code == BROKEN_REPLY)
    text = error.message.lower()
    return "simultaneous" in text or "concurrent" in text or "at a time" in text
