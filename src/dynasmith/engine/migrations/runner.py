"""Run a path of migrations under the lock: begin, run, and write down what became of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.errors import ConsentRequired, DynasmithError, Interrupted, LeaseLost, RunError
from dynasmith.migrations.event import Kind, MigrationCounts, MigrationEvent, cut_text
from dynasmith.migrations.history import MigrationHistory
from dynasmith.migrations.migration import Suspended
from dynasmith.migrations.path import PathStep
from dynasmith.ports.history import HistoryHold


class Stamp(Struct, frozen=True, kw_only=True):
    """What every event of a run says: the run, who started it, where, with which version."""

    run: str
    who: str = ""
    host: str = ""
    where: Literal["local", "lambda"] = "local"
    tool: str = ""
    account: str = ""
    region: str = ""


class Figures(Struct, frozen=True, kw_only=True):
    """What a migration did so far, over all its attempts, and said in this one."""

    counts: MigrationCounts = MigrationCounts()
    read_units: float = 0.0
    write_units: float = 0.0
    jobs: tuple[str, ...] = ()
    imports: dict[str, str] = {}
    log: tuple[str, ...] = ()
    backup: str | None = None


class Attempt(Protocol):
    """One call of ``up`` or ``down``."""

    def run(self) -> None:
        """Call it. Raises what it raises; Suspended and Interrupted where it is to go on later."""
        ...

    @property
    def figures(self) -> Figures:
        """What was done; asked when it ended, in whatever way."""
        ...

    @property
    def place(self) -> str:
        """The step at which it is: ``step 2 (backfill of users)``; empty before the first."""
        ...


Open = Callable[[PathStep, MigrationEvent, HistoryHold], Attempt]
"""Loads a migration, to be run under the event with which it began."""


class Runner:
    """Runs a path. ``told`` hears of every event; ``masked`` takes what may not be kept out of the text of an error.

    ``covers`` are the versions that the migration of a reset stands for: its events keep them, also when it goes on.
    ``stopping`` is asked before each migration.
    """

    def __init__(
        self,
        hold: HistoryHold,
        open_attempt: Open,
        stamp: Stamp,
        now: Callable[[], datetime],
        *,
        accepted: Sequence[str] = (),
        covers: Sequence[str] = (),
        told: Callable[[MigrationEvent], None] = lambda _: None,
        masked: Callable[[str], str] = str,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._hold, self._open, self._stamp, self._now = hold, open_attempt, stamp, now
        self._accepted, self._covers = tuple(accepted), tuple(covers)
        self._told, self._masked, self._stopping = told, masked, stopping

    def run(self, path: Sequence[PathStep], history: MigrationHistory) -> list[MigrationEvent]:
        """Run it to its end; the last event of each migration.

        The first that fails ends the run with RunError, the first that is stopped with Interrupted: what came before
        it stays applied, and it goes first in the next run. LeaseLost where another run has the lock: nothing more is
        written.
        """
        states = history.states
        done = []
        for step in path:
            state = states.get(step.file.key)
            begun = state.begun if state is not None and step.goes_on else None
            if self._stopping():
                raise Interrupted(
                    f"The run was stopped before migration {step.file.title}.",
                    hint="run the same command again: it goes on there",
                )
            spent = state.last.elapsed_ms if state is not None and begun is not None else 0
            attempts = state.attempts + 1 if state is not None and begun is not None else 1
            done.append(self._one(step, begun, spent, attempts))
        return done

    def _one(self, step: PathStep, begun: MigrationEvent | None, spent_ms: int, attempts: int) -> MigrationEvent:
        first: Kind = "resumed" if begun is not None else "started" if step.direction == "up" else "reverting"
        at = self._now()
        event = MigrationEvent(
            number=0,
            kind=first,
            version=step.file.version,
            name=step.file.name,
            direction=step.direction,
            run=self._stamp.run,
            at=at,
            started=0 if begun is None else begun.number,
            started_at=at if begun is None else begun.at,
            elapsed_ms=spent_ms,
            attempts=attempts,
            checksum=step.file.checksum,
            who=self._stamp.who,
            host=self._stamp.host,
            where=self._stamp.where,
            tool=self._stamp.tool,
            account=self._stamp.account,
            region=self._stamp.region,
            accepted=self._accepted,
            covers=self._covers if begun is None else begun.covers,
        )
        event = self._append(event)
        begun = begun or event
        ending = replace(event, started=begun.number)
        return self._run(step, begun, ending)

    def _run(self, step: PathStep, begun: MigrationEvent, ending: MigrationEvent) -> MigrationEvent:
        began = time.monotonic()
        attempt: Attempt | None = None

        def ended(kind: Kind, error: str | None = None) -> MigrationEvent:
            figures = Figures() if attempt is None else attempt.figures
            elapsed = ending.elapsed_ms + round((time.monotonic() - began) * 1000)
            said = {name: getattr(figures, name) for name in Figures.__struct_fields__}
            return self._append(replace(ending, kind=kind, at=self._now(), elapsed_ms=elapsed, error=error, **said))

        back = step.direction == "down"
        try:
            attempt = self._open(step, begun, self._hold)
            attempt.run()
        except LeaseLost:
            raise
        except ConsentRequired as required:  # what it did until then stays, and it goes on with the consent
            ended("interrupted", cut_text(self._masked(required.message)))
            raise
        except (Suspended, Interrupted, KeyboardInterrupt) as stopped:
            ended("interrupted")
            raise Interrupted(
                f"Migration {step.file.title} was stopped{_at(attempt)}.",
                hint="`dynasmith migrate up` goes on with it, `dynasmith migrate down` takes it back"
                if not back
                else "`dynasmith migrate down` goes on with it",
            ) from stopped
        except BaseException as error:  # sys.exit() in a migration is no success
            told = _told(error)
            ended("revert_failed" if back else "failed", cut_text(self._masked(told)))
            raise _failure(step, attempt, error, told) from error
        return ended("reverted" if back else "applied")

    def _append(self, event: MigrationEvent) -> MigrationEvent:
        kept = self._hold.append(event)
        self._told(kept)
        return kept


def _at(attempt: Attempt | None) -> str:
    return f" at {attempt.place}" if attempt is not None and attempt.place else ""


def _told(error: BaseException) -> str:
    told = error.message if isinstance(error, DynasmithError) else f"{type(error).__name__}: {error}"
    return told.encode("utf-8", "backslashreplace").decode()


def _failure(step: PathStep, attempt: Attempt | None, error: BaseException, told: str) -> DynasmithError:
    own = error.hint if isinstance(error, DynasmithError) else ""
    goes_on = "`dynasmith migrate up` goes on with it once it is fixed, `dynasmith migrate down` takes it back"
    if step.direction == "down":
        goes_on = "`dynasmith migrate down` goes on with it once it is fixed"
    return RunError(
        f"Migration {step.file.title} failed{_at(attempt)}: {told.rstrip('.')}.",
        hint=f"{own}; {goes_on}" if own else goes_on,
    )
