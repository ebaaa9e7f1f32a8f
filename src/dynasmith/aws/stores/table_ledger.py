"""The ledger as a table, for jobs that several machines may take up: ``[jobs] ledger = "table:NAME"``.

=====================  ==================================  ======================================================
pk                     sk                                  what
=====================  ==================================  ======================================================
``jobs``               the job's id                        the record of the job (``fence``: of who wrote it)
``job#<id>``           ``segment#00003#00000001``          a checkpoint, under the fence of the run that wrote it
``job#<id>``           ``dead#00003#<page>#000#00000001``  dead letters of a page, under a fence too
``job#<id>``           ``taken#00000002``                  what the run of that fence inherited (and its parts)
``job#<id>``           ``control``                         what a person wants of it
``job#<id>``           ``lock``                            who runs it (``lease``), and its fence
=====================  ==================================  ======================================================

A checkpoint is one plain PutItem, so that nothing conflicts with it; the lock and the record of the job are written on
conditions. No call is a transaction. Jobs of former versions, whose names have no fence, are read and resumed.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from dynasmith.aws.errors.translation import translate
from dynasmith.aws.stores.lease import LEASE_SECONDS, LockState
from dynasmith.aws.stores.ledger_store import JOB, LOCK, FencedLock
from dynasmith.aws.stores.shared_ledger import SharedLedger
from dynasmith.aws.transactions import retry_conflicts
from dynasmith.errors import ServiceUnavailable
from dynasmith.ports.permit import Term

JOBS = "jobs"
VALUE_BYTES_MAX = 300_000
"""An item holds 400 KB."""
BEATS_A_LOOK = 20
"""How many beats pass until the table itself is looked at again: a minute."""
WAIT_SECONDS: Final = (0.0, 0.25, 0.5, 1.0, *[2.0] * 60)
"""The pauses before the looks at a table that is being made."""
_SENDS = 3
"""How often a call is sent whose reply is broken."""
# The attribute that holds what is kept, by the first word of its name.
_ATTRIBUTES = {
    "job": "job",
    "segment": "checkpoint",
    "dead": "dead",
    "control": "control",
    "taken": "taken",
    "activity": "activity",
}


class TableLedger(SharedLedger):
    """All jobs in ``table`` of ``client`` (a botocore DynamoDB client), which is made when it is not there.

    It needs a table with the keys ``pk`` and ``sk`` (strings); one that it makes is on demand.
    """

    def __init__(
        self,
        client: Any,
        table: str,
        *,
        owner: str = "",
        lease_seconds: float = LEASE_SECONDS,
        term: Term | None = None,
    ) -> None:
        super().__init__(TableStore(client, table), owner=owner, lease_seconds=lease_seconds, term=term)


class LedgerTable:
    """The calls on the ledger's table, with our errors. A reply that is broken is asked for again, a few times."""

    def __init__(self, client: Any, name: str) -> None:
        self.client, self.name = client, name
        self._says_units = False
        retry_conflicts(client)

    def call(self, operation: str, *, but: tuple[type[Exception], ...] = (), **parameters: Any) -> dict[str, Any]:
        """One call; errors of ``but`` come as botocore raises them. Raises ServiceUnavailable for a broken reply."""
        send = getattr(self.client, xform_name(operation))
        for _ in range(_SENDS):
            with translated(operation, self.name, but=but):
                reply: dict[str, Any] = send(TableName=self.name, ReturnConsumedCapacity="TOTAL", **parameters)
            if self._whole(operation, reply):
                return reply
        raise ServiceUnavailable(
            f"{operation} on {self.name} was answered {_SENDS} times with a reply that is not one of DynamoDB.",
            hint="look for a proxy between this machine and DynamoDB, then resume the job",
            operation=operation,
        )

    def _whole(self, operation: str, reply: Mapping[str, Any]) -> bool:
        """Whether a reply has what every reply to this operation has; units are expected once the engine told some."""
        if not reply.get("ResponseMetadata", {}).get("RequestId"):
            return False
        units = "ConsumedCapacity" in reply
        if self._says_units and not units:
            return False
        self._says_units = units
        return operation != "Query" or ("Items" in reply and reply.get("Count") == len(reply["Items"]))

    def conditional(self, operation: str, condition: str, **parameters: Any) -> bool:
        """One conditional write; False where the condition does not hold."""
        failed = self.client.exceptions.ConditionalCheckFailedException
        try:
            self.call(operation, but=(failed,), ConditionExpression=condition, **parameters)
        except failed:
            return False
        return True

    def item(self, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """One strong read."""
        found: dict[str, Any] | None = self.call("GetItem", Key=key, ConsistentRead=True).get("Item")
        return found

    def query(
        self, home: str, prefix: str = "", *, but: tuple[type[Exception], ...] = (), **more: Any
    ) -> Iterator[dict[str, Any]]:
        """The items of a partition whose sort key begins so, page after page, strongly consistent, in order."""
        values = {":p": {"S": home}} | ({":s": {"S": prefix}} if prefix else {})
        start: dict[str, Any] = {}
        while True:
            page = self.call(
                "Query",
                but=but,
                ConsistentRead=True,
                KeyConditionExpression="pk = :p" + (" AND begins_with(sk, :s)" if prefix else ""),
                ExpressionAttributeValues=values,
                **more,
                **start,
            )
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def find(self) -> dict[str, Any] | None:
        """The table as it is described, waited for where another process makes it; None where there is none."""
        with translated("DescribeTable", self.name):
            try:
                found: dict[str, Any] = self.client.describe_table(TableName=self.name)["Table"]
            except self.client.exceptions.ResourceNotFoundException:
                return None
            if found["TableStatus"] == "CREATING":
                self._wait()
        return found

    def create(self, **settings: Any) -> None:
        """Make the table, on demand, with the string keys ``pk`` and ``sk``; several may do so at once."""
        with translated("CreateTable", self.name):
            with suppress(self.client.exceptions.ResourceInUseException):  # another process makes it
                self.client.create_table(
                    TableName=self.name,
                    AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                    KeySchema=[
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "sk", "KeyType": "RANGE"},
                    ],
                    BillingMode="PAY_PER_REQUEST",
                    **settings,
                )
            self._wait()

    def _wait(self) -> None:
        """Return when it is there: it takes seconds at the service, and less on an engine. Raises WaiterError."""
        for pause in WAIT_SECONDS:
            time.sleep(pause)
            with suppress(self.client.exceptions.ResourceNotFoundException):  # it was made just now
                if self.client.describe_table(TableName=self.name)["Table"]["TableStatus"] == "ACTIVE":
                    return
        raise WaiterError(name="TableExists", reason="Max attempts exceeded", last_response={})

    def identity(self) -> str:
        """The TableId; empty where the engine gives none, or the role may not describe the table."""
        try:
            said = self.client.describe_table(TableName=self.name)["Table"]
        except self.client.exceptions.ResourceNotFoundException:
            return "gone"
        except (ClientError, BotoCoreError):
            return ""
        return str(said.get("TableId", ""))


class TableStore:
    """What a ledger keeps, as items of one table."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._name = client, table
        self._table = LedgerTable(client, table)

    @property
    def place(self) -> str:
        """The table."""
        return f"table {self._name}"

    @property
    def value_bytes_max(self) -> int:
        """What an item holds beside its key."""
        return VALUE_BYTES_MAX

    def where(self, job_id: str) -> str:
        """The partition of the job."""
        return f"table {self._name}, pk {_home(job_id)}"

    def open(self) -> None:
        """Make the table if it is not there; several may do so at once."""
        if self._table.find() is None:
            self._table.create()

    def lock(self, job_id: str, above: int) -> "TableLock":
        """The lock of a job."""
        return TableLock(self._table, _key(job_id, LOCK), above)

    def jobs(self) -> Sequence[bytes]:
        """Every job; none where the table is not there."""
        absent = self._client.exceptions.ResourceNotFoundException
        try:
            return [_content(item) for item in self._table.query(JOBS, but=(absent,))]
        except absent:
            return []

    def enter(self, lock: FencedLock, job_id: str, record: bytes) -> bool:
        """One conditional write; sent again after a lost reply it meets its own fence."""
        return self._record(lock, job_id, record, "attribute_not_exists(pk) OR #f = :f")

    def change(self, lock: FencedLock, job_id: str, record: bytes) -> bool:
        """One conditional write, and one DescribeTable: the table may be another one by now."""
        assert isinstance(lock, TableLock)
        newest = "attribute_exists(pk) AND (attribute_not_exists(#f) OR #f <= :f)"
        return lock.same_place() and self._record(lock, job_id, record, newest)

    def _record(self, lock: FencedLock, job_id: str, record: bytes, condition: str) -> bool:
        fence = {"N": str(lock.fence)}
        return self._table.conditional(
            "PutItem",
            condition,
            Item={**_item(job_id, JOB, record), "fence": fence},
            ExpressionAttributeNames={"#f": "fence"},
            ExpressionAttributeValues={":f": fence},
        )

    def get(self, job_id: str, name: str) -> bytes | None:
        """One strong read; nothing where the table is not there."""
        absent = self._client.exceptions.ResourceNotFoundException
        try:
            reply = self._table.call("GetItem", but=(absent,), Key=_key(job_id, name), ConsistentRead=True)
        except absent:
            return None
        return _content(reply["Item"]) if "Item" in reply else None

    def put(self, job_id: str, name: str, content: bytes) -> None:
        """One write."""
        self._table.call("PutItem", Item=_item(job_id, name, content))

    def names(self, job_id: str, prefix: str) -> Sequence[str]:
        """The names in the job's partition."""
        return [item["sk"]["S"] for item in self._table.query(_home(job_id), prefix, ProjectionExpression="sk")]

    def entries(self, job_id: str, prefix: str, wanted: Callable[[str], bool]) -> Sequence[tuple[str, bytes]]:
        """Names and what is under them."""
        items = self._table.query(_home(job_id), prefix)
        return [(item["sk"]["S"], _content(item)) for item in items if wanted(item["sk"]["S"])]

    def delete(self, job_id: str, names: Iterable[str]) -> None:
        """One call a name."""
        for name in names:
            self._table.call("DeleteItem", Key=_key(job_id, name))

    def clear(self, job_id: str) -> None:
        """All but the lock; the record of the job last."""
        self.delete(job_id, [name for name in self.names(job_id, "") if name != LOCK])
        self.delete(job_id, [JOB])


class TableLock:
    """The lock of a job as an item, written on conditions. It stays when it is free, for its ``fence``."""

    def __init__(self, table: LedgerTable, key: Mapping[str, Any], above: int) -> None:
        self._table, self._key = table, dict(key)
        self._above = above
        self._seen = 0
        self._identity = ""
        self.fence = 0

    def read(self) -> LockState | None:
        """One strong read."""
        found = self._table.item(self._key)
        self._seen = int(found["fence"]["N"]) if found is not None and "fence" in found else 0
        if found is None or "owner" not in found:
            return None
        return LockState(found["owner"]["S"], int(found["beat"]["N"]))

    def take(self, seen: LockState | None, owner: str) -> bool:
        """One conditional write; one read more where it fails, and a DescribeTable."""
        fence = max(self._seen, self._above) + 1
        names, values = {"#o": "owner", "#f": "fence"}, {":f": {"N": str(self._seen)}}
        condition = "(attribute_not_exists(#f) OR #f = :f) AND attribute_not_exists(#o)"
        if seen is not None:
            names |= {"#b": "beat"}
            values |= {":o": {"S": seen.owner}, ":b": {"N": str(seen.beat)}}
            condition = "(attribute_not_exists(#f) OR #f = :f) AND #o = :o AND #b = :b"
        taken = self._table.conditional(
            "PutItem",
            condition,
            Item={**self._key, "owner": {"S": owner}, "beat": {"N": "0"}, "fence": {"N": str(fence)}},
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )
        if not taken:  # a reply that was lost is sent again by botocore, and meets our own lock
            now = self.read()
            if now is None or now.owner != owner:
                return False
        self.fence, self._identity = fence, self._table.identity()
        return True

    def beat(self, owner: str, beat: int) -> bool:
        """One conditional write; now and then a DescribeTable."""
        if beat % BEATS_A_LOOK == 0 and not self.same_place():
            return False
        return self._table.conditional(
            "UpdateItem",
            "#o = :me",
            Key=self._key,
            UpdateExpression="SET #b = :n",
            ExpressionAttributeNames={"#o": "owner", "#b": "beat"},
            ExpressionAttributeValues={":me": {"S": owner}, ":n": {"N": str(beat)}},
        )

    def free(self, owner: str, *, gone: bool) -> None:
        """One conditional write that leaves the fence; of a job that is removed nothing is left."""
        mine = {"ExpressionAttributeNames": {"#o": "owner"}, "ExpressionAttributeValues": {":me": {"S": owner}}}
        if gone:
            self._table.conditional("DeleteItem", "#o = :me", Key=self._key, **mine)
        else:
            self._table.conditional("UpdateItem", "#o = :me", Key=self._key, UpdateExpression="REMOVE #o", **mine)

    def same_place(self) -> bool:
        """Whether the table is the one in which the lock was taken, as far as its TableId tells."""
        now = self._table.identity() if self._identity else ""
        return not now or now == self._identity


@contextmanager
def translated(operation: str, table: str, *, but: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Raise what botocore raises as our errors, all but ``but``."""
    try:
        yield
    except but:
        raise
    except (ClientError, BotoCoreError) as error:
        refused = translate(error, f"dynamodb:{operation}", table)
        refused.hint = refused.hint or "look at the ledger's table and its policies; then resume the job"
        raise refused from error


def _home(job_id: str) -> str:
    return f"job#{job_id}"


def _key(job_id: str, name: str) -> dict[str, Any]:
    home, sort = (JOBS, job_id) if name == JOB else (_home(job_id), name)
    return {"pk": {"S": home}, "sk": {"S": sort}}


def _item(job_id: str, name: str, content: bytes) -> dict[str, Any]:
    return {**_key(job_id, name), _ATTRIBUTES[name.partition("#")[0]]: {"B": content}}


def _content(item: Mapping[str, Any]) -> bytes:
    [content] = [bytes(item[name]["B"]) for name in _ATTRIBUTES.values() if name in item]
    return content
