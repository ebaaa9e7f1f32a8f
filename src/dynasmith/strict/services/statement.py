"""One PartiQL statement as the call that it stands for: what the rules of items, and capacity, look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynasmith.strict.measures.measure import MeasuredPart, measure
from dynasmith.strict.measures.sizes import item_bytes
from dynasmith.strict.measures.units import ConsumedUnits, changed_units, failed_units, read_units
from dynasmith.strict.partiql.calls import Statement, read
from dynasmith.strict.rules.rule import Refusal, plain_name
from dynasmith.strict.services.world import IncomingCall
from dynasmith.strict.state.state import StrictTable

# Errors that charge the item that stood there although nothing was written.
_CHARGED = frozenset({"ConditionalCheckFailed", "DuplicateItem"})


@dataclass(slots=True)
class SingleStatement:
    """One statement of a call: what it says, the call that it stands for, and what became of it."""

    said: Mapping[str, Any]
    statement: Statement
    table: StrictTable | None
    operation: str
    body: Mapping[str, Any]
    key: dict[str, Any] | None
    #: Why it is held back.
    refusal: Refusal | None = None
    #: The item as it is before, where it was looked at (``known``).
    before: Mapping[str, Any] | None = None
    known: bool = False

    @property
    def part(self) -> MeasuredPart | None:
        """What it reads or writes, measured; None where it does not tell its key."""
        parts = measure(self.operation, self.body, plain_name).parts
        return parts[0] if parts and self.key is not None else None

    @property
    def after(self) -> dict[str, Any] | None:
        """The item as it will be, as far as the statement tells."""
        shape = self.statement.shape
        if shape.verb == "INSERT":
            return dict(self.statement.item or {})
        if shape.verb == "DELETE" or self.before is None:
            return None
        return {
            name: value
            for name, value in {**self.before, **self.statement.assigned}.items()
            if name not in shape.removed
        }


def one_of(call: IncomingCall, said: Mapping[str, Any]) -> SingleStatement:
    """A statement of a call; its table is known when the endpoint is."""
    statement = read(said)
    table = call.account.tables.get(statement.shape.table)
    key = statement.key(table.keys) if table is not None and statement.shape.index is None else None
    operation, body = _stands_for(statement, key)
    return SingleStatement(said, statement, table, operation, body, key)


def _stands_for(statement: Statement, key: dict[str, Any] | None) -> tuple[str, Mapping[str, Any]]:
    """The call with the same effect, as far as rules and capacity look at it."""
    shape = statement.shape
    body: dict[str, Any] = {"TableName": shape.table}
    match shape.verb:
        case "INSERT":
            return "PutItem", {**body, "Item": statement.item or {}}
        case "UPDATE":
            return "UpdateItem", {**body, "Key": key or {}, **_update(statement)}
        case "DELETE":
            return "DeleteItem", {**body, "Key": key or {}}
        case _ if key is not None:
            return "GetItem", {**body, "Key": key, "ConsistentRead": statement.consistent}
    index = {} if shape.index is None else {"IndexName": shape.index}
    return "Scan", {**body, **index, "ConsistentRead": statement.consistent}


def _update(statement: Statement) -> dict[str, Any]:
    shape = statement.shape
    names: dict[str, str] = {}
    sets, values = [], {}
    for number, (name, value) in enumerate(statement.assigned.items()):
        names[f"#s{number}"], values[f":s{number}"] = name, value
        sets.append(f"#s{number} = :s{number}")
    # What changes otherwise (by a function, in the depth) is only named.
    others = dict.fromkeys(
        [*shape.removed, *shape.touched, *(n for n in shape.assigned if n not in statement.assigned)]
    )
    removes = []
    for number, name in enumerate(name for name in others if name not in statement.assigned):
        names[f"#r{number}"] = name
        removes.append(f"#r{number}")
    clauses = [f"SET {', '.join(sets)}"] if sets else []
    clauses += [f"REMOVE {', '.join(removes)}"] if removes else []
    if not clauses:
        return {}
    expression: dict[str, Any] = {"UpdateExpression": " ".join(clauses), "ExpressionAttributeNames": names}
    return expression | ({"ExpressionAttributeValues": values} if values else {})


def cost_of_statement(one: SingleStatement, code: str) -> ConsumedUnits:
    """What a statement costs that ended with this error code ("" for none)."""
    if one.statement.reads:
        size = item_bytes(one.before) if one.before is not None else 0
        index = one.statement.shape.index
        return ConsumedUnits({str(index or ""): read_units(size, consistent=one.statement.consistent)})
    if code in _CHARGED:
        return failed_units(one.before)
    if code:
        return ConsumedUnits()
    assert one.table is not None
    return changed_units(one.table, one.before, one.after)
