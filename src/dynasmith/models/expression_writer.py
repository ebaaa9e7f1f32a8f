"""Conditions and actions as the five expression texts of DynamoDB, with their names and values.

Names and values always go through placeholders, so no reserved word and no character of a name matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.condition import Comparison, Junction, ModelCondition, Negation
from dynasmith.models.operand import ExprPath, Operand

_INFIX: Final = ("=", "<>", "<", "<=", ">", ">=")


class ExpressionWriter:
    """The expressions of one request: each method gives a text and notes its names and values.

    ``models`` are the classes that the request is about; an expression of another class is a UsageError.
    """

    def __init__(self, *models: type) -> None:
        self._models = models
        self._names: dict[str, str] = {}
        self._values: dict[str, dict[str, Any]] = {}

    @property
    def placeholders(self) -> dict[str, Any]:
        """The two members of a request that say what the placeholders are; without those that are empty."""
        names = {placeholder: name for name, placeholder in self._names.items()}
        members = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": self._values}
        return {member: entries for member, entries in members.items() if entries}

    def condition(self, condition: ModelCondition) -> str:
        """The text for KeyConditionExpression, FilterExpression or ConditionExpression."""
        match condition:
            case Comparison():
                return self._comparison(condition)
            case Junction():
                return f" {condition.operator} ".join(self._inner(part) for part in condition.parts)
            case Negation():
                return f"NOT ({self.condition(condition.part)})"
        raise UsageError(f"{condition!r} is not a condition.", hint="compare attributes: User.age > 18")

    def projection(self, paths: Iterable[ExprPath]) -> str:
        """The text for ProjectionExpression."""
        return ", ".join(dict.fromkeys(self._path(path) for path in paths))

    def update(self, actions: Sequence[ModelAction]) -> str:
        """The text for UpdateExpression. Raises UsageError where two actions change one path, or a part of it."""
        changes = [action for action in actions if isinstance(action, Assignment)]
        if len(changes) != len(actions):
            other = next(action for action in actions if not isinstance(action, Assignment))
            raise UsageError(f"{other!r} is not an action.", hint="write User.age.set(18), not a comparison")
        _refuse_overlaps(changes)
        clauses: dict[str, list[str]] = {"SET": [], "REMOVE": [], "ADD": [], "DELETE": []}
        for change in changes:
            clause, text = self._change(change)
            clauses[clause].append(text)
        return " ".join(f"{clause} {', '.join(texts)}" for clause, texts in clauses.items() if texts)

    def _inner(self, part: ModelCondition) -> str:
        text = self.condition(part)
        return f"({text})" if isinstance(part, Junction) else text

    def _comparison(self, comparison: Comparison) -> str:
        path = self._path(comparison.path)
        operands = [self._operand(operand) for operand in comparison.operands]
        operator = comparison.operator
        if operator in _INFIX:
            return f"{path} {operator} {operands[0]}"
        if operator == "BETWEEN":
            return f"{path} BETWEEN {operands[0]} AND {operands[1]}"
        if operator == "IN":
            return f"{path} IN ({', '.join(operands)})"
        return f"{operator}({', '.join((path, *operands))})"

    def _change(self, change: Assignment) -> tuple[str, str]:
        """The clause of an action and its text there."""
        path = self._path(change.path)
        operands = [self._operand(operand) for operand in change.operands]
        match change.kind:
            case "set":
                return "SET", f"{path} = {operands[0]}"
            case "set_if_missing":
                return "SET", f"{path} = if_not_exists({path}, {operands[0]})"
            case "add":
                return "SET", f"{path} = if_not_exists({path}, {operands[1]}) + {operands[0]}"
            case "append":
                empty = self._value({"L": []})
                return "SET", f"{path} = list_append(if_not_exists({path}, {empty}), {operands[0]})"
            case "add_members":
                return "ADD", f"{path} {operands[0]}"
            case "discard":
                return "DELETE", f"{path} {operands[0]}"
            case "remove":
                return "REMOVE", path

    def _operand(self, operand: Operand) -> str:
        return self._path(operand) if isinstance(operand, ExprPath) else self._value(operand.tree)

    def _path(self, path: ExprPath) -> str:
        for model in self._models:
            if issubclass(model, path.model) or issubclass(path.model, model):
                break
        else:
            models = " or ".join(model.__name__ for model in self._models)
            raise UsageError(f"{path} is of {path.model.__name__}, and the request is about {models}.")
        text = ""
        for part in path.parts:
            text += f"[{part}]" if isinstance(part, int) else f".{self._name(part)}"
        return f"size({text[1:]})" if path.is_size else text[1:]

    def _name(self, name: str) -> str:
        return self._names.setdefault(name, f"#n{len(self._names)}")

    def _value(self, tree: dict[str, Any]) -> str:
        for placeholder, value in self._values.items():
            if value == tree:
                return placeholder
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = tree
        return placeholder


def _refuse_overlaps(changes: Sequence[Assignment]) -> None:
    for place, change in enumerate(changes):
        if change.path.is_size:
            raise UsageError(f"{change.path} cannot be changed.")
        for other in changes[:place]:
            shorter = min(len(change.path.parts), len(other.path.parts))
            if change.path.parts[:shorter] == other.path.parts[:shorter]:
                both = change.path.attribute if change.path.parts == other.path.parts else other.path.attribute
                raise UsageError(
                    f"Two actions change {both}: {other.kind} of {other.path} and {change.kind} of {change.path}.",
                    hint="an update changes each attribute once; use two updates",
                )


def request_expressions(
    *models: type,
    key: ModelCondition | None = None,
    filter: ModelCondition | None = None,  # noqa: A002 - the service's word
    condition: ModelCondition | None = None,
    update: Sequence[ModelAction] = (),
    projection: Iterable[ExprPath] = (),
) -> Mapping[str, Any]:
    """The expression members of one request about items of ``models``, with shared placeholders."""
    writer = ExpressionWriter(*models)
    texts = {
        "KeyConditionExpression": None if key is None else writer.condition(key),
        "FilterExpression": None if filter is None else writer.condition(filter),
        "ConditionExpression": None if condition is None else writer.condition(condition),
        "UpdateExpression": writer.update(update),
        "ProjectionExpression": writer.projection(projection),
    }
    return {member: text for member, text in texts.items() if text} | writer.placeholders
