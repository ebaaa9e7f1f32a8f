"""Jobs that the console itself runs: a resume or an undo that somebody began in a page, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Final

from dynasmith import FlowStarted
from dynasmith.console.state import Console
from dynasmith.errors import DynasmithError, Interrupted, UsageError
from dynasmith.jobs.job import Job
from dynasmith.jobs.spec import Replace
from dynasmith.ports.listener import Event, Listener

_log = logging.getLogger("dynasmith.console")

BEGIN_SECONDS: Final = 10.0
"""How long a reader waits to hear whether a job began; one that takes longer goes on, and its page shows it."""
END_SECONDS: Final = 10.0
"""How long the end of the console waits for its jobs to stop."""


def refuse_hooks(job: Job, *, lifts: bool = False) -> None:
    """Raise UsageError for a switch that is under way and was given a command: pages run none, and to go on would.
    ``lifts``: what takes a fence off would run its command in every other state, too."""
    progress = job.spec.progress if isinstance(job.spec, Replace) else None
    if progress is None:
        return
    if progress.state in ("cutover", "cutover back"):
        refuse_commands((progress.pointer, progress.fence, *progress.fences.values()), f"jobs resume {job.id}")
    elif lifts:
        refuse_commands(progress.fences.values(), f"replace abort {job.id}")


def refuse_commands(texts: Iterable[str], words: str) -> None:
    """Raise UsageError where one of these pointers and fences is a command; ``words`` are those of the command line
    that runs it."""
    if any(text.startswith("hook:") for text in texts):
        raise UsageError("A page runs no commands.", hint=f"on the command line: dynasmith {words}")


class _Run:
    """One thread, and whether the job began."""

    def __init__(self, work: Callable[[Listener], object], ending: threading.Event) -> None:
        self._work, self._ending = work, ending
        self.known = threading.Event()
        self.job = ""
        self.failure: DynasmithError | None = None
        self.thread = threading.Thread(target=self._body, name="dynasmith-console-job", daemon=True)

    def _body(self) -> None:
        try:
            self._work(self._hear)
        except DynasmithError as error:
            self.failure = error
        except Exception:
            _log.exception("A job of the console failed.")
            raise
        finally:
            self.known.set()

    def _hear(self, event: Event) -> None:
        if isinstance(event, FlowStarted):
            self.job = event.job
            self.known.set()
        if self._ending.is_set():  # a run that hears this stops as by Ctrl-C, and can be resumed
            raise Interrupted("The console ended.", hint="resume the job")


class JobRuns:
    """The runs of this console. They end with it, as by Ctrl-C: nothing is lost, and the jobs can be resumed."""

    def __init__(self, _console: Console) -> None:
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._runs: list[_Run] = []

    def begin(self, work: Callable[[Listener], object]) -> str:
        """Run ``work`` with a listener, and return the id of its job when that has begun; empty where that is not known
        yet. Raises what ``work`` raised before that, ConsentRequired too."""
        run = _Run(work, self._ending)
        with self._lock:
            self._runs = [each for each in self._runs if each.thread.is_alive()] + [run]
        run.thread.start()
        run.known.wait(BEGIN_SECONDS)
        if not run.job and run.failure is not None:
            raise run.failure
        return run.job

    def close(self) -> None:
        """Stop them, and wait for that."""
        self._ending.set()
        with self._lock:
            runs = tuple(self._runs)
        for run in runs:
            run.thread.join(END_SECONDS)
