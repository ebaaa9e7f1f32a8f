"""The history while one run holds its lock: what it appends, and its steps under its fence."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from msgspec.structs import replace

from dynasmith.aws.errors.translation import translate
from dynasmith.aws.stores.history.lock import HistoryLock
from dynasmith.aws.stores.history.records import event_of, item_of, step_of
from dynasmith.aws.stores.lease import Lease
from dynasmith.aws.stores.table_ledger import LedgerTable
from dynasmith.errors import LeaseLost
from dynasmith.migrations.event import MigrationEvent, StepRecord
from dynasmith.ports.permit import Term

EVENT: Final = "event#"
LOCK: Final = "lock"
_MAP: Final = 0
"""The ordinal of what a run inherited."""
CONFLICT_WAITS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""How long an event waits where its transaction met a beat of the lock, or was throttled."""


class TableHold:
    """Keeps `dynasmith.ports.history.HistoryHold`."""

    def __init__(self, table: LedgerTable, client: Any, home: str, lock: HistoryLock, lease: Lease | None) -> None:
        self._table, self._client, self._home = table, client, home
        self._lock, self._lease = lock, lease

    @property
    def fence(self) -> int:
        """Of this run."""
        return self._lock.fence

    @property
    def held(self) -> bool:
        """Whether the lease holds."""
        return self._lease is None or self._lease.held

    @property
    def term(self) -> Term:
        """The lease."""
        assert self._lease is not None  # only `unlock` writes without one, and it runs nothing
        return self._lease

    def append(self, event: MigrationEvent) -> MigrationEvent:
        """One transaction of two puts: the event, if there is none of its number, and the lock's count of events."""
        self._check()
        record = self._lock.counted()
        event = replace(event, number=record, fence=self._lock.fence)
        table = self._table.name
        put = {
            "TableName": table,
            "Item": item_of({"pk": self._home, "sk": f"{EVENT}{event.number:012d}"}, event),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        count = {
            "TableName": table,
            "Key": {"pk": {"S": self._home}, "sk": {"S": LOCK}},
            "UpdateExpression": "SET #e = :e",
            "ConditionExpression": "#f = :f AND #t = :t AND (attribute_not_exists(#e) OR #e = :before)",
            "ExpressionAttributeNames": {"#e": "events", "#f": "fence", "#t": "token"},
            "ExpressionAttributeValues": {
                ":e": {"N": str(event.number)},
                ":before": {"N": str(event.number - 1)},
                ":f": {"N": str(self._lock.fence)},
                ":t": {"S": self._lock.record.token},
            },
        }
        parts = [{"Put": put}, {"Update": count}]
        for wait in (*CONFLICT_WAITS, None):
            try:
                self._client.transact_write_items(TransactItems=parts, ClientRequestToken=_token(event))
            except self._client.exceptions.TransactionCanceledException as error:
                if self._is_kept(event):
                    return event
                if wait is not None and _is_passing(error):
                    time.sleep(wait)
                    self._check()
                    continue
                if _is_passing(error):
                    raise translate(error, "dynamodb:TransactWriteItems", table) from error
                raise _lost() from error
            except (ClientError, BotoCoreError) as error:
                raise translate(error, "dynamodb:TransactWriteItems", table) from error
            break
        self._lock.wrote(event.number)
        return event

    def _is_kept(self, event: MigrationEvent) -> bool:
        found = self._table.item({"pk": {"S": self._home}, "sk": {"S": f"{EVENT}{event.number:012d}"}})
        if found is not None and event_of(found) == event:  # the answer to it was lost
            self._lock.wrote(event.number)
            return True
        return False

    def steps(self, event: MigrationEvent) -> Sequence[StepRecord]:
        """The steps that count, which this run inherits from now on. Two calls and one for each MB."""
        counted = counted_steps(self._table, self._home, event)
        self._check()
        self._table.call(
            "PutItem",
            Item={
                "pk": {"S": self._home},
                "sk": {"S": f"{_steps(event)}{_MAP:04d}#{self._lock.fence:08d}"},
                "map": {"M": {str(ordinal): {"N": str(fence)} for ordinal, (fence, _) in counted.items()}},
            },
        )
        return ordered_steps(counted)

    def recorded(self, event: MigrationEvent) -> Sequence[StepRecord]:
        """The steps that count. One call for each MB."""
        return ordered_steps(counted_steps(self._table, self._home, event))

    def keep_step(self, event: MigrationEvent, step: StepRecord) -> None:
        """One plain put."""
        self._check()
        sort = f"{_steps(event)}{step.ordinal:04d}#{self._lock.fence:08d}"
        self._table.call("PutItem", Item=item_of({"pk": self._home, "sk": sort}, step))

    def forget_steps(self, event: MigrationEvent) -> None:
        """One delete a step."""
        for item in list(self._table.query(self._home, _steps(event), ProjectionExpression="sk")):
            self._table.call("DeleteItem", Key={"pk": {"S": self._home}, "sk": item["sk"]})

    def park(self) -> None:
        """One conditional write."""
        if self._lease is not None and self._lease.end() and not self._lock.park():
            raise _lost()

    def release(self) -> None:
        """Free the lock."""
        if self._lease is not None:
            self._lease.release()

    def _check(self) -> None:
        if not self.held:
            raise LeaseLost(
                "The lock of the migrations could not be kept, so that another run may have it: this one stopped.",
                hint="run the command again: it goes on where this one was",
            )


def _lost() -> LeaseLost:
    return LeaseLost(
        "The lock of the migrations is another run's: this one stopped, and wrote nothing else.",
        hint="`dynasmith migrate status` says who runs them",
    )


def _is_passing(error: ClientError) -> bool:
    """Whether a transaction was cancelled by what passes: a beat of its own lock at the same moment, throttling."""
    reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons") or ()
    codes = {str(each.get("Code")) for each in reasons} - {"None"}
    return bool(codes) and "ConditionalCheckFailed" not in codes


def counted_steps(
    table: LedgerTable, home: str, event: MigrationEvent, **more: Any
) -> dict[int, tuple[int, StepRecord]]:
    """The steps that count, by ordinal, each with its fence: those of the newest run, and those that it inherited."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for item in table.query(home, _steps(event), **more):
        _, ordinal, fence = item["sk"]["S"].rsplit("#", 2)
        found[int(ordinal), int(fence)] = item
    newest = max((fence for ordinal, fence in found if ordinal == _MAP), default=0)
    inherited = found[_MAP, newest]["map"]["M"] if newest else {}
    counted = {int(ordinal): int(fence["N"]) for ordinal, fence in inherited.items()}
    # A run that inherits nothing may write before it says so.
    counted |= {
        ordinal: fence for ordinal, fence in sorted(found) if ordinal != _MAP and (fence == newest or not newest)
    }
    return {
        ordinal: (fence, step_of(found[ordinal, fence]))
        for ordinal, fence in counted.items()
        if (ordinal, fence) in found
    }


def ordered_steps(counted: Mapping[int, tuple[int, StepRecord]]) -> list[StepRecord]:
    """Steps by ordinal."""
    return [step for _, (_, step) in sorted(counted.items())]


def _steps(event: MigrationEvent) -> str:
    return f"step#{event.version or event.name}#{event.direction}#{event.number}#"


def _token(event: MigrationEvent) -> str:
    """The same for each sending of one event: 36 characters at most."""
    return f"{event.fence}-{event.number}-{event.run}"[:36]
