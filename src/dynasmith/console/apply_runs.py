"""Applies that pages began: each is a detached apply of the library, and a thread here goes on with it.

The library decides everything: which tables are free, what is sent, when to look again. A console that ends stops
between two steps, and any machine that reads the ledger goes on with the job.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dynasmith import Detached, StopFlag
from dynasmith.console.plan_desk import PlanDesk
from dynasmith.console.reader import TableReader
from dynasmith.console.state import Console
from dynasmith.errors import DynasmithError, Locked, Unreachable
from dynasmith.plans.consent import Consent
from dynasmith.plans.plan import Plan
from dynasmith.ports.listener import Event, StepDone, StepStarted, StepWaiting
from dynasmith.project.project import world_of

TICK_SECONDS: Final = 30.0
PAUSE_SECONDS_MIN: Final = 0.2
PAUSE_SECONDS_MAX: Final = 5.0
"""Who looks at the picture sees what arrived after so long, also where the library would look later."""
PIECE_SECONDS: Final = 0.5


@dataclass(frozen=True)
class StepEvent:
    """The last that was heard of a step: how long it took, or what is seen while it is waited for."""

    seconds: float
    seen: str = ""
    done: bool = False


class ApplyRuns:
    """Begins detached applies and goes on with them, each in a thread; kept by the console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._events: dict[str, dict[tuple[str, int], StepEvent]] = {}
        self._stop = StopFlag()
        self._closed = threading.Event()

    def begin(self, plan: Plan, consent: Consent) -> str:
        """Begin to apply ``plan``; the id of its job. Raises what `Project.apply` raises: ConsentRequired with all that
        is to be asked, Locked where another apply changes one of the tables, StalePlan."""
        heard: dict[tuple[str, int], StepEvent] = {}
        job = self._console.project.apply(
            plan, detach=Detached(), consent=consent, listener=lambda event: _hear(heard, event)
        )
        self._events[job.id] = heard
        self.carry(job.id)
        return job.id

    def carry(self, job: str) -> None:
        """Go on with a detached apply, in the background; nothing where this console does it already."""
        with self._lock:
            running = self._threads.get(job)
            if self._console.closed or (running is not None and running.is_alive()):
                return
            thread = threading.Thread(target=self._carry, args=(job,), name=f"console-{job}", daemon=True)
            self._threads[job] = thread
            thread.start()

    def carries(self, job: str) -> bool:
        """Whether this console goes on with the job."""
        running = self._threads.get(job)
        return running is not None and running.is_alive()

    def heard(self, job: str) -> Mapping[tuple[str, int], StepEvent]:
        """What was heard of each step, by table and number."""
        return dict(self._events.get(job, {}))

    def close(self) -> None:
        """Stop between two steps."""
        self._stop.stop()
        self._closed.set()
        for thread in tuple(self._threads.values()):
            thread.join(timeout=20)

    def _carry(self, job: str) -> None:
        heard = self._events.setdefault(job, {})
        jobs = self._console.project.jobs
        while not self._closed.is_set():
            pause = PAUSE_SECONDS_MAX
            try:
                report = jobs.tick(
                    job, seconds=TICK_SECONDS, listener=lambda event: _hear(heard, event), stopped=self._stop
                )
            except (Locked, Unreachable):
                pass  # another process works on it, or nothing answers: look again
            except DynasmithError:
                break  # the job says why
            else:
                if report.job.over or not report.job.resumable or report.job.state == "failed":
                    break
                pause = self._seconds_to(report.next_look)
            self._rest(pause)
        self._console.kept(PlanDesk).forget()
        with suppress(DynasmithError):
            self._console.kept(TableReader).refresh()

    def _rest(self, seconds: float) -> None:
        """Wait by the clock of the project, in pieces, so that the end of the console is noticed."""
        clock = world_of(self._console.project).clock
        while not self._closed.is_set() and seconds > 0:
            clock.sleep(min(seconds, PIECE_SECONDS))
            seconds -= PIECE_SECONDS

    def _seconds_to(self, look: datetime | None) -> float:
        if look is None:
            return PAUSE_SECONDS_MIN
        left = (look - world_of(self._console.project).clock.now()).total_seconds()
        return min(max(left, PAUSE_SECONDS_MIN), PAUSE_SECONDS_MAX)


def _hear(heard: dict[tuple[str, int], StepEvent], event: Event) -> None:
    match event:
        case StepStarted():
            heard[event.table, event.number] = StepEvent(0.0)
        case StepWaiting():
            heard[event.table, event.number] = StepEvent(event.waited_seconds, event.state)
        case StepDone():
            before = heard.get((event.table, event.number))
            waited = before.seconds if before is not None else 0.0
            heard[event.table, event.number] = StepEvent(max(event.seconds, waited), done=True)
        case _:
            pass
