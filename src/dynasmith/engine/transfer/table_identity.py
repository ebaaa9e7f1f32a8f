"""The tables of a job are the ones that it began with: compared while it runs, and before it says that it is done.

A table that is deleted and created again under its name holds nothing of what was written before, and no write to it
fails. Only its id tells. After a lost connection the connections compare by themselves (``aws.data.table_identity``).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from dynasmith.engine.transfer.events import FlowNote
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import (
    AccessDenied,
    AccessError,
    CheckpointError,
    DynasmithError,
    ServiceUnavailable,
    TableNotFound,
    Throttled,
    Unreachable,
)
from dynasmith.ports.concurrency import tasks_together
from dynasmith.ports.items import TableStatePort
from dynasmith.ports.listener import Listener, silent

EVERY_SECONDS = 60.0
"""How often the tables of a job that runs are compared: one DescribeTable each."""

POLL_SECONDS = 0.25

_log = logging.getLogger("dynasmith.jobs")

_PASSING = (ServiceUnavailable, Throttled, Unreachable, AccessError)
"""Errors that say nothing about the table: where items still move, they are no reason to stop."""


@dataclass(frozen=True, slots=True)
class Notifier:
    """How a table that is another one is said: ``since`` ends a sentence, ``lost`` says what follows from it."""

    since: str
    lost: str
    hint: str


READING = Notifier("while it was read", "what was found holds for neither of the two.", "run it again")
"""For verbs that only read."""


@dataclass(slots=True)
class TableIdentityCheck:
    """Compares tables with what they were when they were described. ``monotonic`` is the clock of the minute.

    ``also`` are other comparisons that belong to the job (the table of its ledger); they raise what they find.
    """

    ends: Sequence[TableEnd]
    told: Notifier
    listener: Listener = silent
    monotonic: Callable[[], float] = monotonic
    also: Sequence[Callable[[], Awaitable[None]]] = ()
    _looks: dict[int, TableStatePort] = field(default_factory=dict)
    _denied: set[int] = field(default_factory=set)

    def note_unknown(self) -> None:
        """Say once of which tables the engine gives no id."""
        for end in self.ends:
            if not end.description.table_id:
                self._say(end, f"{end.access.where} gives table {end.name} no TableId")

    async def check(self) -> None:
        """Compare now. Raises CheckpointError where a table is gone, is being deleted, or is another one; other errors
        of the service where it cannot be read."""
        for place, end in enumerate(self.ends):
            if place not in self._denied:
                await self._check(place, end)
        for check in self.also:
            await check()

    async def glance(self) -> bool:
        """Compare now; False where the service cannot be asked. Raises CheckpointError as `check` does."""
        try:
            await self.check()
        except _PASSING as error:
            _log.info("Which tables a job has cannot be read now: %s", error)
            return False
        return True

    async def watch(self) -> None:
        """Compare once a minute, forever. Raises CheckpointError as `check` does."""
        due = self.monotonic() + EVERY_SECONDS
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self.monotonic() >= due:
                await self.glance()
                due = self.monotonic() + EVERY_SECONDS

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Compare once a minute while what is inside runs, and at its end. What is inside must only read. Raises
        CheckpointError where a table is another one; nothing that was read then proves anything."""
        try:
            async with tasks_together() as tasks:
                watch = tasks.create_task(self.watch(), name="same tables")
                try:
                    yield
                except DynasmithError as error:
                    found = await self.explained(error)
                    if found is error:
                        raise
                    raise found from error
                finally:
                    watch.cancel()
            await self.check()
        finally:
            await self.close()

    async def explained(self, error: DynasmithError) -> DynasmithError:
        """The error of a run, or what is behind it: a table that is gone, or another one. Of a table without an id
        nothing says that it was there before."""
        identified = all(end.description.table_id for end in self.ends)
        if isinstance(error, CheckpointError) or (isinstance(error, TableNotFound) and identified):
            try:
                await self.check()
            except CheckpointError as found:
                return found
            except DynasmithError as second:
                _log.info("Which tables a job has cannot be read now: %s", second)
        return error

    async def close(self) -> None:
        """Close the connections."""
        for look in self._looks.values():
            await look.close()

    async def _check(self, place: int, end: TableEnd) -> None:
        if place not in self._looks:
            self._looks[place] = await end.access.look(end.name)()
        try:
            state = await self._looks[place].now()
        except TableNotFound as error:
            raise self._found(f"Table {end.name} was deleted") from error
        except AccessDenied:
            self._denied.add(place)
            self._say(end, f"dynamodb:DescribeTable on table {end.name} is not allowed any more")
            return
        before = end.description.table_id
        if before and state.table_id and state.table_id != before:
            raise self._found(f"Table {end.name} was deleted and recreated")
        if state.status == "DELETING":  # such a description may have no id
            raise self._found(f"Table {end.name} is being deleted: that began")
        if before and not state.table_id:
            raise CheckpointError(
                f"A reply to DescribeTable on {end.name} has no TableId, so it cannot be known for the same table.",
                hint="check the proxies between this machine and the service, then resume the job",
            )

    def _found(self, what: str) -> CheckpointError:
        return CheckpointError(f"{what} {self.told.since}: {self.told.lost}", hint=self.told.hint)

    def _say(self, end: TableEnd, why: str) -> None:
        sentence = f"{why}, so that one that is deleted and recreated meanwhile is not noticed"
        self.listener(FlowNote(table=end.name, sentence=f"{sentence}."))
