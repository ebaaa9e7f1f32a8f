"""Values of every type of DynamoDB, as strategies of hypothesis."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from dynasmith.limits import NUMBER_MAX_DIGITS
from dynasmith.tables.table import KeyAttribute

KEY_PLACES: Final = 6
"""Digits after the point of a key that has any: so few that Python writes none with an exponent."""
EXPONENT_MAX: Final = 125
EXPONENT_MIN: Final = -130
"""A number is from 1E-130 to 9.99E+125, either sign (Developer Guide, "Data types")."""
EDGES: Final = tuple(
    Decimal(text) for text in ("9" * 38, "-0." + "1" * 38, "9." + "9" * 37 + "E+125", "-1E+125", "1E-130", "-1E-130")
)
"""Numbers with all the digits and of the magnitudes that there are."""


def texts(max_bytes: int = 60, *, empty: bool = True) -> st.SearchStrategy[str]:
    """Texts of any characters that UTF-8 has."""
    return st.text(min_size=0 if empty else 1, max_size=max(1, max_bytes // 4))


def numbers() -> st.SearchStrategy[Decimal]:
    """Numbers of up to 38 digits, within DynamoDB's magnitudes."""
    digits = st.integers(-(10**NUMBER_MAX_DIGITS) + 1, 10**NUMBER_MAX_DIGITS - 1)
    exponents = st.integers(-20, 20) | st.integers(EXPONENT_MIN, EXPONENT_MAX)
    return st.integers(-1000, 1000).map(Decimal) | st.sampled_from(EDGES) | st.builds(_number, digits, exponents)


def key_numbers() -> st.SearchStrategy[Decimal]:
    """Numbers of up to 38 digits as the service writes them: engines do not find a key that is written in another way,
    with an exponent or zeros at its end."""
    most = 10**NUMBER_MAX_DIGITS - 1
    whole = st.integers(-most, most) | st.integers(-1000, 1000) | st.sampled_from((-most, most))
    halves = st.integers(-(10**20), 10**20).map(lambda number: Decimal(10 * number + 5).scaleb(-KEY_PLACES))
    return whole.map(Decimal) | halves


def _number(digits: int, exponent: int) -> Decimal:
    """A number with these digits, its exponent moved to where the service has numbers."""
    places = len(str(abs(digits)))
    exponent = max(EXPONENT_MIN, min(exponent, EXPONENT_MAX - places + 1))
    return Decimal((digits < 0, tuple(map(int, str(abs(digits)))), exponent)) if digits else Decimal(0)


def values() -> st.SearchStrategy[Any]:
    """A value of any type, nested up to a few levels."""
    empty: st.SearchStrategy[Any] = st.builds(lambda kind: kind(), st.sampled_from((str, bytes, list, dict)))
    scalars = texts() | numbers() | st.binary(max_size=40) | st.booleans() | st.none() | empty
    sets = (
        st.sets(texts(), min_size=1, max_size=4)
        | st.sets(numbers(), min_size=1, max_size=4)
        | st.sets(st.binary(max_size=20), min_size=1, max_size=4)
    )
    return st.recursive(
        scalars | sets,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names(), inner, max_size=4),
        max_leaves=8,
    )


def names() -> st.SearchStrategy[str]:
    """Names of attributes, reserved words and odd ones among them."""
    return st.sampled_from(("name", "size", "a.b", "#", "ü")) | st.text(min_size=1, max_size=12)


def key_values(attribute: KeyAttribute, max_bytes: int) -> st.SearchStrategy[Any]:
    """Values of a key attribute: no empty ones."""
    match attribute.type:
        case "S":
            return texts(min(max_bytes, 100), empty=False)
        case "N":
            return key_numbers()
        case "B":
            return st.binary(min_size=1, max_size=min(max_bytes, 60))
