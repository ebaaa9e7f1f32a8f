"""The actions that a DynamoDB call takes, each on its resource.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB", and the developer
guide's pages on IAM with PartiQL, transactions and backups.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dynasmith.strict.expressions.key_condition import key_constraints
from dynasmith.strict.expressions.request import expressions_of
from dynasmith.strict.expressions.tokens import ExpressionError
from dynasmith.strict.measures.measure import measure
from dynasmith.strict.partiql.calls import read, statements_in
from dynasmith.strict.rules.rule import plain_name

# On no resource of their own.
_ANYWHERE = frozenset(
    {
        *("DescribeEndpoints", "DescribeLimits", "ListBackups", "ListContributorInsights", "ListExports"),
        *("ListGlobalTables", "ListImports", "ListStreams", "ListTables"),
    }
)
_BY_ACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
_PARTIQL = {"SELECT": "PartiQLSelect", "INSERT": "PartiQLInsert", "UPDATE": "PartiQLUpdate", "DELETE": "PartiQLDelete"}
# Guide, "Using IAM with DynamoDB backup and restore": what a restore writes into its target, and looks at.
_RESTORES = ("PutItem", "UpdateItem", "DeleteItem", "GetItem", "Query", "Scan", "BatchWriteItem")
# Guide, "Using IAM with DynamoDB global tables": what a new replica, and one that goes, take in the replica's Region.
_NEW_REPLICA = ("CreateTable", "CreateTableReplica", *_RESTORES)
_OLD_REPLICA = ("DeleteTable", "DeleteTableReplica")
# The partition key attribute of a table, or of an index of it; None where the endpoint does not know it.
PartitionKey = Callable[[str, str | None], str | None]


@dataclass(frozen=True, slots=True)
class NeededAction:
    """One action on one resource. ``leading_keys`` are the partition keys that it reads or writes; None where the call
    does not name them."""

    action: str
    resource: str
    leading_keys: tuple[str, ...] | None = None


def needed_actions(
    operation: str, body: Mapping[str, Any], region: str, account: str, partition: PartitionKey
) -> list[NeededAction]:
    """What a call takes, each once; an empty list for statements that are none."""
    return list(dict.fromkeys(_needed(operation, body, f"arn:aws:dynamodb:{region}:{account}:table/", partition)))


def _needed(operation: str, body: Mapping[str, Any], prefix: str, partition: PartitionKey) -> Iterator[NeededAction]:
    def table(said: Any) -> str:
        text = str(said or "")
        return text if text.startswith("arn:") else prefix + text

    action = f"dynamodb:{operation}"
    if operation in _ANYWHERE:
        yield NeededAction(action, "*")
    elif operation in {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}:
        yield from _statements(body, table, partition)
    elif operation in {"TransactWriteItems", "TransactGetItems"}:
        for part in measure(operation, body, plain_name).parts:
            name = "ConditionCheckItem" if part.kind == "ConditionCheck" else _BY_ACTION[part.kind]
            yield NeededAction(f"dynamodb:{name}", table(part.table), _keys(part.table, [part.value], partition))
    elif operation in {"BatchWriteItem", "BatchGetItem"}:
        for name in body.get("RequestItems") or {}:
            plain = plain_name(name)
            values = [part.value for part in measure(operation, body, plain_name).of(plain)]
            yield NeededAction(action, table(name), _keys(plain, values, partition))
    elif operation in {"RestoreTableFromBackup", "RestoreTableToPointInTime"}:
        source = body.get("BackupArn") or table(body.get("SourceTableArn") or body.get("SourceTableName"))
        yield NeededAction(action, str(source))
        yield from (NeededAction(f"dynamodb:{one}", table(body.get("TargetTableName"))) for one in _RESTORES)
    elif operation in {"Query", "Scan"}:
        index = body.get("IndexName")
        resource = table(body.get("TableName")) + (f"/index/{index}" if index else "")
        yield NeededAction(action, resource, _queried(body, partition) if operation == "Query" else None)
    else:
        yield from _plain(operation, body, table, partition)


def _plain(
    operation: str, body: Mapping[str, Any], table: Callable[[Any], str], partition: PartitionKey
) -> Iterator[NeededAction]:
    """A call on one resource: a backup, an export, a stream or a table."""
    action = f"dynamodb:{operation}"
    for member in ("BackupArn", "ExportArn", "ImportArn", "StreamArn", "ShardIterator", "ResourceArn"):
        # The stream of Kinesis that a table writes to has the same member: the action is on the table.
        if body.get(member) and "TableName" not in body:
            said = str(body[member])
            # A shard iterator names its stream (GetRecords): engines and the service write it in.
            yield NeededAction(action, said.partition("|")[0] if member == "ShardIterator" else said)
            return
    name = body.get("TableName") or body.get("TableArn") or (body.get("TableCreationParameters") or {}).get("TableName")
    parts = measure(operation, body, plain_name).parts
    keys = _keys(plain_name(name), [part.value for part in parts], partition) if parts else None
    yield NeededAction(action, table(name) if name else "*", keys)
    if operation == "CreateTable" and body.get("Tags"):
        yield NeededAction("dynamodb:TagResource", table(name))
    if operation == "CreateTable" and body.get("ResourcePolicy"):
        yield NeededAction("dynamodb:PutResourcePolicy", table(name))
    for change in body.get("ReplicaUpdates") or () if operation == "UpdateTable" else ():
        yield from _of_replica(change, table(name))


def _of_replica(change: Mapping[str, Any], table: str) -> Iterator[NeededAction]:
    """What a replica that is made or removed takes, on the table in the replica's Region."""
    for member, actions in (("Create", _NEW_REPLICA), ("Delete", _OLD_REPLICA)):
        if region := (change.get(member) or {}).get("RegionName"):
            there = ":".join((*table.split(":")[:3], str(region), *table.split(":")[4:]))
            yield from (NeededAction(f"dynamodb:{one}", there) for one in actions)


def _statements(
    body: Mapping[str, Any], table: Callable[[Any], str], partition: PartitionKey
) -> Iterator[NeededAction]:
    for said in statements_in(body):
        statement = read(said)
        shape = statement.shape
        if shape.verb not in _PARTIQL:
            continue
        resource = table(shape.table) + (f"/index/{shape.index}" if shape.index else "")
        values = statement.item if shape.verb == "INSERT" else statement.equal
        yield NeededAction(f"dynamodb:{_PARTIQL[shape.verb]}", resource, _keys(shape.table, [values or {}], partition))


def _keys(table: str, values: list[Mapping[str, Any]], partition: PartitionKey) -> tuple[str, ...] | None:
    name = partition(table, None)
    found = [_text(value.get(name)) for value in values] if name is not None else []
    known = tuple(one for one in found if one is not None)
    return known if known and len(known) == len(values) else None


def _queried(body: Mapping[str, Any], partition: PartitionKey) -> tuple[str, ...] | None:
    """The partition key that a query holds to one value; None where it holds none (the call is refused anyway)."""
    name = partition(plain_name(body.get("TableName")), body.get("IndexName"))
    if name is None:
        return None
    old = (body.get("KeyConditions") or {}).get(name)
    if isinstance(old, Mapping):
        values = old.get("AttributeValueList") or [None]
        return tuple(text for text in map(_text, values) if text is not None) or None
    for one in expressions_of(body):
        if one.kind != "KeyConditionExpression" or one.expression.root is None:
            continue
        try:
            found = key_constraints(one.expression.root, one.names, one.values).get(name)
        except ExpressionError:
            return None
        if found is not None:
            return tuple(text for text in map(_text, found.values) if text is not None) or None
    return None


def _text(value: Any) -> str | None:
    """The text of a key's value, as a policy writes it."""
    return str(next(iter(value.values()))) if isinstance(value, Mapping) and len(value) == 1 else None
