"""The ledger as a table, for jobs that several machines may take up: ``[jobs] ledger = "table:NAME"``.

=====================  =========================  ======================================================
pk                     sk                         what
=====================  =========================  ======================================================
``jobs``               the job's id               the job
``job#<id>``           ``segment#00003``          a checkpoint
``job#<id>``           ``dead#00003#<page>#000``  dead letters of a page
``job#<id>``           ``control``, ``lock``      what a person wants of it; who runs it (``lease``)
=====================  =========================  ======================================================

A checkpoint is written together with a check that the lock is still ours, so a run that lost its lease writes nothing
more. It costs one transaction a page.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dynasmith.aws.errors import translate
from dynasmith.aws.items.lease import LEASE_SECONDS, Beat, Lease
from dynasmith.aws.items.shared_ledger import JOB, SharedLedger
from dynasmith.errors import Locked

JOBS = "jobs"
LOCK = "lock"
# The attribute that holds what is kept, by the first word of its name.
_ATTRIBUTES = {"job": "job", "segment": "checkpoint", "dead": "dead", "control": "control"}


class TableLedger(SharedLedger):
    """All jobs in ``table`` of ``client`` (a botocore DynamoDB client), which is made when it is not there.

    It needs a table with the keys ``pk`` and ``sk`` (strings); one that it makes is on demand.
    """

    def __init__(self, client: Any, table: str, *, owner: str = "", lease_seconds: float = LEASE_SECONDS) -> None:
        super().__init__(TableStore(client, table), owner=owner, lease_seconds=lease_seconds)


class TableStore:
    """The few calls on the ledger's table, with our errors."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    @property
    def place(self) -> str:
        """The table."""
        return f"table {self._table}"

    def where(self, job_id: str) -> str:
        """The partition of the job."""
        return f"table {self._table}, pk {_home(job_id)}"

    def open(self) -> None:
        """Make the table if it is not there; several may do so at once."""
        client = self._client
        with _translated("DescribeTable", self._table):
            try:
                client.describe_table(TableName=self._table)
            except client.exceptions.ResourceNotFoundException:
                pass
            else:
                return
        with _translated("CreateTable", self._table):
            with suppress(client.exceptions.ResourceInUseException):  # another process makes it
                client.create_table(
                    TableName=self._table,
                    AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                    KeySchema=[
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "sk", "KeyType": "RANGE"},
                    ],
                    BillingMode="PAY_PER_REQUEST",
                )
            client.get_waiter("table_exists").wait(TableName=self._table, WaiterConfig={"Delay": 2})

    def lock(self, job_id: str) -> "TableLock":
        """The lock of a job."""
        return TableLock(self._client, self._table, {"pk": {"S": _home(job_id)}, "sk": {"S": LOCK}})

    def jobs(self) -> Sequence[bytes]:
        """Every job; none where the table is not there."""
        absent = self._client.exceptions.ResourceNotFoundException
        try:
            return [_content(line) for line in self._query(JOBS, but=absent)]
        except absent:
            return []

    def get(self, job_id: str, name: str) -> bytes | None:
        """One strong read; nothing where the table is not there."""
        with _translated("GetItem", self._table):
            try:
                found = self._client.get_item(TableName=self._table, Key=_key(job_id, name), ConsistentRead=True)
            except self._client.exceptions.ResourceNotFoundException:
                return None
        return _content(found["Item"]) if "Item" in found else None

    def put(self, job_id: str, name: str, content: bytes) -> None:
        """One write."""
        with _translated("PutItem", self._table):
            self._client.put_item(TableName=self._table, Item=_item(job_id, name, content))

    def put_held(self, lease: Lease, job_id: str, name: str, content: bytes) -> None:
        """One transaction with a check of the lock. Raises Locked where it is another's."""
        fence = {
            "TableName": self._table,
            "Key": _key(job_id, LOCK),
            "ConditionExpression": "#o = :me",
            "ExpressionAttributeNames": {"#o": "owner"},
            "ExpressionAttributeValues": {":me": {"S": lease.owner}},
        }
        put = {"TableName": self._table, "Item": _item(job_id, name, content)}
        try:
            self._client.transact_write_items(TransactItems=[{"ConditionCheck": fence}, {"Put": put}])
        except (ClientError, BotoCoreError) as error:
            reasons = getattr(error, "response", {}).get("CancellationReasons", [])
            if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
                raise Locked(f"Job {job_id} was taken up by another process.", hint="let that one go on") from error
            raise translate(error, "dynamodb:TransactWriteItems", self._table) from error

    def taken(self, lease: Lease, job_id: str) -> None:
        """Nothing: each write looks at the lock."""

    def names(self, job_id: str, prefix: str) -> Sequence[str]:
        """The names in the job's partition."""
        return [line["sk"]["S"] for line in self._lines(job_id, prefix)]

    def entries(self, job_id: str, prefix: str) -> Sequence[tuple[str, bytes]]:
        """Names and what is under them."""
        return [(line["sk"]["S"], _content(line)) for line in self._lines(job_id, prefix)]

    def delete(self, job_id: str, names: Iterable[str]) -> None:
        """One call a name."""
        with _translated("DeleteItem", self._table):
            for name in names:
                self._client.delete_item(TableName=self._table, Key=_key(job_id, name))

    def clear(self, job_id: str) -> None:
        """All but the lock; the job itself last."""
        self.delete(job_id, [name for name in self.names(job_id, "") if name != LOCK])
        self.delete(job_id, [JOB])

    def _lines(self, job_id: str, prefix: str) -> list[dict[str, Any]]:
        return self._query(_home(job_id), prefix)

    def _query(self, home: str, prefix: str = "", *, but: type[Exception] | tuple[()] = ()) -> list[dict[str, Any]]:
        names = {"#p": "pk"} | ({"#s": "sk"} if prefix else {})
        values = {":p": {"S": home}} | ({":s": {"S": prefix}} if prefix else {})
        with _translated("Query", self._table, but=but):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                ConsistentRead=True,
                KeyConditionExpression="#p = :p" + (" AND begins_with(#s, :s)" if prefix else ""),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
            return [line for page in pages for line in page["Items"]]


class TableLock:
    """The lock of a job as an item, written on conditions."""

    def __init__(self, client: Any, table: str, key: Mapping[str, Any]) -> None:
        self._client, self._table, self._key = client, table, dict(key)

    def read(self) -> Beat | None:
        """One strong read."""
        with _translated("GetItem", self._table):
            found = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True).get("Item")
        return None if found is None else Beat(found["owner"]["S"], int(found["beat"]["N"]))

    def take(self, seen: Beat | None, owner: str) -> bool:
        """One conditional write."""
        names = {"#o": "owner"} if seen is None else {"#o": "owner", "#b": "beat"}
        values = {} if seen is None else {":o": {"S": seen.owner}, ":b": {"N": str(seen.beat)}}
        return self._conditional(
            self._client.put_item,
            "PutItem",
            Item={**self._key, "owner": {"S": owner}, "beat": {"N": "0"}},
            ConditionExpression="attribute_not_exists(#o)" if seen is None else "#o = :o AND #b = :b",
            ExpressionAttributeNames=names,
            **({"ExpressionAttributeValues": values} if values else {}),
        )

    def beat(self, owner: str, beat: int) -> bool:
        """One conditional write."""
        return self._conditional(
            self._client.update_item,
            "UpdateItem",
            Key=self._key,
            UpdateExpression="SET #b = :n",
            ConditionExpression="#o = :me",
            ExpressionAttributeNames={"#o": "owner", "#b": "beat"},
            ExpressionAttributeValues={":me": {"S": owner}, ":n": {"N": str(beat)}},
        )

    def free(self, owner: str, *, gone: bool) -> None:  # noqa: ARG002  # a free lock is no item at all
        """One conditional delete."""
        self._conditional(
            self._client.delete_item,
            "DeleteItem",
            Key=self._key,
            ConditionExpression="#o = :me",
            ExpressionAttributeNames={"#o": "owner"},
            ExpressionAttributeValues={":me": {"S": owner}},
        )

    def _conditional(self, call: Callable[..., Any], operation: str, **parameters: Any) -> bool:
        with _translated(operation, self._table):
            try:
                call(TableName=self._table, **parameters)
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


@contextmanager
def _translated(operation: str, table: str, *, but: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    try:
        yield
    except but:
        raise
    except (ClientError, BotoCoreError) as error:
        raise translate(error, f"dynamodb:{operation}", table) from error


def _home(job_id: str) -> str:
    return f"job#{job_id}"


def _key(job_id: str, name: str) -> dict[str, Any]:
    home, sort = (JOBS, job_id) if name == JOB else (_home(job_id), name)
    return {"pk": {"S": home}, "sk": {"S": sort}}


def _item(job_id: str, name: str, content: bytes) -> dict[str, Any]:
    return {**_key(job_id, name), _ATTRIBUTES[name.partition("#")[0]]: {"B": content}}


def _content(line: Mapping[str, Any]) -> bytes:
    [content] = [bytes(line[name]["B"]) for name in _ATTRIBUTES.values() if name in line]
    return content
