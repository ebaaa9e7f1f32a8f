"""What became of personal values, counted: each is masked, dropped or passed, and none is counted twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.items.ctx import Context
from dynasmith.items.key import KeyPart, KeySchema
from dynasmith.items.lazy import LazyItem
from dynasmith.items.personal_counts import PersonalCounts, both
from dynasmith.items.wire import encode_item
from dynasmith.operations import Chain, Hash, Join, Keep, Mask, Operation, Operations, Redact, Rename, Sample, Template
from dynasmith.operations.personal_counter import PersonalCounter
from dynasmith.operations.pseudonym import Pseudonyms

KEYS = Pseudonyms(bytes(32))
CTX = Context(datetime(2026, 1, 1, tzinfo=UTC), "job", KeySchema((KeyPart("pk", "S"),)))
ITEM: dict[str, Any] = {
    "pk": "1",
    "email": "ada@private",
    "tags": {"5", "6"},
    "address": {"street": "Bahnhofplatz 1", "city": "Bern", "notes": None},
    "phones": [{"number": "5"}, {"number": ""}, {"number": "7"}],
}


def counted(function: Any, *names: str, item: dict[str, Any] = ITEM) -> tuple[tuple[int, int, int], ...]:
    """(masked, dropped, passed) of each attribute, of one item."""
    counter = PersonalCounter(function, names)
    made = counter(LazyItem(encode_item(item)), CTX)
    if made is not None and not isinstance(made, LazyItem | dict):
        list(made)
    found = counter.take()
    assert counter.take() == {}
    return tuple((one.masked, one.dropped, one.passed) for one in (found.get(name, PersonalCounts()) for name in names))


def operations(*each: Operation, where: str | None = None) -> Operations:
    return Operations(each, where).with_pseudonyms(KEYS)


@pytest.mark.parametrize(
    ("function", "names", "counts"),
    [
        (None, ("email", "phones.number", "absent"), ((0, 0, 1), (0, 0, 2), (0, 0, 0))),
        (operations(Mask("email", "email")), ("email",), ((1, 0, 0),)),
        # One digit in ten becomes itself, and is masked all the same.
        (operations(Mask("phones.number", "digits"), Mask("tags", "digits")), ("phones.number",), ((2, 0, 0),)),
        (operations(Redact("address.street")), ("address",), ((0, 1, 1),)),
        (operations(Mask("address.street", "street")), ("address",), ((1, 0, 1),)),
        (operations(Keep(("pk", "email"))), ("email", "address", "tags"), ((0, 0, 1), (0, 2, 0), (0, 2, 0))),
        (operations(Rename("email", "mail"), Mask("mail", "email")), ("email",), ((1, 0, 0),)),
        (operations(Rename("email", "mail", keep_old=True), Mask("email", "email")), ("email",), ((0, 0, 1),)),
        (operations(Template("label", "<{email}>"), Mask("email", "email")), ("email",), ((0, 0, 1),)),
        (operations(Mask("email", "email"), Template("label", "<{email}>")), ("email",), ((1, 0, 0),)),
        (operations(Join(["pk", "email"], "both", with_="#")), ("pk", "email"), ((0, 0, 1), (0, 0, 1))),
        (operations(Mask("email", "email"), where="pk = '1'"), ("email",), ((1, 0, 0),)),
        (operations(Mask("email", "email"), where="pk = '2'"), ("email",), ((0, 0, 1),)),
        (operations(Mask("phones", "text", on_error="drop")), ("phones.number",), ((0, 2, 0),)),
        (operations(Sample("0.000001%", "pk"), Hash("pk")), ("pk", "email"), ((0, 0, 0), (0, 0, 0))),
        (lambda *_: {"pk": "1", "email": "x"}, ("email", "tags"), ((1, 0, 0), (0, 2, 0))),
        (lambda item, _: ({**item, "pk": each} for each in "12"), ("email", "tags"), ((0, 0, 1), (0, 0, 2))),
        (lambda *_: (), ("email",), ((0, 0, 0),)),
        (Chain((operations(Redact("email")), lambda item, _: item)), ("email", "tags"), ((0, 1, 0), (0, 0, 2))),
    ],
)
def test_every_value_is_masked_dropped_or_passed(
    function: Any, names: tuple[str, ...], counts: tuple[tuple[int, int, int], ...]
) -> None:
    assert counted(function, *names) == counts


@given(
    st.dictionaries(st.sampled_from(("email", "name", "notes")), st.one_of(st.text(), st.lists(st.text()))),
    st.lists(
        st.sampled_from(
            (
                Mask("email", "email"),
                Redact("name"),
                Rename("email", "mail"),
                Keep(("pk", "name")),
                Mask("notes", "text"),
            )
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_the_counts_are_those_of_the_values_that_came(item: dict[str, Any], each: list[Operation]) -> None:
    names = ("email", "name", "notes")
    counts = counted(operations(*each), *names, item={"pk": "1", **item})
    for name, ends in zip(names, counts, strict=True):
        value = item.get(name, [])
        assert sum(ends) == sum(map(bool, value if isinstance(value, list) else [value]))
        assert min(ends) >= 0


def test_sums_have_every_attribute() -> None:
    assert both({"a": PersonalCounts(1, 2, 3)}, {"a": PersonalCounts(1), "b": PersonalCounts(0, 0, 1)}) == {
        "a": PersonalCounts(2, 2, 3),
        "b": PersonalCounts(0, 0, 1),
    }
