"""Numbers: parts, limits, one text."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.items.number import number_fault, number_parts, number_text
from wire_items import few, numbers


@few
@given(numbers, st.integers(0, 5))
def test_equal_numbers_have_equal_parts_and_one_text(number: Decimal, zeros: int) -> None:
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    longer = Decimal((sign, (*digits, *([0] * zeros)), exponent - zeros))
    assert number_parts(str(number)) == number_parts(str(longer)) == number_parts(f"{longer:f}")
    assert number_text(number) == number_text(longer)
    assert Decimal(number_text(number)) == number
    assert number_fault(number_text(number)) == ""


@few
@given(numbers, numbers)
def test_different_numbers_have_different_parts(one: Decimal, other: Decimal) -> None:
    assert (number_parts(str(one)) == number_parts(str(other))) == (one == other)
    assert (number_text(one) == number_text(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0", (False, "0", 0)),
        ("-0.00e5", (False, "0", 0)),
        ("1.50", (False, "15", -1)),
        ("-.5", (True, "5", -1)),
        ("5.", (False, "5", 0)),
        ("+007", (False, "7", 0)),
        ("1200E-1", (False, "12", 1)),
    ],
)
def test_parts(text: str, parts: tuple[bool, str, int]) -> None:
    assert number_parts(text) == parts


@pytest.mark.parametrize("text", ["", "x", "NaN", "Infinity", "1_0", " 1", "1 ", "١", "0x1", "1e", "--1", "1.2.3", "."])
def test_what_python_takes_and_dynamodb_does_not_is_no_number(text: str) -> None:
    assert number_parts(text) is None
    assert "decimal number" in number_fault(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("9" * 38, ""),
        ("9" * 38 + "0" * 88, ""),
        ("1e-130", ""),
        ("9" * 39, "39 significant digits"),
        ("1e126", "1E+126"),
        ("9.9e125", ""),
        ("1e-131", "1E-131"),
        ("0e999999", ""),
    ],
)
def test_the_limits_of_numbers(text: str, says: str) -> None:
    fault = number_fault(text)
    assert says in fault
    assert bool(fault) == bool(says)


def test_texts_of_numbers() -> None:
    assert [number_text(Decimal(text)) for text in ("1.50", "1E3", "-0.0", "12E-3", "-7E+100")] == [
        "1.5",
        "1000",
        "0",
        "0.012",
        "-7E+100",
    ]
    with pytest.raises(ValueError, match="not a valid DynamoDB number"):
        number_text(Decimal("NaN"))
