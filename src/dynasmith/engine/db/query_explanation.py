"""`QueryExplanation`: how a query reads, and its expressions as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dynasmith.engine.db.include import IncludeExplanation


@dataclass(frozen=True, slots=True)
class QueryExplanation:
    """How a query reads: ``operation`` on ``table``, by ``index`` (empty: the table's key), with these expressions.

    ``includes`` are the relations that are read with each page of it.
    """

    operation: Literal["Query", "Scan"]
    table: str
    index: str
    key_condition: str
    filter: str
    consistent: bool
    includes: tuple[IncludeExplanation, ...] = ()


def without_unused_names(request: dict[str, Any]) -> dict[str, Any]:
    """The request with the names that its expressions use: DynamoDB refuses another."""
    texts = " ".join(str(text) for name, text in request.items() if name.endswith("Expression"))
    names = request.get("ExpressionAttributeNames", {})
    used = {placeholder: name for placeholder, name in names.items() if placeholder in _words(texts)}
    request = {name: value for name, value in request.items() if name != "ExpressionAttributeNames"}
    return {**request, "ExpressionAttributeNames": used} if used else request


def _words(text: str) -> set[str]:
    for sign in "(),.[]=<>":
        text = text.replace(sign, " ")
    return set(text.split())


def readable(request: dict[str, Any], member: str) -> str:
    """An expression with names and values in their places."""
    text = str(request.get(member, ""))
    for placeholder, tree in sorted(request.get("ExpressionAttributeValues", {}).items(), reverse=True, key=_place):
        ((_, content),) = tree.items()
        text = text.replace(placeholder, repr(content))
    for placeholder, name in sorted(request.get("ExpressionAttributeNames", {}).items(), reverse=True, key=_place):
        text = text.replace(placeholder, name)
    return text


def _place(entry: tuple[str, Any]) -> int:
    return int(entry[0][2:])
