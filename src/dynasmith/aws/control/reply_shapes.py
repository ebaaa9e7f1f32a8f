"""Whether the JSON of a reply has the types that botocore's service model says: botocore parses without looking.

A text in place of a list is a list of its letters to it, and a map one of its names, so that ``{"TableNames":{}}``
would read as "there are no tables".
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_Kinds = tuple[type, ...]
_KINDS: Final[Mapping[str, _Kinds]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int, float),
    "long": (int, float),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
}
"""What JSON has for each type of a shape. Others are not looked at."""


def shape_fault(body: bytes, shape: Any) -> str:
    """Which member of a JSON reply is not of its type; empty where all are. ``null`` counts as absent in a structure.

    Raises ValueError where the body is not JSON, names a member twice or holds NaN, and RecursionError where it is
    nested too deep. About 1 us a value.
    """
    if shape is None or not body:
        return ""
    return _fault(json.loads(body, object_pairs_hook=_distinct, parse_constant=_no_number), shape, "the reply")


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member is there twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _fault(value: Any, shape: Any, name: str) -> str:
    kinds = _KINDS.get(shape.type_name)
    if kinds is None:
        return ""
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds != (bool,)):
        return f"{name} is not a {shape.type_name}"
    check = _PARTS.get(shape.type_name)
    return check(value, shape, name) if check is not None else ""


def _structure(value: dict[str, Any], shape: Any, _: str) -> str:
    for name, member in shape.members.items():
        part = value.get(member.serialization.get("name", name))
        if part is not None and (fault := _fault(part, member, name)):
            return fault
    return ""


def _map(value: dict[str, Any], shape: Any, name: str) -> str:
    return next((fault for part in value.values() if (fault := _fault(part, shape.value, name))), "")


def _list(value: list[Any], shape: Any, name: str) -> str:
    return next((fault for part in value if (fault := _fault(part, shape.member, name))), "")


_PARTS: Final[Mapping[str, Callable[[Any, Any, str], str]]] = {"structure": _structure, "map": _map, "list": _list}
