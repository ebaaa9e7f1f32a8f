"""Every port of a backfill with a killer at its calls: source, updates, journal, ledger."""

from collections.abc import Callable, Sequence
from typing import Any

from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.files.ledger import FolderLedger
from dynasmith.ports.items import OpenSource, ThrottleListener
from dynasmith.ports.journal import JournalEntry, JournalEntryId, UndoJournal
from dynasmith.ports.updates import ItemChange, OpenUpdates, SentChanges, Updates
from flow.killing import KillClaim, Killer, KillSource


class KillAccess:
    """The access of a table whose sources are killed."""

    def __init__(self, real: Any, killer: Killer) -> None:
        self.real, self.killer = real, killer
        self.where = real.where

    def source(self, *arguments: Any, **more: Any) -> OpenSource:
        opened = self.real.source(*arguments, **more)

        async def open_killed(heard: ThrottleListener) -> KillSource:
            return KillSource(await opened(heard), self.killer)

        return open_killed

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class KillUpdates:
    """Updates that are killed."""

    def __init__(self, real: Updates, killer: Killer) -> None:
        self.real, self.killer = real, killer
        self.batch_items = real.batch_items

    async def send(self, changes: Sequence[ItemChange]) -> SentChanges:
        sent: SentChanges = await self.killer.call(self.real.send(changes))
        return sent

    async def close(self) -> None:
        await self.real.close()


def kill_updates(real: OpenUpdates, killer: Killer) -> OpenUpdates:
    async def opened(heard: ThrottleListener) -> KillUpdates:
        return KillUpdates(await real(heard), killer)

    return opened


class KillJournal:
    """A journal that is killed."""

    def __init__(self, real: UndoJournal, killer: Killer) -> None:
        self.real, self.killer = real, killer

    async def begin(self, segment: int, mark: bytes) -> Sequence[JournalEntry]:
        found: Sequence[JournalEntry] = await self.killer.call(self.real.begin(segment, mark))
        return found

    def guard(self, check: Callable[[], None]) -> None:
        self.real.guard(check)

    async def append(self, segment: int, changes: Sequence[bytes]) -> Sequence[JournalEntryId]:
        found: Sequence[JournalEntryId] = await self.killer.call(self.real.append(segment, changes))
        return found

    def void(self, segment: int, ids: Sequence[JournalEntryId]) -> None:
        self.real.void(segment, ids)

    async def mark(self, segment: int) -> bytes:
        return bytes(await self.killer.call(self.real.mark(segment)))

    async def close(self) -> None:
        await self.real.close()


class KillLedger:
    """A ledger whose new jobs are killed at their saves."""

    def __init__(self, real: FolderLedger, killer: Killer) -> None:
        self.real, self.killer = real, killer

    def begin(self, job: Any) -> KillClaim:
        return KillClaim(self.real.begin(job), self.killer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def killed_end(real: TableEnd, killer: Killer) -> TableEnd:
    return TableEnd(real.description, KillAccess(real.access, killer))
