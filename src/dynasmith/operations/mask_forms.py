"""The forms of `Mask`: what an email, a phone number, a name and so on become. Each keeps the form of its value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from dynasmith.operations.name_lists import NameList, list_of, names_in
from dynasmith.operations.pseudonym import Pseudonyms, uuid_form

MaskForm: TypeAlias = Literal["email", "phone", "name", "street", "digits", "uuid", "text"]
#: Reserved for documentation, so that no mail reaches a person (RFC 2606, section 3).
MAIL_DOMAIN: Final = "example.com"
#: A code that no country has (ITU-T E.164 keeps 999 in reserve), so that no call reaches a person.
_COUNTRY: Final = "999"
#: An area that no number of North America has, for numbers that name no country.
_AREA: Final = "555"
FIXED_TEXT: Final = "[masked]"
_PHONE: Final = re.compile(r"[+(]?[\d\s()./+-]*\d[\d\s()./-]*(?:\s*(?:ext\.?|x|#)\s*\d+)?", re.IGNORECASE)
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_STREETS: Final = names_in(
    "Alder Bridge Castle Cedar Church Elm Field Forest Garden Green High Hill Lake Lime Maple Market Meadow Mill North "
    "Oak Orchard Park Pine Poplar Queen River Rose School South Spring Station Stone Sunny Valley View Water West "
    "Willow Wood York"
)
_WAYS: Final = ("Street", "Road", "Lane", "Avenue")


def masked_email(text: str, keys: Pseudonyms) -> str:
    """``ada@company.ch`` as ``u5c0f...@example.com``: 20 letters, others for every address.

    ``Ada@Company.ch `` is the same address: mail systems that tell capitals apart are not known in practice, and a
    person is written in both ways.
    """
    return f"u{keys.digest('email', text.strip().casefold()).hex()[:19]}@{MAIL_DOMAIN}"


def masked_phone(text: str, keys: Pseudonyms) -> str | None:
    """Other digits in the same places; None where it is more than a number.

    After ``+`` or ``00`` the country is 999, else the first digits behind leading zeros are 555, where there are seven
    or more.
    """
    if _PHONE.fullmatch(text) is None:
        return None
    digits = [each for each in text if each.isdecimal()]
    fresh = _digits(keys, "phone", text, len(digits))
    zeros = next((at for at, each in enumerate(digits) if unicodedata.decimal(each)), len(digits))
    if "+" in text:
        fresh = _COUNTRY[: len(fresh)] + fresh[len(_COUNTRY) :]
    elif len(digits) >= 7:
        zeros = min(zeros, 2)
        start = "0" * zeros + (_COUNTRY if zeros == 2 else _AREA)
        fresh = start + fresh[len(start) :]
    return _replaced(text, fresh)


def masked_name(text: str, keys: Pseudonyms) -> str:
    """Another name in the same script, with a family name where it has one. Capitals stay capitals."""
    names = list_of(text)
    given, family = _picked(keys, "given name", text, names.given), _picked(keys, "family name", text, names.family)
    if not _has_family(text, names):
        made = given
    else:
        made = names.space.join((family, given) if names.family_first else (given, family))
    return made.upper() if len(text) > 1 and text.isupper() else made


def masked_street(text: str, keys: Pseudonyms) -> str:
    """Another street; the number of the house has other digits and stays where it is, in front or behind."""
    names = list_of(text)
    name = _picked(keys, "street", text, _STREETS if names.first == "A" else names.family)
    way = f" {_picked(keys, 'way', text, _WAYS)}" if names.first == "A" else ""
    number = "".join(each for each in text if each.isdecimal())[:4]
    if not number:
        return f"{name}{way}"
    fresh = str(1 + keys.number("house", text, 10 ** len(number) - 1))
    return f"{fresh} {name}{way}" if text.lstrip()[0].isdecimal() else f"{name}{way} {fresh}"


def masked_digits(text: str, keys: Pseudonyms) -> str:
    """Other digits for digits and other letters for letters, all else as it is.

    An IBAN keeps its country and has valid check digits again; what meets the check of payment cards (Luhn) meets it
    again.
    """
    plain = "".join(text.split())
    if text.isascii() and _IBAN.fullmatch(plain.upper()):
        return _replaced(text, _iban(plain.upper(), keys), letters=True)
    fresh = _signs(plain, keys)
    only = [each for each in plain if each.isdecimal()]
    if 12 <= len(only) <= 19 and len(only) == sum(map(str.isalnum, plain)) and _luhn(only) == 0:
        fresh = fresh[:-1] + str(-_luhn([*fresh[:-1], "0"]) % 10)
    return _replaced(text, fresh, letters=True)


def masked_uuid(text: str, keys: Pseudonyms) -> str | None:
    """A UUID of the same version and spelling; None where it is none."""
    form = uuid_form(text)
    return None if form is None else keys.uuid(text, form)


def masked_text(text: str, keys: Pseudonyms) -> str:
    """``[masked]``, whatever it says."""
    del text, keys
    return FIXED_TEXT


FORMS: Final[Mapping[MaskForm, Callable[[str, Pseudonyms], str | None]]] = {
    "email": masked_email,
    "phone": masked_phone,
    "name": masked_name,
    "street": masked_street,
    "digits": masked_digits,
    "uuid": masked_uuid,
    "text": masked_text,
}
#: Those that numbers may have too.
NUMBER_FORMS: Final = frozenset({"phone", "digits"})


#: A replacement that is what it replaces is made again, so often at most: one digit is met again with 10^-20.
_TRIES: Final = 20


def masked(form: MaskForm, text: str, keys: Pseudonyms) -> str | None:
    """The replacement of a text, never the text itself where its form has another one, nor a word of a name or a
    street; None where the text has not the form."""
    return _other(FORMS[form], text, keys, words=form in ("name", "street"))


def masked_number(digits: str, keys: Pseudonyms) -> str:
    """As many digits for the digits of a number, the first not 0, and not the same ones."""
    return _other(_number, digits, keys) or digits


def _other(
    form: Callable[[str, Pseudonyms], str | None], text: str, keys: Pseudonyms, *, words: bool = False
) -> str | None:
    made = form(text, keys)
    for number in range(1, _TRIES):
        if made is None or not _repeats(made, text, words=words):
            break
        made = form(text, keys.variant(number))
    return made


def _repeats(made: str, text: str, *, words: bool) -> bool:
    new, old = made.casefold(), text.casefold()
    return new == old or (words and not set(new.split()).isdisjoint(old.split()))


def _number(digits: str, keys: Pseudonyms) -> str:
    fresh = _digits(keys, "number", digits, len(digits))
    return fresh if fresh[0] != "0" or len(fresh) == 1 else f"{1 + keys.number('first digit', digits, 9)}{fresh[1:]}"


def _has_family(text: str, names: NameList) -> bool:
    return len(text.split()) > 1 or (not names.space and len(text.strip()) > 2)


def _picked(keys: Pseudonyms, purpose: str, text: str, options: tuple[str, ...]) -> str:
    return options[keys.number(purpose, text, len(options))]


def _stream(keys: Pseudonyms, purpose: str, text: str, length: int) -> bytes:
    made = b""
    while len(made) < length:
        made += keys.digest(f"{purpose} {len(made)}", text)
    return made[:length]


def _digits(keys: Pseudonyms, purpose: str, text: str, length: int) -> str:
    # Of a byte modulo 10, 0 to 5 come 26 times of 256 and 6 to 9 25 times: nobody has to tell them from chance.
    return "".join(str(each % 10) for each in _stream(keys, purpose, text, length))


def _signs(plain: str, keys: Pseudonyms) -> str:
    """A digit for each digit of a text and a letter for each letter, without what else it has."""
    kept = [each for each in plain if each.isalnum()]
    made = _stream(keys, "digits", plain, len(kept))
    return "".join(
        str(byte % 10) if each.isdecimal() else chr(ord("A") + byte % 26) for each, byte in zip(kept, made, strict=True)
    )


def _replaced(text: str, fresh: str, *, letters: bool = False) -> str:
    """The text with these signs in place of its digits (and letters), in its own digits and case."""
    left = iter(fresh)
    made = []
    for each in text:
        if each.isdecimal():
            sign = next(left)
            made.append(chr(ord(each) - unicodedata.decimal(each) + int(sign)))
        elif letters and each.isalnum():
            sign = next(left)
            made.append(sign.lower() if each.islower() else sign)
        else:
            made.append(each)
    return "".join(made)


def _iban(plain: str, keys: Pseudonyms) -> str:
    country, rest = plain[:2], _signs(plain, keys)[4:]
    number = int("".join(str(int(each, 36)) for each in f"{rest}{country}00"))
    return f"{country}{98 - number % 97:02}{rest}"


def _luhn(digits: list[str]) -> int:
    """The remainder by which the check of payment cards (ISO/IEC 7812-1) is missed."""
    values = [unicodedata.decimal(each) for each in reversed(digits)]
    return sum(value if at % 2 == 0 else sum(divmod(2 * value, 10)) for at, value in enumerate(values)) % 10
