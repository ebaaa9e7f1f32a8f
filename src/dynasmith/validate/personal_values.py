"""What a value or a name tells of a person: emails, phone numbers, cards, accounts. Pure, and certain of nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, Literal, TypeAlias

PersonalKind: TypeAlias = Literal["emails", "phone numbers", "numbers of payment cards", "IBANs"]
VALUE_CHARACTERS_MAX: Final = 4_096
"""So much of a value is looked at."""
_DIGIT: Final = re.compile(r"\d")
_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\"']+@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(r"(?:\+|00)\d[\d\s()./-]{6,22}\d|\(?0[\d\s()./-]{7,20}\d")
_DIGITS: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
_IBAN: Final = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?!\w)", re.IGNORECASE)
_WORLDWIDE_DIGITS: Final = range(8, 16)
"""Digits of a phone number with its country (ITU-T E.164 has at most 15)."""
_NATIONAL_DIGITS: Final = range(9, 13)
"""Digits of one without: a date has 8."""
_CARD_FIRST: Final = frozenset("23456")
"""First digits of payment cards (ISO/IEC 7812-1); times in milliseconds begin with 1."""
_TOKEN: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
_SURE_WORDS: Final = (
    "email emails mail phone phones telephone mobile cellphone fax firstname lastname surname forename fullname "
    "birthday birthdate birthplace dob ssn iban passport street postcode zipcode maidenname nationality"
)
"""Words of which one in a name is enough."""
_OTHER_WORDS: Final = "id ids count sent at verified enabled template type status hash domain subject"
"""Words behind which a name is of something else: ``email_verified``."""
_SURE, _OTHER = frozenset(_SURE_WORDS.split()), frozenset(_OTHER_WORDS.split())
_TOGETHER: Final = (
    ("first", "name"),
    ("last", "name"),
    ("full", "name"),
    ("given", "name"),
    ("family", "name"),
    ("middle", "name"),
    ("maiden", "name"),
    ("contact", "name"),
    ("customer", "name"),
    ("of", "birth"),
    ("birth", "date"),
    ("birth", "day"),
    ("e", "mail"),
    ("zip", "code"),
    ("postal", "code"),
    ("home", "address"),
    ("mailing", "address"),
    ("shipping", "address"),
    ("billing", "address"),
    ("ip", "address"),
    ("social", "security"),
    ("credit", "card"),
    ("card", "number"),
    ("bank", "account"),
    ("account", "holder"),
    ("tax", "id"),
)


def personal_kinds(text: str) -> Iterator[PersonalKind]:
    """What a text holds, each once. A card is a guess: one of ten such numbers meets its check by chance."""
    text = text[:VALUE_CHARACTERS_MAX]
    if "@" in text and _EMAIL.search(text):
        yield "emails"
    if len(text) < 8 or _DIGIT.search(text) is None:
        return
    if text[0] in "+0(" and _is_phone(text):
        yield "phone numbers"
    if any(_is_card(found[0]) for found in _DIGITS.finditer(text)):
        yield "numbers of payment cards"
    if any(_is_iban(found[0]) for found in _IBAN.finditer(text)):
        yield "IBANs"


def is_personal_name(name: str) -> bool:
    """Whether a name is that of personal data in most tables: ``email``, ``firstName``, ``billing_address``."""
    tokens = [token.lower() for token in _TOKEN.findall(name)]
    joined, pairs = "".join(tokens), [*pairwise(tokens)]
    if any(both in pairs or "".join(both) == joined for both in _TOGETHER):
        return not tokens or tokens[-1] not in _OTHER - {"id"}
    return joined in _SURE or (not _SURE.isdisjoint(tokens) and tokens[-1] not in _OTHER)


def _is_phone(text: str) -> bool:
    plain = text.strip()
    if _PHONE.fullmatch(plain) is None:
        return False
    digits = sum(map(str.isdecimal, plain))
    if plain.startswith(("+", "00")):
        return digits in _WORLDWIDE_DIGITS
    return digits in _NATIONAL_DIGITS and not plain.isdecimal()


def _is_card(found: str) -> bool:
    digits = [unicodedata.decimal(each) for each in found if each.isdecimal()]
    if str(digits[0]) not in _CARD_FIRST or len(set(digits)) < 3:
        return False
    doubled = [each if at % 2 == 0 else sum(divmod(2 * each, 10)) for at, each in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_iban(found: str) -> bool:
    """Whether an account begins here; words behind it may have been taken for a part of it."""
    words = found.upper().split()
    return any(_meets_iban_check("".join(words[:count])) for count in range(1, len(words) + 1))


def _meets_iban_check(plain: str) -> bool:
    if not 15 <= len(plain) <= 34 or not plain.isascii():
        return False
    return int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1
