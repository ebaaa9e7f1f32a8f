"""The parameters from before there were expressions, as the expressions that say the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynasmith.strict.expressions.nodes import DocumentPath, FunctionNode, Node, OperatorNode, UpdateAction, ValueName
from dynasmith.strict.expressions.values import type_of

_COMPARATORS = {"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">", "IN": "IN", "BETWEEN": "BETWEEN"}


@dataclass(slots=True)
class Placeholders:
    """The names and values that expressions are given; ``prefix`` keeps them apart from others."""

    prefix: str
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def path(self, name: str) -> DocumentPath:
        """The path of a top-level attribute, whatever it is called."""
        alias = next((alias for alias, known in self.names.items() if known == name), None)
        if alias is None:
            alias = f"#{self.prefix}{len(self.names)}"
            self.names[alias] = name
        return DocumentPath((alias,))

    def value(self, value: Any) -> ValueName:
        """A constant."""
        name = f":{self.prefix}{len(self.values)}"
        self.values[name] = value
        return ValueName(name)


def _condition(path: DocumentPath, operator: str, values: list[ValueName]) -> Node:
    match operator:
        case "NULL":
            return FunctionNode("attribute_not_exists", (path,))
        case "NOT_NULL":
            return FunctionNode("attribute_exists", (path,))
        case "BEGINS_WITH":
            return FunctionNode("begins_with", (path, *values))
        case "CONTAINS":
            return FunctionNode("contains", (path, *values))
        case "NOT_CONTAINS":
            absent = OperatorNode("NOT", (FunctionNode("contains", (path, *values)),))
            return OperatorNode("AND", (FunctionNode("attribute_exists", (path,)), absent))
        case _:
            return OperatorNode(_COMPARATORS[operator], (path, *values))


def _parts(conditions: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    """(attribute, operator, values) of each condition; those of Expected may be said by Exists and Value."""
    for name, said in conditions.items():
        if "ComparisonOperator" in said:
            values = [said["Value"]] if "Value" in said else list(said.get("AttributeValueList") or ())
            yield name, said["ComparisonOperator"], values
        elif "Value" in said:
            yield name, "EQ", [said["Value"]]
        else:
            yield name, "NULL", []


def condition_of(conditions: Mapping[str, Any], connector: str, given: Placeholders) -> Node | None:
    """The condition that Expected, QueryFilter, ScanFilter or KeyConditions say; None for no conditions."""
    found: Node | None = None
    for name, operator, values in _parts(conditions):
        one = _condition(given.path(name), operator, [given.value(value) for value in values])
        found = one if found is None else OperatorNode(connector, (found, one))
    return found


def actions_of(updates: Mapping[str, Any], given: Placeholders) -> Iterator[UpdateAction]:
    """The actions that AttributeUpdates say."""
    for name, update in updates.items():
        path, action, value = given.path(name), update.get("Action", "PUT"), update.get("Value")
        if value is None:
            yield UpdateAction("REMOVE", path)
        elif action == "ADD" and type_of(value) == "L":
            before = FunctionNode("if_not_exists", (path, given.value({"L": []})))
            yield UpdateAction("SET", path, FunctionNode("list_append", (before, given.value(value))))
        else:
            yield UpdateAction("SET" if action == "PUT" else action, path, given.value(value))
