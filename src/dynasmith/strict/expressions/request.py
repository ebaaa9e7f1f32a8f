"""The expressions of a request, each with the names and values that the request gives it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dynasmith.strict.expressions.expression import KINDS, Expression, read_expression


@dataclass(frozen=True, slots=True)
class RequestExpression:
    """One expression of a request; ``table`` is the table's name or ARN as the request gives it."""

    expression: Expression
    names: Mapping[str, str]
    values: Mapping[str, Mapping[str, Any]]
    table: str

    @property
    def kind(self) -> str:
        """The member of the request that it is."""
        return self.expression.kind


def holders(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Whatever of a request has expressions of its own, with its table: the call, each action, each table's keys."""
    actions, tables = body.get("TransactItems"), body.get("RequestItems")
    if isinstance(actions, list):
        for action in actions:
            for part in action.values() if isinstance(action, dict) else ():
                if isinstance(part, dict):
                    yield str(part.get("TableName", "")), part
    elif isinstance(tables, dict):
        for table, wanted in tables.items():
            if isinstance(wanted, dict):
                yield table, wanted
    else:
        yield str(body.get("TableName", "")), body


def expressions_of(body: Mapping[str, Any]) -> list[RequestExpression]:
    """The expressions of a request, those of one holder in the order in which the service looks at them."""
    found: list[RequestExpression] = []
    for table, holder in holders(body):
        for kind in KINDS:
            text = holder.get(kind)
            if isinstance(text, str):
                names, values = (_map(holder.get(f"ExpressionAttribute{member}")) for member in ("Names", "Values"))
                found.append(RequestExpression(read_expression(kind, text), names, values, table))
    return found


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
