"""mask, hash, shift_dates, redact and keep: forms stay, relations hold, and nothing of a value is left."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.engine.crypto.key_set import KeySet
from dynasmith.errors import CheckpointError, DefinitionError, UsageError
from dynasmith.files.key_material import key_material
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import ItemRefused, Transform
from dynasmith.items.wire import RawItem, encode_item
from dynasmith.operations import Hash, Keep, Mask, Operation, Operations, Redact, ShiftDates, parse_operations
from dynasmith.operations.mask_forms import FORMS
from dynasmith.operations.name_lists import NAME_LISTS
from dynasmith.operations.personal_data import passing
from dynasmith.operations.pseudonym import Pseudonyms
from dynasmith.operations.text_codec import operations_of, operations_text
from dynasmith.ports.encryption import EncryptionKey
from dynasmith.project.world import SystemClock
from dynasmith.tables.attribute_path import read_path
from wire_items import few

CTX = Context(now=datetime(2026, 11, 20, tzinfo=UTC), job="copy-1", key=KeySchema.of("pk"))
ONE, TWO = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)


def after(item: dict[str, Any], *operations: Operation, keys: Pseudonyms = ONE) -> dict[str, Any]:
    made = Operations(operations).with_pseudonyms(keys)(dict(item), CTX)
    assert made is not None
    return dict(made)


@few
@given(st.text(min_size=1, max_size=40), st.sampled_from([form for form in FORMS if form not in ("phone", "uuid")]))
def test_a_replacement_is_repeated_by_its_key_alone(text: str, form: Any) -> None:
    made = after({"a": text}, Mask("a", form))["a"]
    assert made == after({"a": text, "b": 1}, Mask("a", form))["a"]
    assert isinstance(made, str)
    assert made
    if form == "email":
        assert made != after({"a": text}, Mask("a", form), keys=TWO)["a"]
        assert made.endswith("@example.com")


def test_a_value_never_becomes_itself_and_no_word_of_a_name_or_street_stays() -> None:
    for name in ("Ada", "ADA", "Anna Meier", *(each for names in NAME_LISTS for each in names.given)):
        made = after({"a": name}, Mask("a", "name"))["a"]
        assert set(made.casefold().split()).isdisjoint(name.casefold().split()), (name, made)
    for number in range(100):
        street = f"{('Oak', 'Station', 'High')[number % 3]} Street {number}"
        assert set(after({"a": street}, Mask("a", "street"))["a"].split()).isdisjoint(street.split())
        for value in (str(number), Decimal(number)):
            assert after({"a": value}, Mask("a", "digits"))["a"] != value
            assert after({"a": value}, Mask("a", "phone"))["a"] != value


def test_an_allow_list_keeps_places_of_maps_and_lists_and_nothing_else() -> None:
    item = {
        "pk": "a",
        "address": {"zip": "8000", "street": "secret", "geo": {"lat": 1, "of": "secret"}},
        "lines": [{"sku": 1, "note": "secret"}, "secret", [{"sku": 2, "to": "secret"}], {"note": "secret"}],
        "bare": "secret",
        "tags": {"secret"},
        "a.b": 3,
        "a": {"b": 4, "c": "secret"},
    }
    keep = Keep(("pk", "address.zip", "address.geo.lat", "lines.sku", "bare.x", "tags.x", "a.b"))
    before = repr(item)
    assert after(item, keep) == {
        "pk": "a",
        "address": {"zip": "8000", "geo": {"lat": 1}},
        "lines": [{"sku": 1}, [{"sku": 2}], {}],
        "a.b": 3,
        "a": {"b": 4},
    }
    assert repr(item) == before
    assert passing(("address.street", "address.zip", "address", "lines.note"), Operations((keep,))) == (
        "address.zip",
        "address",
    )


def test_one_address_in_two_spellings_is_one_person() -> None:
    made = {
        after({"a": each}, Mask("a", "email"))["a"] for each in ("Ada@Company.ch", "ada@COMPANY.CH", " ada@company.ch")
    }
    assert len(made) == 1
    assert after({"a": "ada@company.ch.uk"}, Mask("a", "email"))["a"] not in made


@few
@given(
    st.from_regex(r"\+?[0-9][0-9 ()-]{6,14}[0-9]", fullmatch=True).filter(lambda text: sum(map(str.isdigit, text)) > 6)
)
def test_a_phone_number_keeps_its_form_and_is_nobodys(number: str) -> None:
    made = after({"a": number}, Mask("a", "phone"))["a"]
    assert [each.isdigit() for each in made] == [each.isdigit() for each in number]
    assert [each for each in made if not each.isdigit()] == [each for each in number if not each.isdigit()]
    digits = "".join(each for each in made if each.isdigit())
    assert digits.lstrip("0").startswith(("999", "555"))


@pytest.mark.parametrize(
    ("form", "text", "same"),
    [
        ("digits", "CH93 0076 2011 6238 5295 7", "CH"),
        ("digits", "de89370400440532013000", "de"),
        ("digits", "4111 1111 1111 1111", ""),
        ("uuid", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8", ""),
        ("street", "12 Bahnhofstrasse", ""),
        ("street", "Bahnhofstrasse 12", ""),
        ("name", "ADA LOVELACE", ""),
    ],
)
def test_the_form_of_a_value_stays(form: Any, text: str, same: str) -> None:
    made = after({"a": text}, Mask("a", form))["a"]
    assert made != text
    assert made.startswith(same)
    assert (made.upper() == made, made.lower() == made) == (text.upper() == text, text.lower() == text)
    assert (made[0].isdigit(), made[-1].isdigit()) == (text[0].isdigit(), text[-1].isdigit()) or form == "uuid"
    plain = made.replace(" ", "").upper()
    if same:
        assert int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1
    elif form == "digits":
        doubled = [int(each) * (1 + at % 2) for at, each in enumerate(reversed(plain))]
        assert sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0
    elif form == "uuid":
        assert UUID(made).version == UUID(text).version


@pytest.mark.parametrize("names", NAME_LISTS, ids=lambda names: names.family[0])
def test_a_name_stays_in_its_script(names: Any) -> None:
    text = names.space.join((names.given[0], names.family[1] * 2))
    made = after({"a": text}, Mask("a", "name"))["a"]
    assert names.first <= made[0] <= names.last
    if names.space:
        assert len(made.split(" ")) == 2
    assert " " not in after({"a": names.given[0]}, Mask("a", "name"))["a"]


@few
@given(st.integers(min_value=0, max_value=10**37), st.text(min_size=1, max_size=20))
def test_a_hash_is_the_same_wherever_its_value_stands(number: int, text: str) -> None:
    as_number = after({"a": Decimal(number)}, Hash("a"))["a"]
    assert as_number == int(as_number)
    assert after({"a": str(number)}, Hash("a"))["a"] == str(as_number)
    assert after({"pk": f"USER#{number}"}, Hash("pk", ("USER#{id}",)))["pk"] == f"USER#{as_number}"
    hashed = after({"a": text}, Hash("a"))["a"]
    assert after({"pk": f"A#{text}#B"}, Hash("pk", ("A#{x}#B",)))["pk"] == f"A#{hashed}#B"
    assert after({"a": [{"b": {text}}]}, Hash("a.b"))["a"] == [{"b": {hashed}}]


def test_a_key_of_parts_keeps_what_only_leaves_out() -> None:
    operation = Hash("pk", ("ORDER#{date}#{id}", "USER#{id}", "PROFILE"), ("id",))
    user = after({"pk": "USER#7"}, operation)["pk"].removeprefix("USER#")
    assert after({"pk": "ORDER#2026-01-01#7"}, operation)["pk"] == f"ORDER#2026-01-01#{user}"
    assert after({"pk": "PROFILE"}, operation)["pk"] == "PROFILE"
    with pytest.raises(ItemRefused, match=r"pk is not a text that one of its parts describes") as refused:
        after({"pk": "PERSON#secret"}, operation)
    assert refused.value.policy == "stop"


def test_masks_reach_into_maps_lists_and_sets_and_leave_the_rest_as_it_was() -> None:
    nested = {"orders": [{"email": "a@b", "n": 1}, {"n": 2}, "text"], "address": {"street": "1 Way", "zip": "8"}}
    before = pickle.dumps(nested)
    item = {"pk": "1", "tags": {"Ann", "Bo"}, "a.b": "x@y", **nested}
    made = after(item, Mask("orders[].email", "email"), Mask("address.street", "street"), Mask("tags", "name"))
    assert pickle.dumps(nested) == before
    assert made["orders"][0]["email"].endswith("@example.com")
    assert (made["orders"][0]["n"], made["orders"][1:]) == (1, [{"n": 2}, "text"])
    assert made["address"]["zip"] == "8"
    assert isinstance(made["tags"], set)
    assert after(item, Mask('"a.b"', "text"))["a.b"] == "[masked]"
    assert after(item, Redact("orders.email"), Redact("address"))["orders"] == [{"n": 1}, {"n": 2}, "text"]
    assert after({"pk": 1, "a": None, "b": ""}, Mask("a", "email"), Mask("b", "name")) == {"pk": 1, "a": None, "b": ""}


@pytest.mark.parametrize(
    ("operation", "value"),
    [
        (Mask("a", "email"), Decimal(1)),
        (Mask("a", "phone"), "call Ada at 079 123 45 67"),
        (Mask("a", "uuid"), "no uuid"),
        (Mask("a", "digits"), Decimal("1.5")),
        (Mask("a", "name"), {"first": "Ada"}),
        (Mask("a", "text"), b"binary"),
        (Hash("a"), {"id": "7"}),
        (Hash("a"), True),
        (ShiftDates(("a",), 30), "yesterday"),
        (ShiftDates(("a",), 30), "2026-13-01"),
    ],
)
def test_a_value_that_cannot_be_masked_stops_the_job_or_goes_and_never_stays(operation: Any, value: Any) -> None:
    item = {"pk": "secret-key", "a": value}
    with pytest.raises(ItemRefused, match=r"^operations\[0\] .*: a is not ") as refused:
        after(item, operation)
    assert "Ada" not in refused.value.message
    dropping = parse_operations({"version": 1, "operations": [operation.document() | {"on_error": "drop"}]})
    assert dropping.with_pseudonyms(ONE)(item, CTX) == {"pk": "secret-key"}
    transform = Transform(Operations(operation).with_pseudonyms(ONE), CTX)
    with pytest.raises(ItemRefused) as shown:
        transform.copy(RawItem(encode_item({"pk": "secret-key", "a": value})))
    assert "secret-key" not in shown.value.message + shown.value.key


def test_dates_of_a_person_move_together_and_by_what_was_there_before_masks() -> None:
    item = {
        "pk": "7",
        "born": "1990-01-31",
        "visits": [{"at": "2026-02-28T10:00:00+01:00"}],
        "t": Decimal("1700000000.5"),
    }
    shift = ShiftDates(("born", "visits.at", "t"), 30)
    made = after(item, Hash("pk"), shift)
    days = (date.fromisoformat(made["born"]) - date(1990, 1, 31)).days
    assert 1 <= abs(days) <= 30
    moved = datetime.fromisoformat(made["visits"][0]["at"]) - datetime.fromisoformat("2026-02-28T10:00:00+01:00")
    assert (moved.days, moved.seconds) == (days, 0)
    assert made["visits"][0]["at"].endswith("T10:00:00+01:00")
    assert made["t"] == Decimal("1700000000.5") + days * 86_400
    assert (
        after({"pk": "x", "owner": Decimal(7), "t": Decimal(1_700_000_000_000)}, ShiftDates(("t",), 30, by="owner"))[
            "t"
        ]
        == 1_700_000_000_000 + days * 86_400_000
    )
    shifts = {after({"pk": str(n), "d": "2000-06-15"}, ShiftDates(("d",), 2))["d"] for n in range(60)}
    assert shifts == {"2000-06-13", "2000-06-14", "2000-06-16", "2000-06-17"}
    with pytest.raises(ItemRefused, match=r"owner is not one string or number"):
        after({"pk": "x", "d": "2000-06-15"}, ShiftDates(("d",), 2, by="owner"))


@pytest.mark.parametrize("number", [1985, 19850304, 20241231, Decimal("1.985E3"), "19850304", "1985"])
def test_a_year_or_a_day_as_a_number_is_not_moved_as_seconds(number: Any) -> None:
    with pytest.raises(ItemRefused, match=r"d is not a date \(one of ISO 8601") as caught:
        after({"pk": "x", "d": number}, ShiftDates(("d",), 30))
    assert "1985" not in str(caught.value)


@pytest.mark.parametrize("number", [0, 985, 19851399, 485_000_000, -19850304, Decimal("1985.5")])
def test_other_numbers_are_seconds(number: Any) -> None:
    assert abs(after({"pk": "x", "d": number}, ShiftDates(("d",), 30))["d"] - number) >= 86_400


def test_operations_are_remembered_without_their_key() -> None:
    given = Operations(
        [
            Mask("a.b", "email", on_error="drop"),
            Hash("pk", ("U#{id}",), ("id",)),
            ShiftDates(("d",), 9, by="pk"),
            Redact("n"),
            Keep(("pk", "a")),
        ]
    )
    keyed = given.with_pseudonyms(ONE)
    text = operations_text(keyed)
    assert operations_of(text) == given
    assert pickle.loads(pickle.dumps(keyed))({"pk": "U#1"}, CTX) == keyed({"pk": "U#1"}, CTX)
    for shown in (text, repr(keyed), str(keyed.describe()), repr(ONE)):
        assert "1111" not in shown
    assert given.inverse() is None
    with pytest.raises(UsageError, match=r"mask a\.b as email has no key"):
        given({"pk": "U#1", "a": {"b": "x"}}, CTX)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"mask": "a..b", "as": "email"}, r"mask: 'a\.\.b' is not the place of an attribute"),
        ({"mask": "a", "as": "e-mail"}, r"as: 'e-mail' is none of .*; did you mean email\?"),
        ({"mask": "a"}, r"as is missing"),
        ({"mask": "a", "as": "text", "on_error": "dead"}, r"on_error: 'dead' is none of stop, drop"),
        ({"hash": "a", "parts": "{a}{b}"}, r"parts: '\{a\}\{b\}' cannot be read"),
        ({"hash": "a", "parts": "x{a}", "only": ["b"]}, r"only: parts has no \{b\}"),
        ({"hash": "a", "only": ["b"]}, r"only: it says nothing without parts"),
        ({"hash": "a", "parts": []}, r"parts: a string or a list of strings"),
        ({"shift_dates": "born", "days": 30}, r"shift_dates: a list of attribute names"),
        ({"shift_dates": ["born"], "days": 0}, r"days: a whole number from 1 to 36500"),
        ({"shift_dates": ["born"], "days": 1.5}, r"days: a whole number"),
        ({"keep": "id"}, r"keep: a list of attribute names"),
        ({"redact": 'a"b'}, r"redact: .* is not the place"),
    ],
)
def test_a_mistake_is_named_with_its_place(entry: dict[str, Any], fault: str) -> None:
    with pytest.raises(DefinitionError, match=rf"operations\[0\]\.?:? ?{fault}"):
        parse_operations({"version": 1, "operations": [entry]})


@few
@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=4))
def test_every_name_can_be_written_in_a_path(names: list[str]) -> None:
    quoted = ".".join('"' + name.replace('"', '""') + '"' for name in names)
    found = read_path(quoted)
    assert found is not None
    assert found.names == tuple(names)


def test_the_key_of_masking_is_named_or_the_first_that_is_here() -> None:
    def keys(**named: EncryptionKey) -> KeySet:
        return KeySet(
            named, lambda name, key: key_material(name, key, ".", {}), lambda: pytest.fail("no KMS"), SystemClock()
        )

    one, two = EncryptionKey(material=b"1" * 32), EncryptionKey(material=b"2" * 32)
    kms = EncryptionKey(kms="alias/a")
    assert keys(a=kms, one=one, two=two).pseudonyms() == ONE
    assert keys(one=one, masking=two).pseudonyms() == TWO
    for without in (keys(), keys(a=kms), keys(one=one, masking=kms)):
        with pytest.raises(UsageError, match=r"masking needs one from a variable or a file"):
            without.pseudonyms()


@few
@given(st.binary(max_size=200))
def test_what_is_sealed_is_opened_by_its_key_alone(content: bytes) -> None:
    sealed = ONE.sealed(content)
    assert sealed == ONE.sealed(content)
    assert ONE.opened(sealed) == content
    assert len(content) < 4 or content not in sealed
    assert ONE.opened(b"as it was kept before") == b"as it was kept before"
    for wrong in (TWO, ONE):
        changed = sealed if wrong is not ONE else sealed[:-1] + bytes([sealed[-1] ^ 1])
        with pytest.raises(CheckpointError, match="another key of masking"):
            wrong.opened(changed)


REPEATED = """
from datetime import UTC, datetime
from decimal import Decimal
from dynasmith.operations import Hash, Mask, Operations, ShiftDates
from dynasmith.operations.mask_forms import FORMS
from dynasmith.operations.pseudonym import Pseudonyms
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
texts = ["Zoë Müller", "ISTANBUL", "ırmak", "+41 79 111 22 33", "CH93 0076 2011 6238 5295 7", "東京 太郎", "a" * 99]
masks = [Mask(form, form, on_error="drop") for form in FORMS]
item = {form: [*texts, set(texts)] for form in FORMS} | {"n": Decimal("4711"), "born": "1990-01-31", "pk": "1"}
ctx = Context(datetime.now(UTC), "job", KeySchema.of("pk"))
made = Operations([*masks, Hash("n"), ShiftDates(("born",), 30)]).with_pseudonyms(Pseudonyms(bytes(32)))(item, ctx)
print([sorted(v) if isinstance(v, set) else v for name in FORMS for v in made.get(name, [])], made["n"], made["born"])
"""


def test_replacements_are_the_same_in_every_process_whatever_its_seed_and_locale() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", REPEATED],
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "PYTHONUTF8": "1", "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, locale, zone in (("1", "C", "UTC"), ("2", "tr_TR.UTF-8", "Asia/Tokyo"))
    }
    assert len(said) == 1


def test_forms_have_replacements_of_their_own_and_a_hash_is_one_for_all() -> None:
    made = after(dict.fromkeys("abcd", "4111111111111111"), Mask("a", "phone"), Mask("b", "digits"), Mask("c", "email"))
    assert len({made["a"], made["b"], made["c"][1:17], made["d"]}) == 4
    hashed = after({"a": "42", "b": Decimal(42), "c": "USER#42"}, Hash("a"), Hash("b"), Hash("c", ("USER#{id}",)))
    assert hashed["a"] == str(hashed["b"]) == hashed["c"].removeprefix("USER#")


def test_a_set_whose_members_become_one_is_still_a_set_and_never_an_empty_one() -> None:
    assert after({"a": {"x", "y"}}, Mask("a", "text"))["a"] == {"[masked]"}
    assert "a" not in after({"a": {"in words"}}, Mask("a", "phone", on_error="drop"))
