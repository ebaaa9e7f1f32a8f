"""A member that comes twice is noticed wherever it stands, and nothing else is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid
from dynasmith.items.repeated_members import check_members

NAMES = st.text("ab:\\\"'é ", max_size=4)
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def twice(document: Any, escaped: bool, compact: bool) -> bytes:
    """The text of an object with its first member again at its end."""
    separators = (",", ":") if compact else (", ", " : ")
    text = json.dumps(document, ensure_ascii=escaped, separators=separators)
    name = json.dumps(next(iter(document)), ensure_ascii=not escaped)
    return f"{text[:-1]},{name}:0}}".encode()


@given(DOCUMENTS, st.booleans(), st.booleans())
def test_any_text_without_repeats_passes(document: Any, escaped: bool, compact: bool) -> None:
    separators = (",", ":") if compact else (", ", ": ")
    check_members(json.dumps(document, ensure_ascii=escaped, separators=separators).encode())


@given(st.dictionaries(NAMES, DOCUMENTS, min_size=1, max_size=3), st.booleans(), st.booleans())
def test_a_repeated_member_is_refused_at_any_depth(document: dict[str, Any], escaped: bool, compact: bool) -> None:
    text = twice(document, escaped, compact)
    for nested in (text, b'{"m":%b}' % text, b'[1,{"m":[%b]}]' % text):
        with pytest.raises(ItemInvalid, match="comes twice"):
            check_members(nested)


def test_an_escaped_colon_does_not_hide_one() -> None:
    with pytest.raises(ItemInvalid):
        check_members(b'{"a":1,"b":"\\u003A","a":"x"}')


@pytest.mark.parametrize("text", [b"", b"{", b'{"a":NaN}', b"\xff", b"[" * 100_000, b'"\\ud800"'])
def test_what_is_not_json_is_left_to_its_reader(text: bytes) -> None:
    check_members(text)
