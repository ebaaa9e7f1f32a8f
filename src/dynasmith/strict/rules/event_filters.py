"""Filter patterns of event source mappings: which are valid, and which records they match.

Source: Lambda Developer Guide, "Control which events Lambda sends to your function" (Filter rule syntax): equal to
one of the values of a list, prefix, suffix, anything-but, numeric, exists, equals-ignore-case, ``$or``.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

FILTERS_MAX: Final = 5  # Lambda quotas: filters a mapping, without a raised quota
PATTERN_MAX: Final = 4096  # API reference, Filter
_ORDERS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": lambda value, limit: value == limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}
_OR: Final = "$or"


def pattern_problem(text: str) -> str:
    """Why a text is not a valid filter pattern; "" where it is one."""
    if len(text) > PATTERN_MAX:
        return f"it has {len(text)} characters, and may have {PATTERN_MAX}"
    try:
        pattern = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return "it is not JSON"
    return _object_problem(pattern)


def matches(pattern: Any, record: Any) -> bool:
    """Whether a record matches a valid pattern."""
    for name, wanted in pattern.items():
        if name == _OR and isinstance(wanted, list) and all(isinstance(one, dict) for one in wanted):
            if not any(matches(one, record) for one in wanted):
                return False
            continue
        there = isinstance(record, dict) and name in record
        value = record[name] if there else None
        if isinstance(wanted, dict):
            # Every leaf of the pattern is judged, so that "exists: false" holds where its parent is not there.
            if not matches(wanted, value if isinstance(value, dict) else {}):
                return False
        elif not any(_fits(one, there, value) for one in wanted):
            return False
    return True


def _object_problem(pattern: Any) -> str:
    if not isinstance(pattern, dict) or not pattern:
        return "it is not an object with members"
    for name, wanted in pattern.items():
        if isinstance(wanted, dict):
            problem = _object_problem(wanted)
        elif name == _OR and isinstance(wanted, list) and all(isinstance(one, dict) for one in wanted):
            problem = "" if len(wanted) > 1 else "$or has fewer than two parts"
            problem = problem or next(filter(None, map(_object_problem, wanted)), "")
        elif isinstance(wanted, list) and wanted:
            problem = next(filter(None, map(_leaf_problem, wanted)), "")
        else:
            problem = f"{name} is not a list of values"
        if problem:
            return problem
    return ""


def _leaf_problem(one: Any) -> str:
    if one is None or isinstance(one, (str, int, float)):
        return ""
    if not isinstance(one, dict) or len(one) != 1:
        return "a value is neither a text, a number, true, false, null, nor one operator"
    ((operator, said),) = one.items()
    good = {
        "exists": lambda: isinstance(said, bool),
        "prefix": lambda: isinstance(said, str),
        "suffix": lambda: isinstance(said, str),
        "equals-ignore-case": lambda: isinstance(said, str),
        "anything-but": lambda: _excluded(said) is not None,
        "numeric": lambda: _ranges(said) is not None,
    }.get(operator)
    if good is None:
        return f"{operator} is not an operator"
    return "" if good() else f"{operator} has a value that it does not take"


def _excluded(said: Any) -> list[Any] | None:
    values = said if isinstance(said, list) else [said]
    if isinstance(said, dict):
        good = (
            len(said) == 1 and next(iter(said)) in {"prefix", "suffix"} and isinstance(next(iter(said.values())), str)
        )
        return [said] if good else None
    return values if values and all(isinstance(one, (str, int, float)) for one in values) else None


def _ranges(said: Any) -> list[tuple[str, float]] | None:
    if not isinstance(said, list) or len(said) not in (2, 4):
        return None
    pairs = list(zip(said[::2], said[1::2], strict=True))
    good = all(order in _ORDERS and isinstance(limit, (int, float)) for order, limit in pairs)
    return pairs if good else None


def _fits(wanted: Any, there: bool, value: Any) -> bool:
    """Whether a value is one that a leaf of a pattern names."""
    if not isinstance(wanted, dict):
        return (there and type(value) is type(wanted) and value == wanted) or _same_number(wanted, value)
    ((operator, said),) = wanted.items()
    match operator:
        case "exists":
            # Only leaves exist: an object, as the map of a key, does not.
            return bool(said) is (there and not isinstance(value, dict))
        case "prefix":
            return isinstance(value, str) and value.startswith(said)
        case "suffix":
            return isinstance(value, str) and value.endswith(said)
        case "equals-ignore-case":
            return isinstance(value, str) and value.casefold() == said.casefold()
        case "anything-but":
            if isinstance(said, dict):
                return isinstance(value, str) and not _fits(said, there, value)
            return there and value not in (said if isinstance(said, list) else [said])
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and all(_ORDERS[order](value, limit) for order, limit in _ranges(said) or ())


def _same_number(wanted: Any, value: Any) -> bool:
    numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (wanted, value))
    return numbers and wanted == value
