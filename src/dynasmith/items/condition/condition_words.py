"""Conditions in words of a person: ``name=value``, ``name:=JSON``, ``name>=value``, ``name begins_with value``, ``name
between low and high``, and whatever the condition language has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, cast

from dynasmith.errors import UsageError
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.condition.parse import parse_paths
from dynasmith.items.condition.tree import Between, Comparator, Compare, FunctionCall, Node, Path, Value
from dynasmith.items.number import number_fault
from dynasmith.items.text_values import json_value, typed_value

_NAME: Final = r"""(?P<name>"(?:[^"]|"")+"|[^\s=<>()'",:]+(?::[^\s=<>()'",:]+)*)"""
_PAIR: Final = re.compile(
    r"""(?P<name>[^\s=<>()'",:]+(?::[^\s=<>()'",:]+)*)(?P<sign>:?=)(?![=\s])(?P<value>.*)""", re.DOTALL
)
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'")
_COMPARED: Final = re.compile(_NAME + r"\s*(?P<sign><=|>=|<|>|=)\s*(?P<value>'(?:[^']|'')*'|\S+)", re.DOTALL)
_BEGINS: Final = re.compile(_NAME + r"\s+begins_with\s+(?P<value>'(?:[^']|'')*'|[^'].*)", re.DOTALL | re.IGNORECASE)
_BETWEEN: Final = re.compile(
    _NAME + r"\s+between\s+(?P<low>'(?:[^']|'')*'|\S+)\s+(?:and\s+)?(?P<high>'(?:[^']|'')*'|\S+)",
    re.DOTALL | re.IGNORECASE,
)


def parse_conditions(words: Sequence[str], types: Mapping[str, str]) -> tuple[Node, ...]:
    """The conditions of these words, all of which must hold. ``types`` are those of the attributes of keys: their
    values need no quotes. Raises UsageError for a word that is not a condition."""
    return tuple(_condition(word, types) for word in words)


def parse_filter(text: str | None) -> tuple[Node, ...]:
    """The condition of ``--filter``; nothing without."""
    return () if text is None else (parse_condition(text).node,)


def parse_attributes(text: str | None) -> tuple[Path, ...]:
    """The attributes of ``--attributes``. Raises UsageError for one that is named twice, or is a part of another."""
    if text is None:
        return ()
    paths = (
        parse_paths(text) if re.search(r"[\"\[.]", text) else tuple(Path((name.strip(),)) for name in text.split(","))
    )
    if any(path.parts == ("",) for path in paths):
        raise UsageError("--attributes has an empty name.", hint="write --attributes name,total")
    for place, path in enumerate(paths):
        for other in paths[place + 1 :]:
            shared = min(len(path.parts), len(other.parts))
            if path.parts[:shared] == other.parts[:shared]:
                raise UsageError(
                    f"--attributes names {path.parts[0]} twice.", hint="name an attribute once, or parts of it"
                )
    return paths


def looks_like_number(node: Node) -> str:
    """The name of an attribute that is compared with a text which reads like a number; empty for any other."""
    if isinstance(node, Compare) and isinstance(node.left, Path) and isinstance(node.right, Value):
        value = node.right.value
        if isinstance(value, str) and value and not number_fault(value):
            return str(node.left.parts[0])
    return ""


def _condition(word: str, types: Mapping[str, str]) -> Node:
    head, equals, _ = word.partition("=")
    pair = _PAIR.fullmatch(word)
    if equals and head in types:
        return Compare("=", Path((head,)), Value(typed_value(head, word[len(head) + 1 :], types[head])))
    if pair and not _QUOTED.fullmatch(pair["value"]):
        name = pair["name"]
        if pair["sign"] == ":=":
            return Compare("=", Path((name,)), Value(json_value(name, pair["value"])))
        return Compare("=", Path((name,)), Value(pair["value"]))
    if found := _BEGINS.fullmatch(word):
        name = _name(found["name"])
        kind = types.get(name, "S")
        if kind == "N":
            raise UsageError(f"{name} is a number, and begins_with needs a string.", hint=f"write {name}>=42")
        return FunctionCall("begins_with", Path((name,)), Value(_value(name, found["value"], kind)))
    if (found := _BETWEEN.fullmatch(word)) and (bounds := _bounds(found, types)):
        return bounds
    if (found := _COMPARED.fullmatch(word)) and (kind := types.get(_name(found["name"]), "")):
        name = _name(found["name"])
        return Compare(cast(Comparator, found["sign"]), Path((name,)), Value(_value(name, found["value"], kind)))
    if re.fullmatch(r"[\w.#@-]+", word):
        hint = f"write {word}=value, as one word" if word in types else f"write {next(iter(types), 'name')}={word}"
        raise UsageError(f"{word!r} is a word alone, not a condition.", hint=hint)
    return parse_condition(word).node


def _bounds(found: re.Match[str], types: Mapping[str, str]) -> Between | None:
    """The bounds of a key attribute, typed; of another one numbers or texts. None for what the language must read."""
    name, low, high = _name(found["name"]), found["low"], found["high"]
    kind = types.get(name) or ("N" if not number_fault(low) and not number_fault(high) else "S")
    first, last = _value(name, low, kind), _value(name, high, kind)
    if first > last:
        raise UsageError(f"The lower bound of {name} is above the upper one.", hint=f"write '{name} between 1 and 9'")
    return Between(Path((name,)), Value(first), Value(last))


def _name(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _value(name: str, text: str, kind: str) -> Any:
    if _QUOTED.fullmatch(text):
        return text[1:-1].replace("''", "'") if kind == "S" else typed_value(name, text[1:-1], kind)
    value: str | bytes | Decimal = typed_value(name, text, kind)
    return value
