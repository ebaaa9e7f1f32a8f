"""Where the history of migrations is kept: events that are only added, the steps of what runs, and one lock."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from dynasmith.migrations.event import LockRecord, MigrationEvent, RunInvocation, StepRecord
from dynasmith.migrations.history import MigrationHistory
from dynasmith.ports.permit import Term


class HistoryHold(Protocol):
    """The lock, held by this process: nobody else writes to the history until ``release`` or until it is gone."""

    @property
    def fence(self) -> int:
        """How often the lock was taken: higher than that of every run before."""
        ...

    @property
    def held(self) -> bool:
        """Whether this process may write."""
        ...

    @property
    def term(self) -> Term:
        """How long it may, as far as it knows now: so long it also has the jobs of its migrations."""
        ...

    def append(self, event: MigrationEvent) -> MigrationEvent:
        """Add an event under the next number, and give it with that. Raises LeaseLost where the lock is another's."""
        ...

    def steps(self, event: MigrationEvent) -> Sequence[StepRecord]:
        """The steps recorded under the migration that began with ``event``, as they count, by ordinal. What runs of an
        older fence still write does not count from now on."""
        ...

    def keep_step(self, event: MigrationEvent, step: StepRecord) -> None:
        """Keep a step, in place of what was kept of it. Raises LeaseLost."""
        ...

    def recorded(self, event: MigrationEvent) -> Sequence[StepRecord]:
        """The same steps, only read: they are not inherited."""
        ...

    def forget_steps(self, event: MigrationEvent) -> None:
        """Remove the steps of a migration that is over."""
        ...

    def park(self) -> None:
        """Keep the lock for the next invocation of the same run, which gets it at once; others after 60 s. Nothing is
        written under this hold any more. Raises LeaseLost."""
        ...

    def release(self) -> None:
        """Let others have it; twice is allowed."""
        ...


class HistoryStore(Protocol):
    """The history of one environment. Every call raises a DynasmithError; nothing is cached."""

    @property
    def place(self) -> str:
        """What it is, for a sentence."""
        ...

    def read(self) -> MigrationHistory:
        """All events and the lock; an empty history where there is no table. Only reads."""
        ...

    def recorded(self, event: MigrationEvent) -> Sequence[StepRecord]:
        """The steps recorded under the migration that began with ``event``, by ordinal. Only reads."""
        ...

    def lock(self) -> LockRecord:
        """Who holds the lock, or held it last. Only reads."""
        ...

    def answer(self, request: str) -> Any:
        """What was kept as the answer to a request; None where nothing was. Only reads."""
        ...

    def keep_answer(self, request: str, answer: Any) -> Any:
        """Keep an answer, JSON of at most 350 KB, unless there is one, and give the kept one. Makes the table where
        there is none. Raises RunError for one that is too big."""
        ...

    def hold(
        self, run: str, command: str, who: str, *, wait_seconds: float, invocation: RunInvocation | None = None
    ) -> AbstractContextManager[HistoryHold]:
        """Take the lock, and make the table where there is none; wait at most so long for it. Raises Locked.

        An ``invocation`` does not watch a lock for its lease: it gets one that is free by what it brings, that its own
        run parked, or that was held by an invocation which is over.
        """
        ...

    def unlock(self, run: str, who: str) -> None:
        """Take the lock from whoever has it, whose writes no longer count, and free it."""
        ...
