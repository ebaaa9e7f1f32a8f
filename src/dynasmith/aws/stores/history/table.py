"""The history of migrations in a table: read, held by one run, appended to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from msgspec.structs import replace

from dynasmith.aws.errors.translation import translate
from dynasmith.aws.stores.history.lock import HistoryLock
from dynasmith.aws.stores.history.records import event_of, item_of, lock_of, step_of
from dynasmith.aws.stores.lease import LEASE_SECONDS, Lease
from dynasmith.aws.stores.table_ledger import LedgerTable
from dynasmith.errors import LeaseLost, Locked, ProjectError
from dynasmith.migrations.event import LockRecord, MigrationEvent, StepRecord
from dynasmith.migrations.history import MigrationHistory

EVENT: Final = "event#"
LOCK: Final = "lock"
_MAP: Final = 0
"""The ordinal of what a run inherited."""
LOOK_AGAIN_SECONDS: Final = 1.0
CONFLICT_WAITS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""How long an event waits where its transaction met a beat of the lock, or was throttled."""


class HistoryTable:
    """Keeps `dynasmith.ports.history.HistoryStore` in ``table`` of a botocore client, for one environment.

    ``guarded`` turns on recovery and deletion protection where the table is made here.
    """

    def __init__(
        self, client: Any, table: str, environment: str, *, guarded: bool, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._client, self._name, self._guarded = client, table, guarded
        self._home = f"migrations#{environment}"
        self._environment = environment
        self._table = LedgerTable(client, table)
        self._lease_seconds = lease_seconds

    @property
    def place(self) -> str:
        """The table."""
        return f"table {self._name}"

    def read(self) -> MigrationHistory:
        """Every event (a strong query, 1 MB a call) and the lock."""
        absent = self._client.exceptions.ResourceNotFoundException
        try:
            items = list(self._query(EVENT, but=(absent,)))
            lock = self._table.item(self._key(LOCK))
        except absent:
            return MigrationHistory()
        return MigrationHistory(
            events=tuple(map(event_of, items)), lock=lock_of(lock) if lock is not None else LockRecord()
        )

    def recorded(self, event: MigrationEvent) -> Sequence[StepRecord]:
        """The steps that count; none where there is no table."""
        absent = self._client.exceptions.ResourceNotFoundException
        try:
            return _ordered(_counted(self._table, self._home, event, but=(absent,)))
        except absent:
            return []

    @contextmanager
    def hold(self, run: str, command: str, who: str, *, wait_seconds: float) -> Iterator[TableHold]:
        """The lock, from here to the end of the block."""
        self.open()
        hold = self._taken(LockRecord(run=run, command=command, who=who), wait_seconds)
        try:
            yield hold
        finally:
            hold.release()

    def unlock(self, run: str, who: str) -> None:
        """Raise the fence and free the lock."""
        lock = HistoryLock(self._table, self._key(LOCK), LockRecord(run=run, command="unlock", who=who))
        while not lock.take(lock.read(), lock.owner):  # whoever beats meanwhile is asked again
            pass
        hold = TableHold(self._table, self._client, self._home, lock, None)
        hold.append(
            MigrationEvent(
                number=0, kind="unlocked", version="", run=run, at=lock.record.since or datetime.now(UTC), who=who
            )
        )
        lock.free(lock.owner, gone=False)

    def open(self) -> None:
        """Make the table if it is not there; several may do so at once, and one that is killed is continued by the
        next. Raises ProjectError for one whose keys are others."""
        client, absent = self._client, self._client.exceptions.ResourceNotFoundException
        with self._translated("DescribeTable"):
            try:
                found = client.describe_table(TableName=self._name)["Table"]
            except absent:
                found = None
        if found is None:
            self._create()
            self._turn_on_recovery()
            return
        if found["TableStatus"] == "CREATING":  # another process makes it
            with self._translated("DescribeTable"):
                self._wait()
        kinds = {each["AttributeName"]: each["AttributeType"] for each in found["AttributeDefinitions"]}
        keys = [(each["AttributeName"], kinds[each["AttributeName"]]) for each in found["KeySchema"]]
        if keys != [("pk", "S"), ("sk", "S")]:
            raise ProjectError(
                f"Table {self._name} has the keys {', '.join(name for name, _ in keys)}, and a history needs pk and sk,"
                " both strings.",
                hint="name another table in history_table",
            )
        # Nobody ever held the lock of a table that is protected as those made here: who made it may have been killed.
        if found.get("DeletionProtectionEnabled") and self._table.item(self._key(LOCK)) is None:
            self._turn_on_recovery()

    def _create(self) -> None:
        client = self._client
        with self._translated("CreateTable"):
            with suppress(client.exceptions.ResourceInUseException):  # another process makes it
                client.create_table(
                    TableName=self._name,
                    AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                    KeySchema=[
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "sk", "KeyType": "RANGE"},
                    ],
                    BillingMode="PAY_PER_REQUEST",
                    **({"DeletionProtectionEnabled": True} if self._guarded else {}),
                )
            self._wait()

    def _turn_on_recovery(self) -> None:
        if self._guarded:
            with self._translated("UpdateContinuousBackups"):
                self._client.update_continuous_backups(
                    TableName=self._name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
                )

    def _wait(self) -> None:
        self._client.get_waiter("table_exists").wait(TableName=self._name, WaiterConfig={"Delay": 2})

    def _taken(self, wanted: LockRecord, wait_seconds: float) -> TableHold:
        until = time.monotonic() + wait_seconds
        while True:
            lock = HistoryLock(self._table, self._key(LOCK), wanted)
            try:
                lease = Lease(
                    lock,
                    lock.owner,
                    f"Migrations of {self._environment}",
                    what=f"The lock of the migrations of {self._environment}",
                    busy=f"Migrations of {self._environment} run in another process",
                    hint="`dynasmith migrate status` says who runs them; --lock-wait waits longer",
                    lease_seconds=self._lease_seconds,
                )
            except Locked:
                if time.monotonic() + LOOK_AGAIN_SECONDS > until:
                    raise
                time.sleep(LOOK_AGAIN_SECONDS)
                continue
            return TableHold(self._table, self._client, self._home, lock, lease)

    def _query(self, prefix: str, **more: Any) -> Iterator[dict[str, Any]]:
        yield from query(self._table, self._home, prefix, **more)

    def _key(self, sort: str) -> dict[str, Any]:
        return {"pk": {"S": self._home}, "sk": {"S": sort}}

    @contextmanager
    def _translated(self, operation: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise translate(error, f"dynamodb:{operation}", self._name) from error


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
            "ConditionExpression": "#f = :f AND #r = :r AND (attribute_not_exists(#e) OR #e = :before)",
            "ExpressionAttributeNames": {"#e": "events", "#f": "fence", "#r": "run"},
            "ExpressionAttributeValues": {
                ":e": {"N": str(event.number)},
                ":before": {"N": str(event.number - 1)},
                ":f": {"N": str(self._lock.fence)},
                ":r": {"S": self._lock.record.run},
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
                raise LeaseLost(
                    "The lock of the migrations is another run's: this one stopped, and wrote nothing else.",
                    hint="`dynasmith migrate status` says who runs them",
                ) from error
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
        counted = _counted(self._table, self._home, event)
        self._check()
        self._table.call(
            "PutItem",
            Item={
                "pk": {"S": self._home},
                "sk": {"S": f"{_steps(event)}{_MAP:04d}#{self._lock.fence:08d}"},
                "map": {"M": {str(ordinal): {"N": str(fence)} for ordinal, (fence, _) in counted.items()}},
            },
        )
        return _ordered(counted)

    def recorded(self, event: MigrationEvent) -> Sequence[StepRecord]:
        """The steps that count. One call for each MB."""
        return _ordered(_counted(self._table, self._home, event))

    def keep_step(self, event: MigrationEvent, step: StepRecord) -> None:
        """One plain put."""
        self._check()
        sort = f"{_steps(event)}{step.ordinal:04d}#{self._lock.fence:08d}"
        self._table.call("PutItem", Item=item_of({"pk": self._home, "sk": sort}, step))

    def forget_steps(self, event: MigrationEvent) -> None:
        """One delete a step."""
        for item in list(query(self._table, self._home, _steps(event), ProjectionExpression="sk")):
            self._table.call("DeleteItem", Key={"pk": {"S": self._home}, "sk": item["sk"]})

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


def _is_passing(error: ClientError) -> bool:
    """Whether a transaction was cancelled by what passes: a beat of its own lock at the same moment, throttling."""
    reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons") or ()
    codes = {str(each.get("Code")) for each in reasons} - {"None"}
    return bool(codes) and "ConditionalCheckFailed" not in codes


def query(table: LedgerTable, home: str, prefix: str, **more: Any) -> Iterator[dict[str, Any]]:
    """The items of a partition whose sort key begins so, page after page, strongly consistent."""
    start: Mapping[str, Any] = {}
    while True:
        page = table.call(
            "Query",
            ConsistentRead=True,
            KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
            ExpressionAttributeValues={":p": {"S": home}, ":s": {"S": prefix}},
            **more,
            **start,
        )
        yield from page["Items"]
        if not page.get("LastEvaluatedKey"):
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _counted(table: LedgerTable, home: str, event: MigrationEvent, **more: Any) -> dict[int, tuple[int, StepRecord]]:
    """The steps that count, by ordinal, each with its fence: those of the newest run, and those that it inherited."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for item in query(table, home, _steps(event), **more):
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


def _ordered(counted: Mapping[int, tuple[int, StepRecord]]) -> list[StepRecord]:
    return [step for _, (_, step) in sorted(counted.items())]


def _steps(event: MigrationEvent) -> str:
    return f"step#{event.version or event.name}#{event.direction}#{event.number}#"


def _token(event: MigrationEvent) -> str:
    """The same for each sending of one event: 36 characters at most."""
    return f"{event.fence}-{event.number}-{event.run}"[:36]
