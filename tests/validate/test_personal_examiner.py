"""What looks personal and is not named: found at any depth, never shown, and nothing is found where nothing is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.items.wire import encode_item
from dynasmith.validate.item_findings import ItemsFinding
from dynasmith.validate.item_sample import ItemSampleSize
from dynasmith.validate.personal_examiner import ENTRIES_MAX, PersonalExaminer
from dynasmith.validate.personal_values import is_personal_name, personal_kinds

EMAIL, PHONE, CARD, IBAN = "emails", "phone numbers", "numbers of payment cards", "IBANs"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("ada@example.org", [EMAIL]),
        ("ADA+News@EXAMPLE.ORG", [EMAIL]),
        ("jürgen@bücher.example", [EMAIL]),
        ("USER#ada@example.org", [EMAIL]),
        ("Please write to ada@example.org, or call.", [EMAIL]),
        ("+41 79 111 22 33", [PHONE]),
        ("0041791112233", [PHONE]),
        ("(044) 111 22 33", [PHONE]),
        ("+٤١٧٩١١١٢٢٣٣", [PHONE]),
        ("4111 1111 1111 1234", []),
        ("4532 0151 1283 0366", [CARD]),
        ("paid with 4532015112830366.", [CARD]),
        ("4532015112830367", []),
        ("CH93 0076 2011 6238 5295 7", [IBAN]),
        ("ch9300762011623852957", [IBAN]),
        ("to CH93 0076 2011 6238 5295 7 thanks", [IBAN]),
        ("CH94 0076 2011 6238 5295 7", []),
        *[(each, []) for each in (
            "", "@", "a@b", "@home", "2026-11-30", "01/02/2026", "2026-11-30T08:00:00Z", "1764489600000",
            "550e8400-e29b-41d4-a716-446655440000", "0791112233", "order 20261130", "3.14159265358979",
            "4444444444444448", "https://example.org/@ada",
        )],
    ],
)  # fmt: skip
def test_what_a_text_holds(text: str, kinds: list[str]) -> None:
    assert [*personal_kinds(text)] == kinds


@pytest.mark.parametrize(
    ("name", "is_personal"),
    [
        *[(each, True) for each in ("email", "eMail", "contactEmail", "E-Mail", "first_name", "lastName", "FIRST_NAME",
                                    "phone2", "dateOfBirth", "birth_date", "billing_address", "taxId", "SSN")],
        *[(each, False) for each in ("", "name", "pk", "emailVerified", "email_count", "status", "address_id",
                                     "productName", "mailbox", "remailed", "id")],
    ],
)  # fmt: skip
def test_names_of_attributes(name: str, is_personal: bool) -> None:
    assert is_personal_name(name) == is_personal


def seen(items: list[dict[str, Any]], *named: str) -> dict[str, tuple[str, int]]:
    """The severity and the count of each place."""
    examiner = PersonalExaminer("users", named)
    for item in items:
        examiner.add(json.loads(encode_item(item)))
    size = ItemSampleSize(items=len(items), estimate=len(items), whole=True, segments=1, places=1, read_units=1.0)
    findings = [*examiner.findings(size)]
    for finding in findings:
        assert isinstance(finding, ItemsFinding)
        assert (finding.code, finding.keys) == ("DS095", [])
        for value in ("ada", "4532", "0076", "79 111"):
            assert value not in finding.why
    return {finding.path: (finding.severity, finding.count) for finding in findings}


ITEM: dict[str, Any] = {
    "pk": "USER#ada@example.org",
    "contact": {"mail": "ada@example.org", "numbers": [{"value": "+41 79 111 22 33"}], "a.b": "ada@example.org"},
    "cards": {4532015112830366},
    "accounts": {"CH9300762011623852957"},
    "firstName": "ada",
    "total": 12,
}


def test_places_are_found_at_any_depth_and_those_that_are_named_are_not() -> None:
    found = {
        "pk": ("warning", 2),
        "contact.mail": ("warning", 2),
        "contact.numbers.value": ("warning", 2),
        'contact."a.b"': ("warning", 2),
        "cards": ("warning", 2),
        "accounts": ("warning", 2),
        "firstName": ("notice", 2),
    }
    assert seen([ITEM, ITEM]) == found
    assert seen([ITEM], "contact", "pk", "cards", "accounts", "firstName") == {}
    assert seen([ITEM], "contact.mail", "pk", "cards").keys() == found.keys() - {"contact.mail", "pk", "cards"}


def test_names_of_entries_are_values_and_are_not_shown() -> None:
    assert seen([{"pk": "1", "by_mail": {"ada@example.org": 1}}]) == {"by_mail": ("warning", 1)}
    assert seen([{"pk": "1", "by_mail": {"ada@example.org": 1}}], "by_mail") == {}
    keyed = {f"ada{number}": {"mail": "ada@example.org"} for number in range(ENTRIES_MAX + 9)}
    assert seen([{"pk": "1", "friends": keyed}]) == {"friends": ("warning", 1)}


def test_numbers_that_meet_the_check_of_cards_by_chance_are_not_cards() -> None:
    ids = [{"pk": str(number), "n": 4532015112830000 + number} for number in range(100)]
    assert seen(ids) == {}
    assert seen([{"pk": "1", "n": 4532015112830366}]) == {"n": ("warning", 1)}


@given(
    st.dictionaries(
        st.text("abcxyz", min_size=1),
        st.recursive(
            st.one_of(st.integers(0, 10**9), st.booleans(), st.none(), st.text("abc äß-_ .,")),
            lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("abc", min_size=1), inner)),
            max_leaves=6,
        ),
    )
)
def test_what_holds_nothing_personal_has_no_finding(item: dict[str, Any]) -> None:
    assert seen([item]) == {}
