"""What a file is, is decided from a sample; what contradicts it later is a dead letter, and never another value."""

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import zstandard

from dynasmith.errors import DynasmithError, FileFormatError, RunError, UsageError
from dynasmith.files.items import detection
from dynasmith.files.items.foreign import renaming_of
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.source import FileSource, SourceSummary
from dynasmith.items.key import KeySchema
from dynasmith.ports.items import DeadLetter

KEY = KeySchema.of("pk")


def lines(*records: Any) -> bytes:
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in records)


def read(
    folder: Path, name: str, content: bytes, **more: Any
) -> tuple[list[dict[str, Any]], list[DeadLetter], SourceSummary]:
    """Every item, in pages of two records that are each read by a source of its own."""
    path = folder / name
    path.write_bytes(content)

    def source() -> FileSource:
        return FileSource(layout_of([str(path)]), KEY, page_items=2, **more)

    async def all_of_it() -> tuple[list[dict[str, Any]], list[DeadLetter]]:
        items: list[dict[str, Any]] = []
        dead: list[DeadLetter] = []
        start: bytes | None = None
        while True:
            one = source()
            page = await one.read(0, start)
            await one.close()
            items += [json.loads(bytes(item)) for item in page.items]
            dead += page.dead
            start = page.next
            if start is None:
                return items, dead

    found = source().look()
    return *asyncio.run(all_of_it()), found


def keys(items: list[dict[str, Any]]) -> list[str]:
    return [item["pk"]["S"] for item in items]


CUT = {
    "quote.csv": (b'pk,x\n1,5" nail\n2,plain\n3,6" pipe\n', ["1", "2", "3"]),
    "cr.csv": (b"pk,x\r1,a\r2,b\r", ["1", "2"]),
    "mixed.csv": (b'pk,x\r\n1,"a\rb"\n2,b\r3,c\r\n\r\r\n4,d', ["1", "2", "3", "4"]),
    "nul.csv": (b"pk,x\n1,a\0b\n2,b\n", ["1", "2"]),
    "tabs.tsv": (b"pk\tx\n1\ta,b\n2\t\"c\td\"\n", ["1", "2"]),
    "cr.jsonl": (b'{"pk":"1"}\r{"pk":"2"}\r', ["1", "2"]),
    "crlf.jsonl": (b'{"pk":"1"}\r\n{"pk":"2"}\r\n', ["1", "2"]),
    "separators.jsonl": ('{"pk":"1\u2028\x85"}\n{"pk":"2"}\n'.encode(), ["1\u2028\x85", "2"]),
    "item.jsonl": (lines({"pk": "1", "Items": [{"pk": "x"}]}, {"pk": "2"}), ["1", "2"]),
    "folder.csv.jsonl": (lines({"pk": "1"}), ["1"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CUT)
def test_records_are_cut_where_they_end(tmp_path: Path, name: str) -> None:
    content, expected = CUT[name]
    items, dead, _ = read(tmp_path, name, content)
    assert (keys(items), dead) == (expected, [])


DEFINITION = {"TableName": "users", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
WIRE = [{"pk": {"S": str(n)}, "n": {"N": "1"}} for n in range(5)]
PLAIN = [{"pk": str(n), "n": 1} for n in range(5)]
ODD: list[Any] = [DEFINITION, b'{"pk": "x", "n": NaN}', b"NaN", b"# a comment", b'"text"', b"[1, 2", {"other": 1}]


# A file that begins with [ is an array, so that line cannot be the first.
@pytest.mark.parametrize(
    ("odd", "at"), [(odd, at) for odd in ODD for at in (0, 3) if (odd, at) != (b"[1, 2", 0)], ids=str
)
@pytest.mark.parametrize(
    "records", [WIRE, PLAIN, [{"Item": item} for item in WIRE]], ids=["wire", "plain", "enveloped"]
)
def test_an_odd_line_is_a_dead_letter_and_the_others_are_items(
    tmp_path: Path, odd: Any, records: list[Any], at: int
) -> None:
    items, dead, found = read(tmp_path, "items.jsonl", lines(*records[:at], odd, *records[at:]))
    assert keys(items) == list("01234")
    assert [(one.code, one.place.rpartition(":")[2]) for one in dead] == [("rejected", str(at + 1))]
    assert "decided from" in found.notes[0]


MIXED = {
    "wire first": lines(WIRE[0], *PLAIN[1:]),
    "plain first": lines(PLAIN[0], *WIRE[1:]),
    "enveloped and plain": lines({"Item": WIRE[0]}, *PLAIN[1:]),
    "mongo and names that are not": lines({"pk": "a", "t": {"$date": "2026-01-01"}}, {"pk": "b", "s": {"$ref": "#/x"}}),
}  # fmt: skip


@pytest.mark.parametrize("name", MIXED)
def test_a_mixed_sample_needs_a_format(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"items\.jsonl is mixed: line 1 is .*, line 2 is ") as caught:
        read(tmp_path, "items.jsonl", MIXED[name])
    assert "--format" in caught.value.hint
    items, dead, found = read(tmp_path, "items.jsonl", MIXED[name], format="plain")
    assert found.notes[0].endswith("plain JSON (as --format says)")
    assert len(items) + len(dead) == len(MIXED[name].splitlines())
    assert all(isinstance(item["pk"].get("S"), str) for item in items)


def test_dynamodb_json_may_be_in_an_envelope_or_not(tmp_path: Path) -> None:
    content = lines(WIRE[0], {"Item": WIRE[1]}, {"pk": {"S": "2"}, "Item": {"M": {"S": {"S": "x"}}}}, PLAIN[3])
    items, dead, _ = read(tmp_path, "items.jsonl", content, format="dynamodb")
    assert (keys(items), len(dead)) == (["0", "1", "2"], 1)
    items, _, found = read(tmp_path, "items.jsonl", content.rsplit(b"\n", 2)[0])
    assert (keys(items), found.decided[0].notation) == (["0", "1", "2"], "dynamodb")


def test_mongoexport_is_known_by_any_document_of_the_sample(tmp_path: Path) -> None:
    content = lines({"pk": "a", "n": 1}, {"pk": "b", "deep": {"list": [{"at": {"$date": "2026-01-01T00:00:00Z"}}]}})
    items, dead, found = read(tmp_path, "people.json", content)
    assert (keys(items), dead, found.decided[0].notation) == (["a", "b"], [], "mongo")
    assert items[1]["deep"]["M"]["list"]["L"][0]["M"]["at"] == {"S": "2026-01-01T00:00:00.000Z"}


def test_a_type_of_mongodb_behind_the_sample_is_a_dead_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "SAMPLE_RECORDS", 3)
    monkeypatch.setattr("dynasmith.files.items.parts.SAMPLE_RECORDS", 3)
    late = {"pk": "late", "at": {"$date": "2026-01-01T00:00:00Z"}}
    items, [dead], _ = read(tmp_path, "people.json", lines(*PLAIN, late))
    assert keys(items) == list("01234")
    assert "MongoDB's $date" in dead.reason
    items, none, _ = read(tmp_path, "people.json", lines(*PLAIN, late), format="plain")
    assert (items[-1]["at"], none) == ({"M": {"$date": {"S": "2026-01-01T00:00:00Z"}}}, [])


def test_names_with_a_dollar_are_no_mongodb(tmp_path: Path) -> None:
    schema = {"$ref": "#/definitions/x", "$comment": "y"}
    items, dead, _ = read(
        tmp_path, "items.jsonl", lines({"pk": "a", "schema": {"$ref": "#/x"}}, {"pk": "b", "schema": schema})
    )
    assert dead == []
    assert items[0]["schema"] == {"M": {"$ref": {"S": "#/x"}}}
    assert set(items[1]["schema"]["M"]) == set(schema)


def test_a_plain_item_with_a_name_of_an_incremental_export_is_an_item(tmp_path: Path) -> None:
    items, dead, _ = read(tmp_path, "items.jsonl", lines({"pk": "a", "Keys": ["x"]}, {"pk": "b", "NewImage": 1}))
    assert (keys(items), dead) == (["a", "b"], [])


# --- listings ---------------------------------------------------------------------------------------------------------

TWO = [{"pk": "1"}, {"pk": "2"}]
LISTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "whole": ({"Items": TWO, "Count": 2, "ScannedCount": 9, "ConsumedCapacity": None}, ""),
    "count first": ({"Count": 2, "Items": TWO, "ScannedCount": 2}, ""),
    "begun in the middle": ({"Items": TWO, "Count": 0}, ""),
    "last key": ({"Items": TWO, "Count": 2, "LastEvaluatedKey": {"pk": {"S": "2"}}}, "LastEvaluatedKey"),
    "last key first": ({"LastEvaluatedKey": {"pk": {"S": "2"}}, "Items": TWO}, "LastEvaluatedKey"),
    "token": ({"NextToken": "eyJ", "Items": TWO, "Count": 9}, "NextToken"),
    "count": ({"Items": TWO, "Count": 3}, "holds 3 items, and it holds 2"),
}


@pytest.mark.parametrize("name", LISTINGS)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_listing_that_says_that_it_is_incomplete_is_incomplete(tmp_path: Path, name: str, indent: int | None) -> None:
    document, says = LISTINGS[name]
    items, dead, _ = read(tmp_path, "scan.json", json.dumps(document, indent=indent).encode())
    assert keys(items) == ["1", "2"]
    assert [one.code for one in dead] == ["incomplete"] * bool(says)
    assert all(says in one.reason for one in dead)


def test_an_object_that_is_no_listing_is_refused_in_a_sentence(tmp_path: Path) -> None:
    content = json.dumps({"Items": TWO, "owner": "x"}, indent=1).encode()
    with pytest.raises(FileFormatError, match="beside Items it has owner"):
        read(tmp_path, "scan.json", content)


def test_a_key_that_is_a_map_is_no_part_of_a_text(tmp_path: Path) -> None:
    renaming = renaming_of({"pk": "user-{id}"})
    items, dead, _ = read(tmp_path, "x.jsonl", lines({"id": 1}, {"id": {"S": "2"}}), format="plain", renaming=renaming)
    assert (keys(items), len(dead)) == (["user-1"], 1)
    assert "which is not a text or a number" in dead[0].reason


RUBBISH = [
    b"\0",
    b"[",
    b"{",
    b"]",
    b'{"Items":[',
    b'{"Items":[]',
    b'{"Items":[]}x',
    b'{"Items',
    b"[1,2",
    b"[,]",
    b"[]]",
]


@pytest.mark.parametrize(
    "content", [*RUBBISH, b'[{"pk":"a"}', b'{"pk":"a"}[', b"\xff\xfe", b"\n\n", b'{"a', b"{}", b"[[]]"]
)
@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.tsv", "a", "a.jsonl"])
def test_rubbish_is_refused_in_a_sentence_or_rejected(tmp_path: Path, name: str, content: bytes) -> None:
    items: list[dict[str, Any]] = []
    with suppress(DynasmithError):
        items, _, _ = read(tmp_path, name, content)
    assert not items


REPEATED = {
    "plain.jsonl": b'{"pk":"a","x":1,"x":2}\n{"pk":"b"}\n',
    "wire.jsonl": b'{"pk":{"S":"a"},"pk":{"S":"c"}}\n{"pk":{"S":"b"}}\n',
    "deep.jsonl": b'{"pk":{"S":"a"},"m":{"M":{"x":{"N":"1"},"x":{"N":"2"}}}}\n{"pk":{"S":"b"}}\n',
    "enveloped.jsonl": b'{"Item":{"pk":{"S":"a"}},"Item":{"pk":{"S":"c"}}}\n{"Item":{"pk":{"S":"b"}}}\n',
    "mongo.jsonl": b'{"pk":"a","_id":{"$oid":"1"},"_id":{"$oid":"2"}}\n{"pk":"b","_id":{"$oid":"1"}}\n',
    "cells.csv": b'pk,m:JSON\na,"{""M"":{""x"":{""N"":""1""},""x"":{""N"":""2""}}}"\nb,\n',
    "dead.jsonl": b'{"line":"{\\"pk\\":\\"a\\",\\"pk\\":\\"c\\"}","code":"rejected","reason":"","segment":0}\n'
    b'{"Item":{"pk":"b"},"code":"rejected","reason":"","segment":0}\n',
}


@pytest.mark.parametrize("name", REPEATED)
def test_a_member_that_comes_twice_is_a_dead_letter(tmp_path: Path, name: str) -> None:
    """A parser keeps the last one, so the first would be lost."""
    items, dead, _ = read(tmp_path, name, REPEATED[name])
    assert keys(items) == ["b"]
    assert len(dead) == 1
    assert "comes twice" in dead[0].reason


def test_a_listing_with_two_arrays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="comes twice"):
        read(tmp_path, "two.json", b'{"Count":1,"Items":[{"pk":{"S":"a"}}],"Items":[{"pk":{"S":"b"}}]}')


NOT_MONGO = [
    '{"$oid":"1","x":1}',
    '{"$date":{"$numberLong":"1"},"x":5}',
    '{"$date":{"$numberLong":"1","x":5}}',
    '{"$date":"2020-01-01T00:00:00.123456789Z"}',
    '{"$date":true}',
    '{"$numberLong":"1_000"}',
    '{"$numberDouble":"1_0"}',
    '{"$binary":{"base64":"AQID!!","subType":"00"}}',
    '{"$regularExpression":{"pattern":"a","options":"i"}}',
    '{"$regex":"a","$options":"i"}',
    '{"$code":"f()","$scope":{"a":1}}',
    "[" * 600 + "]" * 600,
]


@pytest.mark.parametrize("value", NOT_MONGO)
def test_what_a_form_of_mongodb_does_not_hold_is_never_passed_over(tmp_path: Path, value: str) -> None:
    known = b'{"pk":"k","v":{"$oid":"1"}}\n'
    items, dead, _ = read(tmp_path, "m.jsonl", known + b'{"pk":"a","v":%b}\n' % value.encode(), format="mongo")
    assert (keys(items), len(dead)) == (["k"], 1)


def test_two_timestamps_of_one_second_stay_two_values(tmp_path: Path) -> None:
    stamps = b"".join(
        b'{"pk":"%d","v":{"$timestamp":{"t":5,"i":%d}},"w":{"$oid":"1"}}\n' % (place, place) for place in (0, 1, 2)
    )
    items, dead, _ = read(tmp_path, "m.jsonl", stamps)
    assert not dead
    assert items[1]["v"] == {"S": "1970-01-01T00:00:05.000Z"}
    assert items[2]["v"] == {"M": {"t": {"N": "5"}, "i": {"N": "2"}}}
    assert len({json.dumps(item["v"]) for item in items}) == 3


RENAMED = {
    "plain.jsonl": b'{"id":5.0,"x":"a"}\n',
    "wire.jsonl": b'{"id":{"N":"5"},"x":{"S":"a"}}\n',
    "enveloped.json": b'[{"Item":{"id":{"N":"5"},"x":{"S":"a"}}}]',
    "mongo.jsonl": b'{"id":{"$numberDouble":"5.0"},"x":"a"}\n',
    "cells.csv": b"id,x\n5,a\n",
    "cells.tsv": b"id\tx\n5\ta\n",
}


@pytest.mark.parametrize("name", RENAMED)
def test_ids_are_rewritten_in_every_format(tmp_path: Path, name: str) -> None:
    """Never accepted and ignored; and one number has one text, however the file writes it."""
    items, dead, _ = read(tmp_path, name, RENAMED[name], renaming=renaming_of({"pk": "user-{id}"}))
    assert not dead
    assert [(item["pk"], float(item["id"]["N"]), item["x"]) for item in items] == [({"S": "user-5"}, 5, {"S": "a"})]


def test_a_field_of_csv_that_becomes_the_key_has_its_type(tmp_path: Path) -> None:
    items, dead, _ = read(tmp_path, "moved.csv", b"id,x\n007,a\n8,b\n", renaming=renaming_of({"pk": "{id}"}))
    assert (keys(items), dead) == (["007", "8"], [])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_that_is_named_as_a_file_is_refused(tmp_path: Path) -> None:
    """It would be read twice, and what the first reader took would be lost."""
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(RunError, match="is a pipe or a device"):
        layout_of([str(tmp_path / "pipe.jsonl")])


def test_frames_of_zstd_that_are_skipped_hide_nothing(tmp_path: Path) -> None:
    """pzstd begins each piece with one."""
    skipped = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    packed = [zstandard.compress(b'{"pk":"%b"}\n' % key) for key in (b"a", b"b")]
    items, dead, _ = read(tmp_path, "p.jsonl.zst", skipped + packed[0] + skipped + packed[1] + skipped)
    assert (keys(items), dead) == (["a", "b"], [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_csv_in_utf_16_without_a_mark_is_named_as_that(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(FileFormatError, match="UTF-16"):
        read(tmp_path, "wide.csv", "pk,x\n1,a\n".encode(encoding))
