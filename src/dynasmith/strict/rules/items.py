"""Rules of items and of the requests that carry them: sizes, keys, numbers, limits of batches and transactions."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from dynasmith.strict.expressions.placeholders import assigned
from dynasmith.strict.measures.measure import MeasuredPart
from dynasmith.strict.measures.sizes import ITEM_BYTES_MAX, NotHeld, binary_bytes, item_bytes, text_bytes
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, rule
from dynasmith.strict.rules.tables import API, GUIDE
from dynasmith.strict.state.state import StrictIndex, StrictLocalIndex, StrictTable

RULES: list[StrictRule] = []
WRITE_OPERATIONS = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")
KEYED_OPERATIONS = ("GetItem", "BatchGetItem", "TransactGetItems", *WRITE_OPERATIONS)
PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX = 2048, 1024  # GUIDE + ServiceQuotas.html
BATCH_WRITE_MAX, BATCH_GET_MAX, TRANSACT_MAX = 25, 100, 100  # API references of the operations
REQUEST_BYTES_MAX = 16 * 1024 * 1024  # API_BatchWriteItem.html
TRANSACT_BYTES_MAX = 4 * 1024 * 1024  # API_TransactWriteItems.html


@rule(
    RULES,
    "batch-write-25",
    "BatchWriteItem",
    refuses="a batch of no or more than 25 writes",
    source=API + "API_BatchWriteItem.html",
)
def _batch_write(ask: JudgedRequest) -> Refusal | None:
    requests = ask.body.get("RequestItems") or {}
    lengths = [len(writes) for writes in requests.values() if isinstance(writes, list)]
    if not requests or min(lengths, default=1) < 1 or max(lengths, default=1) > BATCH_WRITE_MAX:
        return invalid(
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must satisfy "
            f"constraint: [Member must have length less than or equal to {BATCH_WRITE_MAX}, Member must have length "
            "greater than or equal to 1]"
        )
    if sum(lengths) > BATCH_WRITE_MAX:
        return invalid("Too many items requested for the BatchWriteItem call")
    return None


@rule(
    RULES,
    "batch-get-100",
    "BatchGetItem",
    refuses="a batch of no or more than 100 keys",
    source=API + "API_BatchGetItem.html",
)
def _batch_get(ask: JudgedRequest) -> Refusal | None:
    requests = ask.body.get("RequestItems") or {}
    lengths = [len(wanted.get("Keys") or ()) for wanted in requests.values() if isinstance(wanted, dict)]
    if not requests or min(lengths, default=1) < 1 or max(lengths, default=1) > BATCH_GET_MAX:
        return invalid(
            "1 validation error detected: Value at 'requestItems.member.keys' failed to satisfy constraint: "
            f"Member must have length less than or equal to {BATCH_GET_MAX}, "
            "Member must have length greater than or equal to 1"
        )
    if sum(lengths) > BATCH_GET_MAX:
        return invalid("Too many items requested for the BatchGetItem call")
    return None


@rule(
    RULES,
    "transact-100",
    "TransactWriteItems",
    "TransactGetItems",
    refuses="a transaction of no or more than 100 actions",
    source=API + "API_TransactWriteItems.html",
)
def _transact(ask: JudgedRequest) -> Refusal | None:
    count = len(ask.body.get("TransactItems") or ())
    if 1 <= count <= TRANSACT_MAX:
        return None
    bound = f"less than or equal to {TRANSACT_MAX}" if count else "greater than or equal to 1"
    return invalid(
        "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length "
        + bound
    )


@rule(
    RULES,
    "request-16-mb",
    "BatchWriteItem",
    refuses="a batch of more than 16 MB of items",
    source=API + "API_BatchWriteItem.html; code and message are our reading",
)
def _request_size(ask: JudgedRequest) -> Refusal | None:
    if sum(part.size for part in ask.measured.parts) > REQUEST_BYTES_MAX:
        return invalid("The total size of all items in the request exceeds the limit of 16 MB")
    return None


@rule(
    RULES,
    "transact-4-mb",
    "TransactWriteItems",
    refuses="a transaction of more than 4 MB of items",
    source=API + "API_TransactWriteItems.html; code and message are our reading",
)
def _transact_size(ask: JudgedRequest) -> Refusal | None:
    if sum(part.size for part in ask.measured.parts) > TRANSACT_BYTES_MAX:
        return invalid(
            "Transaction request size exceeds the limit of 4 MB: the aggregate size of the items is too large"
        )
    return None


@rule(
    RULES,
    "attribute-values",
    *KEYED_OPERATIONS,
    refuses="values that DynamoDB has not: numbers of more than 38 digits or out of range, empty or repeating sets, "
    "more than 32 levels, a value with no or two types",
    source=GUIDE + "HowItWorks.NamingRulesDataTypes.html",
    certainty="observed",
)
def _values(ask: JudgedRequest) -> Refusal | None:
    return invalid(ask.measured.not_held) if ask.measured.not_held else None


@rule(
    RULES,
    "expression-numbers",
    "UpdateItem",
    "Query",
    "Scan",
    "PutItem",
    "DeleteItem",
    refuses="values in ExpressionAttributeValues that DynamoDB has not",
    source=GUIDE + "Expressions.ExpressionAttributeValues.html",
    certainty="observed",
)
def _expression_values(ask: JudgedRequest) -> Refusal | None:
    values = ask.body.get("ExpressionAttributeValues")
    if not isinstance(values, dict):
        return None
    try:
        item_bytes(values)
    except NotHeld as error:
        return invalid(f"ExpressionAttributeValues contains invalid value: {error}")
    return None


@rule(
    RULES,
    "item-400-kb",
    *WRITE_OPERATIONS,
    refuses="an item of more than 400 KB with its attribute names",
    source=GUIDE + "ServiceQuotas.html",
)
def _size(ask: JudgedRequest) -> Refusal | None:
    for part in ask.measured.parts:
        if part.kind == "Put" and part.size > ITEM_BYTES_MAX:
            return invalid("Item size has exceeded the maximum allowed size")
    return None


def _key_bytes(value: Any) -> int:
    (kind, content), *_ = value.items()
    return binary_bytes(content) if kind == "B" else text_bytes(str(content))


def _kind(value: Any) -> str:
    return next(iter(value), "") if isinstance(value, dict) else ""


def _empty(value: Any) -> str | None:
    kind = _kind(value)
    if kind in {"S", "B"} and value[kind] == "":
        return "string" if kind == "S" else "binary"
    return None


def _table_key_refusal(table: StrictTable, part: MeasuredPart) -> Refusal | None:
    if part.kind != "Put" and set(part.value) != set(table.keys):
        return invalid("The provided key element does not match the schema")
    for name, role in table.key_schema:
        if name not in part.value:
            return invalid_values(f"Missing the key {name} in the item")
        value, expected = part.value[name], table.definitions.get(name)
        if _kind(value) != expected:
            if part.kind != "Put":
                return invalid("The provided key element does not match the schema")
            return invalid_values(f"Type mismatch for key {name} expected: {expected} actual: {_kind(value)}")
        empty = _empty(value)
        if empty is not None:
            return invalid(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                f"empty {empty} value. Key: {name}"
            )
        if role == "HASH" and _key_bytes(value) > PARTITION_KEY_BYTES_MAX:
            return invalid_values(
                f"Size of hashkey has exceeded the maximum size limit of{PARTITION_KEY_BYTES_MAX} bytes"
            )
        if role == "RANGE" and _key_bytes(value) > SORT_KEY_BYTES_MAX:
            return invalid_values(
                f"Aggregated size of all range keys has exceeded the size limit of {SORT_KEY_BYTES_MAX} bytes"
            )
    return None


@rule(
    RULES,
    "key-of-item",
    *KEYED_OPERATIONS,
    refuses="a key that is not exactly the table's: missing, of another type, empty, longer than 2,048 and 1,024 bytes",
    source=GUIDE + "ServiceQuotas.html, HowItWorks.NamingRulesDataTypes.html",
    certainty="observed",
)
def _keys(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None:
        return None
    for part in ask.measured.of(ask.table.name):
        refusal = _table_key_refusal(ask.table, part)
        if refusal is not None:
            return refusal
    return None


def index_key_refusal(
    table: StrictTable, index: StrictIndex | StrictLocalIndex, item: Mapping[str, Any]
) -> Refusal | None:
    """What an index's key says of an item that has (some of) its attributes."""
    for name, role in index.key_schema:
        if name not in item or name in table.keys:
            continue
        value, expected = item[name], table.definitions.get(name)
        if _kind(value) != expected:
            return invalid_values(
                f"Type mismatch for Index Key {name} Expected: {expected} Actual: {_kind(value)} "
                f"IndexName: {index.name}"
            )
        empty = _empty(value)
        if empty is not None:
            return invalid(
                "One or more parameter values are not valid. A value specified for a secondary index key is not "
                f"supported. The AttributeValue for a key attribute cannot contain an empty {empty} value. "
                f"IndexName: {index.name}, IndexKey: {name}"
            )
        most = PARTITION_KEY_BYTES_MAX if role == "HASH" else SORT_KEY_BYTES_MAX
        if _key_bytes(value) > most:
            which = "hashkey" if role == "HASH" else "rangekey"
            return invalid_values(
                f"Size of {which} has exceeded the maximum size limit of {most} bytes. IndexName: {index.name}, "
                f"IndexKey: {name}"
            )
    return None


@rule(
    RULES,
    "key-of-index",
    *WRITE_OPERATIONS,
    refuses="an item whose attribute is an index's key but of another type, empty, or longer than a key may be",
    source=GUIDE + "GSI.html; messages as observed",
    certainty="observed",
)
def _index_keys(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    if table is None or not (table.gsis or table.lsis):
        return None
    indexes: list[StrictIndex | StrictLocalIndex] = [*table.gsis.values(), *table.lsis.values()]
    items = [part.value for part in ask.measured.of(table.name) if part.kind == "Put"]
    if ask.operation == "UpdateItem":
        items.append(assigned(ask.body))
    for item in items:
        for index in indexes:
            refusal = index_key_refusal(table, index, item)
            if refusal is not None:
                return refusal
    return None


@rule(
    RULES,
    "no-duplicate-keys",
    "BatchWriteItem",
    "BatchGetItem",
    refuses="the same key twice in a batch",
    source=API + "API_BatchWriteItem.html",
)
def _duplicates(ask: JudgedRequest) -> Refusal | None:
    if ask.table is not None and _repeats(ask, ask.table):
        return invalid("Provided list of item keys contains duplicates")
    return None


@rule(
    RULES,
    "transact-once-an-item",
    "TransactWriteItems",
    refuses="two actions of a transaction on one item",
    source=API + "API_TransactWriteItems.html",
)
def _transact_duplicates(ask: JudgedRequest) -> Refusal | None:
    if ask.table is not None and _repeats(ask, ask.table):
        return invalid("Transaction request cannot include multiple operations on one item")
    return None


def _repeats(ask: JudgedRequest, table: StrictTable) -> bool:
    keys = [key_text(table, part.value) for part in ask.measured.of(table.name)]
    return len(set(keys)) < len(keys)


def key_text(table: StrictTable, item: Mapping[str, Any]) -> str:
    """A text that is equal for equal keys (numbers by value)."""
    return "".join([_value_text(item.get(name)) for name in table.keys])


def partition_text(table: StrictTable, item: Mapping[str, Any]) -> str | None:
    """A text for the partition key's value; None where the item has none."""
    value = item.get(table.partition_key)
    return None if value is None else _value_text(value)


def _value_text(value: Any) -> str:
    kind = _kind(value)
    content = str(value[kind]) if kind else ""
    if kind == "N":
        try:
            number = Decimal(content)
        except InvalidOperation:
            number = Decimal(0)
        content = str(number.normalize() if number else 0)
    # The length keeps two values of a key apart.
    return f"{kind}{len(content)}:{content}"
