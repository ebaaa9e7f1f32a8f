"""DynamoDB's numbers: 38 significant digits, magnitudes 1E-130 to 9.99...E+125, one value whatever the spelling.

Source: Amazon DynamoDB Developer Guide, "Supported data types", Number: "up to 38 digits of precision",
positive range 1E-130 to 9.9999999999999999999999999999999999999E+125; leading and trailing zeros are trimmed.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from dynasmith.limits import NUMBER_MAX_DIGITS

#: Power of ten of the leading digit, smallest and largest.
NUMBER_EXPONENT_MIN: Final = -130
NUMBER_EXPONENT_MAX: Final = 125

_NUMBER: Final = re.compile(r"([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]{1,6}))?", re.ASCII)


def number_parts(text: str) -> tuple[bool, str, int] | None:
    """(negative, digits, exponent) of a number as text: the value is digits x 10^exponent; None where it is no number.

    Digits carry no leading and no trailing zero, so that equal numbers have equal parts; zero is (False, "0", 0).
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction, bare, power = match.groups()
    fraction = bare if whole is None else fraction or ""
    digits = ((whole or "") + fraction).lstrip("0")
    trimmed = digits.rstrip("0")
    if not trimmed:
        return False, "0", 0
    exponent = int(power or 0) - len(fraction) + len(digits) - len(trimmed)
    return sign == "-", trimmed, exponent


def number_fault(text: str) -> str:
    """Why DynamoDB would refuse this number, as the end of a sentence; empty where it would not."""
    parts = number_parts(text)
    if parts is None:
        return "it is not written as a decimal number"
    _, digits, exponent = parts
    if len(digits) > NUMBER_MAX_DIGITS:
        return f"it has {len(digits)} significant digits, at most {NUMBER_MAX_DIGITS} fit"
    leading = exponent + len(digits) - 1
    if digits != "0" and not NUMBER_EXPONENT_MIN <= leading <= NUMBER_EXPONENT_MAX:
        return f"its magnitude is 1E{leading:+d}, outside 1E{NUMBER_EXPONENT_MIN} to 1E+{NUMBER_EXPONENT_MAX}"
    return ""


def exact_number(text: str) -> Decimal:
    """A number of JSON, exact. Raises ValueError where its exponent is beyond what a Decimal holds."""
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text[:20]}... is a number that is too large or too small") from error


def number_text(number: Decimal) -> str:
    """The one text of a number: equal numbers give the same, exact, without zeros at the ends.

    With an exponent only where the digits alone would be longer than 40 characters.
    """
    parts = number_parts(str(number))
    if parts is None:
        raise ValueError(f"{number} is not a valid DynamoDB number")
    negative, digits, exponent = parts
    sign = "-" if negative else ""
    if not -40 <= exponent <= 40:
        return f"{sign}{digits}E{exponent:+d}"
    return sign + format(Decimal(f"{digits}E{exponent}"), "f")
