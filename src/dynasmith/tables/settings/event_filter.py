"""Event filters of Lambda: what is wrong with a pattern, before Lambda refuses it.

Source: Lambda Developer Guide, "Control which events Lambda sends to your function" (filter rule syntax).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

PATTERN_CHARACTERS_MAX: Final = 4_096
"""API reference, Filter, Pattern."""
FILTERS_MAX: Final = 5
"""Lambda quotas: filters of a mapping, where none is raised."""
_NUMBER_OPERATORS: Final = frozenset(("=", "<", "<=", ">", ">="))
_OR: Final = "$or"


def pattern_problem(pattern: object) -> str:
    """Why a pattern (JSON text, or what it holds) is not one that Lambda takes; empty for one that is."""
    text = pattern if isinstance(pattern, str) else json.dumps(pattern, separators=(",", ":"))
    if len(text) > PATTERN_CHARACTERS_MAX:
        return f"it has {len(text):,} characters, and may have {PATTERN_CHARACTERS_MAX:,}"
    try:
        value = json.loads(text)
    except ValueError:
        return "it is not JSON"
    return _of_object(value)


def _of_object(value: Any) -> str:
    if not isinstance(value, dict):
        return "it is not an object"
    if not value:
        return "it has an object without members"
    for name, part in value.items():
        problem = _of_member(name, part)
        if problem:
            return problem
    return ""


def _of_member(name: str, part: Any) -> str:
    if isinstance(part, dict):
        return _of_object(part)
    if not isinstance(part, list) or not part:
        return f"{name} is neither an object nor a list of values"
    if name == _OR and all(isinstance(each, dict) for each in part):
        return "$or has one part" if len(part) == 1 else next(filter(None, map(_of_object, part)), "")
    return next(filter(None, (_of_value(name, each) for each in part)), "")


def _of_value(name: str, value: Any) -> str:
    if value is None or isinstance(value, str | int | float):
        return ""
    if not isinstance(value, dict) or len(value) != 1:
        return f"{name} has a value that is neither a text, a number, true, false, null nor one operator"
    ((operator, argument),) = value.items()
    takes = _OPERATORS.get(operator)
    if takes is None:
        return f"{operator} of {name} is not an operator"
    return "" if takes(argument) else f"{operator} of {name} does not take {json.dumps(argument)}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_excluded(value: Any) -> bool:
    if isinstance(value, dict):
        return len(value) == 1 and next(iter(value)) in ("prefix", "suffix") and _is_text(next(iter(value.values())))
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(isinstance(each, str | int | float) for each in values)


def _is_range(value: Any) -> bool:
    if not isinstance(value, list) or len(value) not in (2, 4):
        return False
    numbers = all(isinstance(each, int | float) for each in value[1::2])
    return numbers and all(each in _NUMBER_OPERATORS for each in value[::2])


_OPERATORS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "exists": lambda value: isinstance(value, bool),
    "prefix": _is_text,
    "suffix": _is_text,
    "equals-ignore-case": _is_text,
    "anything-but": _is_excluded,
    "numeric": _is_range,
}
