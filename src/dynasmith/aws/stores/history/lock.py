"""The lock of the migrations of an environment: one item, written on conditions, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from dynasmith.aws.stores.history.records import item_of, lock_of
from dynasmith.aws.stores.lease import LockState
from dynasmith.aws.stores.table_ledger import LedgerTable
from dynasmith.migrations.event import LockRecord, RunInvocation


class HistoryLock:
    """Keeps `dynasmith.aws.stores.lease.Lock`. ``wanted`` is what is written when it is taken: run, command, who.

    One that its own run parked is free for that run, and so is one whose invocation is known to be over.
    """

    def __init__(
        self,
        table: LedgerTable,
        key: Mapping[str, Any],
        wanted: LockRecord,
        *,
        parked_seconds: float,
        invocation: RunInvocation | None = None,
    ) -> None:
        self._table, self._key, self._parked_seconds = table, dict(key), parked_seconds
        self._invocation = invocation or RunInvocation(id="")
        self._wanted = replace(wanted, invocation=self._invocation.id, token=uuid4().hex)
        self.record = LockRecord()
        self._events = 0

    @property
    def owner(self) -> str:
        """Who takes it, and for which run."""
        return f"{self._wanted.who}, run {self._wanted.run}"

    @property
    def fence(self) -> int:
        """Of the last ``take``."""
        return self.record.fence

    def read(self) -> LockState | None:
        """One strong read; None where nobody runs migrations."""
        found = self._table.item(self._key)
        self.record = lock_of(found) if found is not None else LockRecord()
        if self._is_free():
            return None
        watched = self._invocation.watched
        return LockState(
            f"{self.record.who}, run {self.record.run}",
            self.record.beat,
            mark=f"{self.record.fence} {self.record.state}",
            still_seconds=self._parked_seconds if self.record.state == "parked" else None,
            seen_seconds=watched.seconds if watched is not None and watched.is_of(self.record) else 0.0,
        )

    def _is_free(self) -> bool:
        """Whether it is to be had at once."""
        if self.record.run != self._wanted.run or self.record.state == "free":
            return self.record.state == "free"
        over = self._invocation.over
        return self.record.state == "parked" or bool(over and self.record.invocation == over)

    def take(self, seen: LockState | None, owner: str) -> bool:
        """One conditional write; one read more where it fails."""
        del seen, owner  # what was read says more: fence, beat and state
        before = self.record
        mine = replace(
            self._wanted,
            fence=before.fence + 1,
            state="running",
            since=datetime.now(UTC),
            events=before.events,
            beat=0,
        )
        condition, values = "attribute_not_exists(pk)", dict[str, Any]()
        if before.fence:
            condition = "#f = :f AND #b = :b AND #s = :s AND #e = :e"
            values = {
                ":e": {"N": str(before.events)},
                ":f": {"N": str(before.fence)},
                ":b": {"N": str(before.beat)},
                ":s": {"S": before.state},
            }
        key = {name: value["S"] for name, value in self._key.items()}
        names = {"#f": "fence", "#b": "beat", "#s": "state", "#e": "events"} if before.fence else {}
        expressions: dict[str, Any] = {}
        if names:
            expressions = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
        if not self._table.conditional("PutItem", condition, Item=item_of(key, mine), **expressions):
            self.read()  # a reply that was lost is sent again by botocore, and meets our own lock
            if self.record.token != mine.token:
                return False
        self.record, self._events = mine, mine.events
        return True

    def beat(self, owner: str, beat: int) -> bool:
        """One conditional write."""
        del owner
        return self._update("SET #b = :n", {"#b": "beat"}, {":n": {"N": str(beat)}})

    def free(self, owner: str, *, gone: bool) -> None:
        """One conditional write that leaves the fence and the count of events."""
        del owner, gone
        self._update("SET #s = :s", {"#s": "state"}, {":s": {"S": "free"}})

    def park(self) -> bool:
        """One conditional write; False where it is another's."""
        return self._update("SET #s = :s", {"#s": "state"}, {":s": {"S": "parked"}})

    def counted(self) -> int:
        """The number of the next event."""
        return self._events + 1

    def wrote(self, number: int) -> None:
        """The event of that number was written."""
        self._events = number

    def _update(self, expression: str, names: dict[str, str], values: dict[str, Any]) -> bool:
        return self._table.conditional(
            "UpdateItem",
            "#f = :f AND #t = :t",  # the token too: in a table that was deleted and made anew fences begin again
            Key=self._key,
            UpdateExpression=expression,
            ExpressionAttributeNames={"#f": "fence", "#t": "token", **names},
            ExpressionAttributeValues={
                ":f": {"N": str(self.record.fence)},
                ":t": {"S": self.record.token},
                **values,
            },
        )
