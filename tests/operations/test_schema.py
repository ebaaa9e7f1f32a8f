"""The JSON Schema of operations files accepts what is read as one, and refuses every key that is not."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import DefinitionError
from dynasmith.operations import VOCABULARY, parse_operations
from dynasmith.operations.operation import ON_ERROR
from dynasmith.operations.schema import operations_schema
from example_counts import examples

SCHEMA = operations_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
#: An entry of each operation with every key that it has.
WHOLE: list[dict[str, Any]] = [
    {"add": "tags", "value": ["a"], "type": "SS"},
    {"set": "tags", "value": ["1"], "type": "NS"},
    {"rename": "a", "to": "b", "keep_old": True},
    {"remove": "a"},
    {"cast": "a", "to": "N", "on_error": "dead"},
    {"split": "a", "into": ["b", "c"], "on": " ", "on_error": "stop"},
    {"join": ["a", "b"], "into": "c", "with": "", "on_error": "keep"},
    {"date": "a", "from": "iso8601", "to": "epoch_seconds", "on_error": "keep"},
    {"set_to_list": "a", "on_error": "keep"},
    {"list_to_set": "a", "on_error": "keep"},
    {"template": "a", "value": "{b}", "on_error": "keep"},
    {"map": "a", "values": {"x": "y"}, "otherwise": "dead"},
    {"encrypt": "a", "key": ""},
    {"decrypt": "a"},
    {"mask": "a", "as": "email", "on_error": "drop"},
    {"hash": "a", "parts": ["x{b}"], "only": ["b"], "on_error": "stop"},
    {"shift_dates": ["a"], "days": 30, "by": "b", "on_error": "drop"},
    {"redact": "a"},
    {"keep": ["a"]},
    {"sample": "1%", "by": "a", "parts": ["x{b}"], "part": "b", "missing": "keep"},
]


def file_of(*entries: Any, **more: Any) -> dict[str, Any]:
    return {"version": 1, "operations": list(entries), **more}


def is_read(document: Any) -> bool:
    try:
        parse_operations(document)
    except DefinitionError:
        return False
    return True


def test_it_is_a_schema_and_every_operation_is_in_it() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["$defs"]) == set(VOCABULARY)
    assert all(part["description"] for part in SCHEMA["$defs"].values())


def test_every_key_of_every_operation_is_valid() -> None:
    assert {word: set(part["properties"]) for word, part in SCHEMA["$defs"].items()} == {
        next(iter(entry)): set(entry) for entry in WHOLE
    }
    for entry in WHOLE:
        assert is_read(file_of(entry)), entry
        assert VALIDATOR.is_valid(file_of(entry)), entry


@pytest.mark.parametrize("entry", WHOLE, ids=lambda entry: str(next(iter(entry))))
def test_a_key_more_or_a_required_key_less_is_refused(entry: dict[str, Any]) -> None:
    word = next(iter(entry))
    wrong = [
        entry | {"no_such_key": 1},
        entry | {"on_erorr": "keep"},
        entry | {"remove" if word != "remove" else "set": "a"},
    ]
    wrong += [{key: value for key, value in entry.items() if key != less} for less in entry]
    for each in wrong:
        assert VALIDATOR.is_valid(file_of(each)) is is_read(file_of(each)), each
        assert set(each) < set(entry) or not is_read(file_of(each)), each


@pytest.mark.parametrize(
    "document",
    [
        file_of({"remove": "a"}, where="a = 1", **{"$schema": "schemas/operations.schema.json"}),
        file_of({"remove": "a"}, where=None),
        # refused
        file_of(),
        file_of({"remove": "a"}, wher="a = 1"),
        file_of({"remove": "a"}, where=""),
        file_of({"remove": "a"}, where=1),
        file_of({"remove": "a"}, version=2),
        file_of({"remove": "a"}, version=True),
        file_of({"remove": "a"}, **{"$schema": 1}),
        {"operations": [{"remove": "a"}]},
        {"version": 1},
        [],
        file_of("remove a"),
        file_of({}),
        file_of({"rename_to": "a"}),
    ],
)
def test_the_file_itself(document: Any) -> None:
    assert VALIDATOR.is_valid(document) is is_read(document)


NAMES = st.sampled_from(("a", "b", "", 1, None, ["a"]))
VALUES = (
    NAMES
    | st.sampled_from([["a", "b"], ["a", "a"], [["x", 1]], {"x": "y"}, {}, True, 2.5, "{b}", {"SS": ["a"]}, *ON_ERROR])
    | st.sampled_from(["N", "SS", "BOOL", "iso8601", "epoch_seconds"])
)


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """A whole entry with one or two of its values changed, or gone."""
    entry = dict(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(0, 2))):
        key = draw(st.sampled_from(sorted(entry)))
        if draw(st.booleans()):
            entry[key] = draw(VALUES)
        elif len(entry) > 1:
            del entry[key]
    return entry


@given(st.lists(entries(), min_size=1, max_size=2))
@examples(300)
def test_what_is_read_is_valid(made: list[dict[str, Any]]) -> None:
    if is_read(file_of(*made)):
        assert [error.message for error in VALIDATOR.iter_errors(file_of(*made))] == []
