"""What a data-plane call carries, measured once: items to write with their sizes, and keys, by table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynasmith.strict.expressions.request import RequestExpression, expressions_of
from dynasmith.strict.measures.sizes import NotHeld, item_bytes

_PUT, _KEYED = "Put", ("Delete", "Update", "ConditionCheck", "Get")


@dataclass(slots=True)
class MeasuredPart:
    """One item or key of a call: ``kind`` Put, Delete, Update, ConditionCheck or Get; ``size`` of a Put in bytes."""

    table: str
    kind: str
    value: Mapping[str, Any]
    size: int = 0
    # A transaction holds the item.
    conflict: bool = False


@dataclass(slots=True)
class CallMeasure:
    """All parts of a call, the first thing in them that DynamoDB cannot hold (the service's message), and the call's
    expressions.
    """

    parts: list[MeasuredPart] = field(default_factory=list)
    not_held: str = ""
    expressions: list[RequestExpression] = field(default_factory=list)

    def of(self, table: str) -> Iterator[MeasuredPart]:
        """The parts of one table."""
        return (part for part in self.parts if part.table == table)


def measure(operation: str, body: Mapping[str, Any], plain: Any) -> CallMeasure:
    """Measure a call; ``plain`` makes a table's name of a name or an ARN. A malformed one is measured as far as it can
    be, and ``not_held`` says so; its own rule holds it against the service model.
    """
    measured = CallMeasure(expressions=expressions_of(body))
    try:
        for part in _parts(operation, body, plain):
            measured.parts.append(part)
            try:
                part.size = item_bytes(part.value)
            except NotHeld as error:
                measured.not_held = measured.not_held or str(error)
    except (AttributeError, KeyError, TypeError, ValueError):
        measured.not_held = measured.not_held or "The request is malformed"
    return measured


def _parts(operation: str, body: Mapping[str, Any], plain: Any) -> Iterator[MeasuredPart]:
    name = plain(body.get("TableName"))
    match operation:
        case "PutItem":
            yield MeasuredPart(name, _PUT, body.get("Item") or {})
        case "UpdateItem" | "DeleteItem" | "GetItem":
            yield MeasuredPart(name, operation.removesuffix("Item"), body.get("Key") or {})
        case "BatchWriteItem":
            for table, writes in (body.get("RequestItems") or {}).items():
                for write in writes if isinstance(writes, list) else ():
                    if "PutRequest" in write:
                        yield MeasuredPart(plain(table), _PUT, (write["PutRequest"] or {}).get("Item") or {})
                    elif "DeleteRequest" in write:
                        yield MeasuredPart(plain(table), "Delete", (write["DeleteRequest"] or {}).get("Key") or {})
        case "BatchGetItem":
            for table, wanted in (body.get("RequestItems") or {}).items():
                for key in wanted.get("Keys") or () if isinstance(wanted, dict) else ():
                    yield MeasuredPart(plain(table), "Get", key)
        case "TransactWriteItems" | "TransactGetItems":
            for item in body.get("TransactItems") or ():
                for kind, inner in item.items():
                    if isinstance(inner, dict):
                        value = inner.get("Item") if kind == _PUT else inner.get("Key")
                        yield MeasuredPart(plain(inner.get("TableName")), kind, value or {})
