"""What differs between two states of an item, as lines for people: the place, and its value before and after."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, Literal

import msgspec

from dynasmith.items.digest import tree_hash
from dynasmith.items.plain import inexact_kind, plain_from_item
from dynasmith.items.value import decode_tree

SETS: Final = ("SS", "NS", "BS")
ALIGNED_PAIRS_MAX: Final = 250_000
"""Two lists are aligned where the product of their lengths is no more; longer ones are compared place by place."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_encode: Final = msgspec.json.Encoder().encode


class ShownValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value as people read it: its type tag in DynamoDB JSON, and its text."""

    type: str
    text: str


class DifferenceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One place that differs: ``path`` is written as conditions are (``address.city``, ``lines[2]``); ``before`` or
    ``after`` is None where there was, or is, nothing. Of a set each member that came or went is a line."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: ShownValue | None
    after: ShownValue | None


def item_difference(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *, first: Sequence[str] = ()
) -> tuple[DifferenceLine, ...]:
    """The places where two items (DynamoDB JSON; None is no item) differ: attributes of ``first`` first, then in the
    order of their names. Numbers are compared by value, sets by their members. Pure."""
    one, other = before or {}, after or {}
    names = [name for name in first if name in one or name in other]
    names += sorted((one.keys() | other.keys()) - set(names))
    return tuple(line for name in names for line in _lines(_name(name), one.get(name), other.get(name)))


def shown_value(value: Mapping[str, Any]) -> ShownValue:
    """A value in DynamoDB JSON as people read it: a string as JSON, so that spaces and an empty one can be seen; a list
    or a map as plain JSON, or as DynamoDB JSON where it holds sets or binary."""
    ((tag, content),) = value.items()
    match tag:
        case "N" | "B":
            text = str(content)
        case "SS" | "NS" | "BS":
            text = ", ".join(_member(tag, member) for member in sorted(content))
        case "L" | "M":
            decoded = decode_tree(value)
            exact = not inexact_kind(decoded)
            text = plain_from_item({"v": decoded}).decode()[len('{"v":') : -1] if exact else _encode(content).decode()
        case "NULL":
            text = "null"
        case _:
            text = _encode(content).decode()
    return ShownValue(type=tag, text=text)


def _lines(path: str, before: Any, after: Any) -> Iterator[DifferenceLine]:
    if before is None or after is None:
        if before is not after:
            yield _line(path, before, after)
        return
    if _hash(before) == _hash(after):
        return
    ((tag, one),) = before.items()
    ((other_tag, other),) = after.items()
    if tag != other_tag:
        yield _line(path, before, after)
    elif tag == "M":
        for name in sorted(one.keys() | other.keys()):
            yield from _lines(f"{path}.{_name(name)}", one.get(name), other.get(name))
    elif tag == "L":
        yield from _list_lines(path, one, other)
    elif tag in SETS:
        yield from _set_lines(path, tag, one, other)
    else:
        yield _line(path, before, after)


def _list_lines(path: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[DifferenceLine]:
    """Members that stand in both lists in the same order are the same, wherever they moved."""
    one, other = [_hash(member) for member in before], [_hash(member) for member in after]
    blocks = [("replace", 0, len(one), 0, len(other))]
    if len(one) * len(other) <= ALIGNED_PAIRS_MAX:
        blocks = [*map(tuple, SequenceMatcher(None, one, other, autojunk=False).get_opcodes())]  # type: ignore[list-item]  # opcodes are such tuples
    for kind, low, high, other_low, other_high in blocks:
        if kind == "equal":
            continue
        shared = min(high - low, other_high - other_low)
        for step in range(shared):
            yield from _lines(f"{path}[{other_low + step}]", before[low + step], after[other_low + step])
        for place in range(low + shared, high):
            yield _line(f"{path}[{place}]", before[place], None)
        for place in range(other_low + shared, other_high):
            yield _line(f"{path}[{place}]", None, after[place])


def _set_lines(path: str, tag: str, before: Sequence[str], after: Sequence[str]) -> Iterator[DifferenceLine]:
    one = {_hash({tag[0]: member}): member for member in before}
    other = {_hash({tag[0]: member}): member for member in after}
    for key in sorted(one.keys() - other.keys(), key=lambda key: one[key]):
        gone = ShownValue(type=tag, text=_member(tag, one[key]))
        yield DifferenceLine(path=path, kind="removed", before=gone, after=None)
    for key in sorted(other.keys() - one.keys(), key=lambda key: other[key]):
        came = ShownValue(type=tag, text=_member(tag, other[key]))
        yield DifferenceLine(path=path, kind="added", before=None, after=came)


def _line(path: str, before: Any, after: Any) -> DifferenceLine:
    return DifferenceLine(
        path=path,
        kind="added" if before is None else "removed" if after is None else "changed",
        before=None if before is None else shown_value(before),
        after=None if after is None else shown_value(after),
    )


def _hash(value: Any) -> int:
    return tree_hash({"v": value})


def _member(tag: str, member: str) -> str:
    return _encode(member).decode() if tag == "SS" else member


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'
