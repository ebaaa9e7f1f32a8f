"""Rules of items and of the requests that carry them, whatever table they are for: sizes, values, limits of batches."""

import base64
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from dynasmith.strict.expressions.request import holders
from dynasmith.strict.expressions.values import canonical
from dynasmith.strict.measures.sizes import ITEM_BYTES_MAX
from dynasmith.strict.rules.data import ITEM_OPERATIONS
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule
from dynasmith.strict.rules.tables import API, GUIDE
from dynasmith.strict.state.state import StrictTable

RULES: list[StrictRule] = []
KeyValue = str | bytes | int | Decimal | dict[str, Any]
_TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}\Z")
WRITE_OPERATIONS = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")
KEYED_OPERATIONS = ("GetItem", "BatchGetItem", "TransactGetItems", *WRITE_OPERATIONS)
BATCH_WRITE_MAX, BATCH_GET_MAX, TRANSACT_MAX = 25, 100, 100  # API references of the operations
REQUEST_BYTES_MAX = 16 * 1024 * 1024  # API_BatchWriteItem.html
TRANSACT_BYTES_MAX = 4 * 1024 * 1024  # API_TransactWriteItems.html


@rule(
    RULES,
    "table-name",
    *ITEM_OPERATIONS,
    refuses="a table's name of less than 3 or more than 255 characters, or with others than a-z, A-Z, 0-9, _, - and .",
    source=GUIDE + "HowItWorks.NamingRulesDataTypes.html",
)
def _table_name(ask: JudgedRequest) -> Refusal | None:
    for name in (*(table for table, _ in holders(ask.body)), *(ask.body.get("RequestItems") or ())):
        if not name.startswith("arn:") and not _TABLE_NAME.match(name):
            return invalid(
                "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may "
                "contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"
            )
    return None


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
    "batch-write-one",
    "BatchWriteItem",
    refuses="an entry of a batch that is not one PutRequest or one DeleteRequest",
    source=API + "API_WriteRequest.html; message as observed",
)
def _one_request(ask: JudgedRequest) -> Refusal | None:
    for writes in ask.body["RequestItems"].values():
        if any(len(write.keys() & {"PutRequest", "DeleteRequest"}) != 1 for write in writes):
            return invalid(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
                "datatypes"
            )
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


@rule(
    RULES,
    "no-duplicate-keys",
    "BatchWriteItem",
    "BatchGetItem",
    refuses="the same key twice in a batch",
    source=API + "API_BatchWriteItem.html",
)
def _duplicates(ask: JudgedRequest) -> Refusal | None:
    if ask.operation == "BatchGetItem":
        keys = [(part.table, canonical({"M": part.value})) for part in ask.measured.parts]
        repeated = len(set(keys)) < len(keys)
    else:
        repeated = ask.table is not None and repeats(ask, ask.table)
    return invalid("Provided list of item keys contains duplicates") if repeated else None


def repeats(ask: JudgedRequest, table: StrictTable) -> bool:
    """Whether two parts of a call are about one item."""
    keys = [key_text(table, part.value) for part in ask.measured.of(table.name)]
    return len(set(keys)) < len(keys)


def key_text(table: StrictTable, item: Mapping[str, Any]) -> str:
    """A text that is equal for equal keys (numbers by value)."""
    return "".join([value_text(item.get(name)) for name in table.keys])


def wire_value(value: KeyValue) -> dict[str, Any]:
    """A value of a key as DynamoDB JSON; one that is so already as it is."""
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bytes):
        return {"B": base64.b64encode(value).decode()}
    return {"N": str(value)}


def part_keys(table: StrictTable, item: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the partition keys that an item, or a key, has: by index, that of the table under ""."""
    names = {"": table.partition_key} | {index.name: index.key_schema[0][0] for index in table.gsis.values()}
    return {resource: value_text(item[name]) for resource, name in names.items() if name in item}


def kind_of(value: Any) -> str:
    """The type of an attribute value, "" for what is none."""
    return next(iter(value), "") if isinstance(value, dict) else ""


def value_text(value: Any) -> str:
    """A text that is equal for equal values of a key."""
    kind = kind_of(value)
    content = str(value[kind]) if kind else ""
    if kind == "N":
        try:
            number = Decimal(content)
        except InvalidOperation:
            number = Decimal(0)
        content = str(number.normalize() if number else 0)
    # The length keeps two values of a key apart.
    return f"{kind}{len(content)}:{content}"
