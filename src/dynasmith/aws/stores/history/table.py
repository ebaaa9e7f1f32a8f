"""The history of migrations in a table: read, held by one run, appended to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from dynasmith.aws.errors.translation import translate
from dynasmith.aws.stores.history.hold import EVENT, LOCK, TableHold, counted_steps, ordered_steps
from dynasmith.aws.stores.history.lock import HistoryLock
from dynasmith.aws.stores.history.records import event_of, item_of, lock_of, request_of
from dynasmith.aws.stores.lease import LEASE_SECONDS, Lease
from dynasmith.aws.stores.table_ledger import WAIT_SECONDS, LedgerTable
from dynasmith.errors import Locked, ProjectError, RunError
from dynasmith.migrations.event import LockRecord, MigrationEvent, RequestRecord, RunInvocation, StepRecord
from dynasmith.migrations.history import MigrationHistory

REQUEST: Final = "request#"
PARKED_LEASES: Final = 4
"""For how many leases (60 s) a parked lock is its run's."""
ANSWER_BYTES_MAX: Final = 350_000
"""An item holds 400 KB."""
LOOK_AGAIN_SECONDS: Final = 1.0


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
            items = list(self._table.query(self._home, EVENT, but=(absent,)))
        except absent:
            return MigrationHistory()
        return MigrationHistory(events=tuple(map(event_of, items)), lock=self.lock())

    def recorded(self, event: MigrationEvent) -> Sequence[StepRecord]:
        """The steps that count; none where there is no table."""
        absent = self._client.exceptions.ResourceNotFoundException
        try:
            return ordered_steps(counted_steps(self._table, self._home, event, but=(absent,)))
        except absent:
            return []

    def lock(self) -> LockRecord:
        """One strong read; a free lock where there is no table."""
        absent = self._client.exceptions.ResourceNotFoundException
        try:
            found = self._table.call("GetItem", but=(absent,), Key=self._key(LOCK), ConsistentRead=True).get("Item")
        except absent:
            found = None
        return lock_of(found) if found is not None else LockRecord()

    def answer(self, request: str) -> Any:
        """One strong read; None where there is no table."""
        absent = self._client.exceptions.ResourceNotFoundException
        try:
            reply = self._table.call("GetItem", but=(absent,), Key=self._key(REQUEST + request), ConsistentRead=True)
        except absent:
            return None
        return request_of(reply["Item"]).answer if "Item" in reply else None

    def keep_answer(self, request: str, answer: Any) -> Any:
        """One conditional write, and one read where there is an answer already."""
        self.open()
        item = item_of({"pk": self._home, "sk": REQUEST + request}, RequestRecord(answer=answer))
        if (size := len(item["answer"]["S"].encode())) > ANSWER_BYTES_MAX:
            raise RunError(
                f"The answer to request {request} has {size:,} bytes, and at most {ANSWER_BYTES_MAX:,} are kept.",
                hint="run fewer migrations at once",
            )
        if self._table.conditional("PutItem", "attribute_not_exists(pk)", Item=item):
            return answer
        return self.answer(request)

    @contextmanager
    def hold(
        self, run: str, command: str, who: str, *, wait_seconds: float, invocation: RunInvocation | None = None
    ) -> Iterator[TableHold]:
        """The lock, from here to the end of the block."""
        self.open()
        hold = self._taken(LockRecord(run=run, command=command, who=who), wait_seconds, invocation)
        try:
            yield hold
        finally:
            hold.release()

    def unlock(self, run: str, who: str) -> None:
        """Raise the fence and free the lock."""
        lock = self._lock(LockRecord(run=run, command="unlock", who=who))
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
        found = self._table.find()
        if found is None:
            self._create()
            self._turn_on_recovery()
            return
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
        self._table.create(**({"DeletionProtectionEnabled": True} if self._guarded else {}))

    def _turn_on_recovery(self) -> None:
        """Waits: the backups of a table that was made a moment ago are not ready at once."""
        if not self._guarded:
            return
        wanted = {"PointInTimeRecoveryEnabled": True}
        not_ready = self._client.exceptions.ContinuousBackupsUnavailableException
        with self._translated("UpdateContinuousBackups"):
            for pause in WAIT_SECONDS:
                time.sleep(pause)
                with suppress(not_ready):
                    self._client.update_continuous_backups(
                        TableName=self._name, PointInTimeRecoverySpecification=wanted
                    )
                    return
            self._client.update_continuous_backups(TableName=self._name, PointInTimeRecoverySpecification=wanted)

    def _lock(self, wanted: LockRecord, invocation: RunInvocation | None = None) -> HistoryLock:
        return HistoryLock(
            self._table,
            self._key(LOCK),
            wanted,
            parked_seconds=self._lease_seconds * PARKED_LEASES,
            invocation=invocation,
        )

    def _taken(self, wanted: LockRecord, wait_seconds: float, invocation: RunInvocation | None) -> TableHold:
        until = time.monotonic() + wait_seconds
        while True:
            lock = self._lock(wanted, invocation)
            try:
                lease = Lease(
                    lock,
                    lock.owner,
                    f"Migrations of {self._environment}",
                    what=f"The lock of the migrations of {self._environment}",
                    busy=f"Migrations of {self._environment} run in another process",
                    hint="`dynasmith migrate status` says who runs them; --lock-wait waits longer",
                    lease_seconds=self._lease_seconds,
                    watch_seconds_max=0 if invocation is not None else max(wait_seconds, self._lease_seconds),
                )
            except Locked:
                if time.monotonic() + LOOK_AGAIN_SECONDS > until:
                    raise
                time.sleep(LOOK_AGAIN_SECONDS)
                continue
            return TableHold(self._table, self._client, self._home, lock, lease)

    def _key(self, sort: str) -> dict[str, Any]:
        return {"pk": {"S": self._home}, "sk": {"S": sort}}

    @contextmanager
    def _translated(self, operation: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise translate(error, f"dynamodb:{operation}", self._name) from error
