"""Rubbish, depth and huge numbers end in a sentence, whichever parser reads them: no trace, no crash."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.errors import DefinitionError, DynasmithError, FileFormatError, ItemInvalid
from dynasmith.files.documents import read_text
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.source import FileSource
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.digest import item_hash
from dynasmith.items.key import KeySchema
from dynasmith.items.plain import item_from_json, raw_from_plain
from dynasmith.items.size import check_item
from dynasmith.items.text_values import parse_item, parse_key
from dynasmith.items.wire import decode_item, encode_item, read_scan_page
from dynasmith.plans.plan import decode_plan
from dynasmith.project.verbs.transforms import load_transform
from dynasmith.tables.document_shape import number_kept
from dynasmith.tables.findings import DefinitionFinding

KEY = KeySchema.of("pk")
PARSERS: dict[str, Callable[[str], Any]] = {
    "yaml": lambda text: read_text(text, "f", ".yaml"),
    "json": lambda text: read_text(text, "f", ".json"),
    "toml": lambda text: read_text(text, "f", ".toml"),
    "any": lambda text: read_text(text, "f"),
    "condition": parse_condition,
    "item": lambda text: parse_item([text], {"pk": "S"}),
    "key": lambda text: parse_key([text], KEY),
    "item in JSON": item_from_json,
    "plain item": raw_from_plain,
    "wire item": lambda text: decode_item(text.encode()),
    "hash": lambda text: item_hash(text.encode()),
    "size": lambda text: check_item(text.encode()),
    "reply": lambda text: read_scan_page(text.encode()),
}
MESSAGE_MAX = 1000


def deep(begin: str, end: str, levels: int, middle: str = "") -> str:
    return begin * levels + middle + end * levels


def texts(levels: int) -> list[str]:
    digits = "9" * (levels * 10)
    return [
        f'{{"tables": {deep("[", "]", levels)}}}',
        f'{{"pk": "a", "x": {deep("[", "]", levels)}}}',
        f'{{"pk": {{"S": "a"}}, "x": {deep(chr(123) + chr(34) + "L" + chr(34) + ": [", "]}", levels)}}}',
        f'{{"Items": {deep("[", "]", levels)}}}',
        "[" * levels,
        '{"a":' * levels,
        "- " * levels,
        "? " * levels,
        "a" + ".a" * levels + " = 1\n",
        f"[a{'.a' * levels}]\n",
        f"a = {deep('[', ']', levels)}\n",
        f"a = {deep('{a=', '}', levels, '1')}\n",
        deep("(", ")", levels, "a = 1"),
        "NOT " * levels + "a = 1",
        f"tables: {digits}",
        f"tables = {digits}",
        f"tables = 0x{digits}",
        f'{{"tables": {digits}}}',
        f'{{"pk": "a", "x": 1e{digits}}}',
        f'{{"pk": {{"S": "a"}}, "x": {{"N": "{digits}"}}}}',
        f"a = {digits}",
        f"a[{digits}] = 1",
        f"pk={digits}",
        digits,
    ]


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("levels", [65, 1100, 25_000])
def test_depth_and_digits_end_in_a_sentence(name: str, levels: int) -> None:
    for text in texts(levels):
        found = None
        try:
            found = PARSERS[name](text)
        except DynasmithError as error:
            found = error
        message = getattr(found, "message", "")
        assert len(message) < MESSAGE_MAX, text[:40]


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".toml"])
def test_what_is_nested_too_deeply_is_a_finding_with_its_line(suffix: str) -> None:
    text = {
        ".yaml": f"a: 1\ntables: {deep('[', ']', 25_000)}\n",
        ".json": f'{{"a": 1,\n"tables": {deep("[", "]", 25_000)}}}',
        ".toml": f"a = 1\ntables = {deep('[', ']', 25_000)}\n",
    }[suffix]
    found = read_text(text, "f", suffix)
    assert isinstance(found, DefinitionFinding)
    assert (found.line, "nested deeper than 64" in found.message) == (2, True)


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        *((".yaml", f"a: {number}") for number in ("1e999999", "-1e999999", f"1e{'9' * 5000}")),
        *((".json", f'{{"a": {number}}}') for number in ("1e999999", "-1e999999", f"1e-{'9' * 5000}")),
        *((".toml", f"a = {number}") for number in ("1e999999", "inf", "nan", "-inf")),
    ],
)
def test_a_number_that_a_float_cannot_hold_is_not_kept(suffix: str, text: str) -> None:
    found = read_text(text, "f", suffix)
    assert not isinstance(found, DefinitionFinding)
    assert not number_kept(found.entries()["a"])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([*"{}[]():,.'\"\n\t #&*!%@|>-?=0a1", "<<", "&a ", "*a", "null", "1e9", "0x", "\\u", "é", "\0"]),
        max_size=40,
    ).map("".join)
)  # fmt: skip
def test_no_text_crashes_a_parser(text: str) -> None:
    for parse in PARSERS.values():
        with suppress(DynasmithError):
            parse(text)


def test_a_number_of_an_operations_file_keeps_its_digits_or_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "operations.yaml"
    path.write_text("version: 1\noperations:\n  - {add: x, value: 0.12345678901234567890123}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="more digits than a plain number keeps"):
        load_transform(str(path), str(tmp_path))
    path.write_text("version: 1\noperations:\n  - {add: x, value: 0.1}\n", encoding="utf-8")
    load_transform(str(path), str(tmp_path))


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("envelope", ["%s", '{"Item":%s}'])
def test_an_item_that_is_nested_deeper_than_the_service_allows_is_a_dead_letter(tmp_path: Path, envelope: str) -> None:
    wires = [encode_item({"pk": str(levels), "x": nested(levels)}).decode() for levels in (5, 31, 40, 200)]
    path = tmp_path / "items.jsonl"
    path.write_text("".join(envelope % wire + "\n" for wire in wires), encoding="utf-8")
    source = FileSource(layout_of([str(path)]), KEY)
    page = asyncio.run(source.read(0, None))
    asyncio.run(source.close())
    assert len(page.items) == 2
    assert ["nested deeper than 32 levels" in dead.reason for dead in page.dead] == [True, True]


def test_what_a_transform_gives_may_not_hold_itself() -> None:
    own: list[Any] = []
    own.append(own)
    with pytest.raises(ItemInvalid, match="nested too deeply"):
        encode_item({"pk": "a", "x": own})


@pytest.mark.parametrize("document", [b'{"\xe9": 1}', b"\xff", b"[" * 100_000, b"{"])
def test_a_plan_file_of_rubbish_is_refused_in_a_sentence(document: bytes) -> None:
    with pytest.raises(FileFormatError, match="is not a plan"):
        decode_plan(document)
