"""Rules of keys: those of items and of requests against the key of the table and of its indexes."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynasmith.strict.expressions.expression import UPDATE
from dynasmith.strict.expressions.paths import resolved
from dynasmith.strict.expressions.request import RequestExpression
from dynasmith.strict.expressions.update_check import assigned_types
from dynasmith.strict.measures.measure import MeasuredPart
from dynasmith.strict.measures.sizes import binary_bytes, text_bytes
from dynasmith.strict.rules.items import KEYED_OPERATIONS, WRITE_OPERATIONS, kind_of, repeats
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, plain_name, rule
from dynasmith.strict.rules.tables import API, GUIDE
from dynasmith.strict.state.state import StrictIndex, StrictLocalIndex, StrictTable

RULES: list[StrictRule] = []
PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX = 2048, 1024  # GUIDE + ServiceQuotas.html


def _key_bytes(value: Any) -> int:
    (kind, content), *_ = value.items()
    return binary_bytes(content) if kind == "B" else text_bytes(str(content))


def _empty(value: Any) -> str | None:
    kind = kind_of(value)
    if kind in {"S", "B"} and value[kind] == "":
        return "string" if kind == "S" else "binary"
    return None


def key_piece_refusal(name: str, role: str, value: Any) -> Refusal | None:
    """What is wrong with the value of one key attribute, whose type is right."""
    empty = _empty(value)
    if empty is not None:
        return invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            f"empty {empty} value. Key: {name}"
        )
    if role == "HASH" and _key_bytes(value) > PARTITION_KEY_BYTES_MAX:
        return invalid_values(f"Size of hashkey has exceeded the maximum size limit of{PARTITION_KEY_BYTES_MAX} bytes")
    if role == "RANGE" and _key_bytes(value) > SORT_KEY_BYTES_MAX:
        return invalid_values(
            f"Aggregated size of all range keys has exceeded the size limit of {SORT_KEY_BYTES_MAX} bytes"
        )
    return None


def _table_key_refusal(table: StrictTable, part: MeasuredPart) -> Refusal | None:
    if part.kind != "Put" and set(part.value) != set(table.keys):
        return invalid("The provided key element does not match the schema")
    for name, role in table.key_schema:
        if name not in part.value:
            return invalid_values(f"Missing the key {name} in the item")
        value, expected = part.value[name], table.definitions.get(name)
        if kind_of(value) != expected:
            if part.kind != "Put":
                return invalid("The provided key element does not match the schema")
            return invalid_values(f"Type mismatch for key {name} expected: {expected} actual: {kind_of(value)}")
        refusal = key_piece_refusal(name, role, value)
        if refusal is not None:
            return refusal
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
        if kind_of(value) != expected:
            return invalid_values(
                f"Type mismatch for Index Key {name} Expected: {expected} Actual: {kind_of(value)} "
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
    types = _updated_types(ask, table)
    items.append({name: constant for name, (_, constant) in types.items() if constant is not None})
    for index in indexes:
        for name, _ in index.key_schema:
            kind, expected = types.get(name, (None, None))[0], table.definitions.get(name)
            if kind is not None and kind != expected:
                return invalid_values(
                    f"Type mismatch for Index Key {name} Expected: {expected} Actual: {kind} IndexName: {index.name}"
                )
        for item in items:
            refusal = index_key_refusal(table, index, item)
            if refusal is not None:
                return refusal
    return None


def _updates_of(ask: JudgedRequest, table: StrictTable) -> Iterator[RequestExpression]:
    return (one for one in ask.measured.expressions if one.kind == UPDATE and plain_name(one.table) == table.name)


def _updated_types(ask: JudgedRequest, table: StrictTable) -> dict[str, tuple[str, Mapping[str, object] | None]]:
    """The types (and constants) that the updates of a call give to attributes of the table."""
    found: dict[str, tuple[str, Mapping[str, object] | None]] = {}
    for one in _updates_of(ask, table):
        found.update(assigned_types(one.expression.actions, one.names, one.values))
    for name, update in (ask.body.get("AttributeUpdates") or {}).items():
        value = update.get("Value")
        if value is not None and update.get("Action") != "DELETE":
            found[name] = (kind_of(value), value if update.get("Action", "PUT") == "PUT" else None)
    return found


@rule(
    RULES,
    "key-not-updated",
    "UpdateItem",
    "TransactWriteItems",
    refuses="an update of an attribute of the table's key",
    source=API + "API_UpdateItem.html (AttributeUpdates: it cannot update a primary key); message as observed",
)
def _key_updated(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None:
        return None
    changed = {
        resolved(action.path, one.names)[0] for one in _updates_of(ask, ask.table) for action in one.expression.actions
    }
    changed.update(ask.body.get("AttributeUpdates") or ())
    for name in ask.table.keys:
        if name in changed:
            return invalid_values(f"Cannot update attribute {name}. This attribute is part of the key")
    return None


@rule(
    RULES,
    "transact-once-an-item",
    "TransactWriteItems",
    refuses="two actions of a transaction on one item",
    source=API + "API_TransactWriteItems.html",
)
def _transact_duplicates(ask: JudgedRequest) -> Refusal | None:
    if ask.table is not None and repeats(ask, ask.table):
        return invalid("Transaction request cannot include multiple operations on one item")
    return None
