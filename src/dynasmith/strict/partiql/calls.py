"""PartiQL statements of a call with their parameters: what each reads or writes, and of which item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynasmith.strict.partiql.text import Placeholder, StatementShape, Verb, shape_of

READS: tuple[Verb, ...] = ("SELECT",)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its parameters. ``item`` is what an INSERT puts, ``equal`` what WHERE holds to one value,
    ``assigned`` the top-level attributes that are set to a value as it stands, ``touched`` the others that change.
    """

    shape: StatementShape
    item: Mapping[str, Any] | None
    equal: Mapping[str, Any]
    assigned: Mapping[str, Any]
    consistent: bool = False

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.shape.verb in READS

    def key(self, names: Sequence[str]) -> dict[str, Any] | None:
        """The key of the item that it is about; None where it does not tell it."""
        values = self.item if self.shape.verb == "INSERT" else self.equal
        if values is None or any(values.get(name) is None for name in names):
            return None
        return {name: values[name] for name in names}


def statements_in(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The statements of an ExecuteStatement, BatchExecuteStatement or ExecuteTransaction, as they came."""
    several = body.get("Statements") or body.get("TransactStatements")
    if isinstance(several, list):
        return [one if isinstance(one, dict) else {} for one in several]
    return [body] if "Statement" in body else []


def tables_in(body: Mapping[str, Any]) -> list[str]:
    """The tables that the statements of a call name, in order."""
    return [name for one in statements_in(body) if (name := shape_of(_words(one)).table)]


def read(one: Mapping[str, Any]) -> Statement:
    """A statement of a call with its parameters in their places."""
    shape = shape_of(_words(one))
    said = one.get("Parameters")
    parameters = said if isinstance(said, list) else []
    item = _bound(shape.item, parameters)
    if isinstance(item, dict) and isinstance(item.get("M"), dict):
        item = item["M"]
    return Statement(
        shape,
        item if isinstance(item, dict) else None,
        {name: _bound(value, parameters) for name, value in shape.equal.items()},
        {name: found for name, value in shape.assigned.items() if (found := _bound(value, parameters)) is not None},
        bool(one.get("ConsistentRead")),
    )


def _words(one: Mapping[str, Any]) -> str:
    said = one.get("Statement")
    return said if isinstance(said, str) else ""


def _bound(value: Any, parameters: Sequence[Any]) -> Any:
    if isinstance(value, Placeholder):
        return parameters[value.place] if value.place < len(parameters) else None
    if isinstance(value, dict):
        bound = {name: _bound(member, parameters) for name, member in value.items()}
        return None if any(member is None for member in bound.values()) else bound
    if isinstance(value, list):
        several = [_bound(member, parameters) for member in value]
        return None if any(member is None for member in several) else several
    return value
