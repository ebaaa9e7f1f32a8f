"""populate takes every form that the page names, from a file, a folder or standard input."""

import base64
import gzip
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from item_stories.kit import ItemStory, wire

PLAIN = [{"pk": "a", "n": 12.5, "tags": ["x"], "z": None}, {"pk": "b", "e": "", "ok": True}]
TYPED: list[dict[str, Any]] = [
    {"pk": {"S": "a"}, "n": {"N": "12.5"}, "tags": {"L": [{"S": "x"}]}, "z": {"NULL": True}},
    {"pk": {"S": "b"}, "e": {"S": ""}, "ok": {"BOOL": True}},
]


def lines(items: list[Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


FORMS: dict[str, Callable[[], bytes]] = {
    "array.json": lambda: json.dumps(PLAIN, indent=2).encode(),
    "lines.jsonl": lambda: lines(PLAIN),
    "typed.jsonl": lambda: lines(TYPED),
    "enveloped.jsonl": lambda: lines([{"Item": item} for item in TYPED]),
    "scan.json": lambda: json.dumps({"Items": TYPED, "Count": 2, "ScannedCount": 2}, indent=4).encode(),
    "marked.json": lambda: b"\xef\xbb\xbf" + json.dumps(PLAIN).encode(),
    "lines.jsonl.gz": lambda: gzip.compress(lines(PLAIN)),
    "array.json.zst": lambda: zstandard.compress(json.dumps(TYPED).encode()),
    "misnamed.txt": lambda: gzip.compress(lines(TYPED)),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_told_by_its_first_bytes(story: ItemStory, name: str) -> None:
    story.make("users")
    (story.folder / name).write_bytes(FORMS[name]())
    answer = story("populate", "users", name, "--yes")
    assert (answer.code, answer.out) == (0, ""), answer.err
    assert "populate: 2 read = 2 written." in answer.err
    assert sorted(story.items("users"), key=lambda item: item["pk"]["S"]) == TYPED


def test_csv_types_are_declared_or_inferred(story: ItemStory) -> None:
    story.make("users")
    story.write("people.csv", 'pk,age,zip,ok,tags:JSON\na,12,01234,true,"{""SS"":[""x""]}"\nb,,9,false,\n')
    assert story("populate", "users", "people.csv", "--type", "zip=S", "--yes").code == 0
    assert sorted(story.items("users"), key=lambda item: item["pk"]["S"]) == [
        {"pk": {"S": "a"}, "age": {"N": "12"}, "zip": {"S": "01234"}, "ok": {"BOOL": True}, "tags": {"SS": ["x"]}},
        {"pk": {"S": "b"}, "zip": {"S": "9"}, "ok": {"BOOL": False}},
    ]


def test_standard_input_is_a_file(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    story.make("users")
    command = [sys.executable, "-m", "dynasmith", "populate", "users", "-", "--yes", "--json"]
    done = subprocess.run(command, input=gzip.compress(lines(TYPED)), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["state"], report["written"], report["digest"]) == ("done", 2, story.digest("users"))


def test_several_files_are_one_job(story: ItemStory) -> None:
    story.make("users")
    story.write("one.jsonl", '{"pk": "a"}\n')
    story.write("two.json", '[{"pk": "b"}, {"pk": "c"}]')
    report = story("populate", "users", "one.jsonl", "two.json", "--yes", "--json").json
    assert (report["read"], report["written"]) == (3, 3)
    assert {item["pk"]["S"] for item in story.items("users")} == {"a", "b", "c"}


def service_export(folder: Path, items: list[dict[str, Any]]) -> Path:
    """What ExportTableToPointInTime leaves behind, as the Developer Guide draws it."""
    home = folder / "AWSDynamoDB" / "01693685827463-2d8752fd"
    (home / "data").mkdir(parents=True)
    packed = gzip.compress(lines([{"Item": json.loads(wire(item))} for item in items]))
    (home / "data" / "asdl123dasas.json.gz").write_bytes(packed)
    md5 = base64.b64encode(hashlib.md5(packed, usedforsecurity=False).digest()).decode()
    key = "AWSDynamoDB/01693685827463-2d8752fd/data/asdl123dasas.json.gz"
    (home / "manifest-files.json").write_text(
        json.dumps({"itemCount": len(items), "md5Checksum": md5, "etag": "x", "dataFileS3Key": key}) + "\n"
    )
    summary = {"version": "2023-08-01", "itemCount": len(items), "outputFormat": "DYNAMODB_JSON"}
    (home / "manifest-summary.json").write_text(json.dumps(summary | {"exportType": "FULL_EXPORT"}))
    return home


def test_an_export_of_the_service_is_taken_and_checked(story: ItemStory) -> None:
    story.make("users")
    home = service_export(story.folder / "s3", TYPED)
    answer = story("populate", "users", "s3", "--yes")
    assert answer.code == 0, answer.err
    assert len(story.items("users")) == 2
    part = next((home / "data").iterdir())
    part.write_bytes(gzip.compress(lines([{"Item": {"pk": {"S": "z"}}}])))
    damaged = story("populate", "users", "s3", "--yes")
    assert (damaged.code, len(story.items("users"))) == (1, 2)
    assert "its MD5 is not what the manifest says" in damaged.error


def test_items_inline_and_of_the_definition(story: ItemStory) -> None:
    key = [{"attribute_name": "pk", "key_type": "HASH"}]
    listed = {"attributes": [{"name": "pk", "type": "S"}], "key_schema": key}
    story.define({"name": "users", **listed, "items": [{"pk": "root", "level": 9}]}, {"name": "bare", **listed})
    story.make("users", "bare")
    assert story("populate", "users", "--yes").code == 0
    inline = story("populate", "users", "--item", '{"pk": "x", "n": 1.50}', "--item", '{"pk": {"S": "y"}}', "--yes")
    assert inline.code == 0, inline.err
    assert {item["pk"]["S"]: item for item in story.items("users")} == {
        "root": {"pk": {"S": "root"}, "level": {"N": "9"}},
        "x": {"pk": {"S": "x"}, "n": {"N": "1.5"}},
        "y": {"pk": {"S": "y"}},
    }
    assert story("populate", "bare", "--yes").error == "The definition of bare lists no items."
    assert story("populate", "users", "a.json", "--item", '{"pk": "x"}', "--yes").code == 2
    assert story("populate", "users", "--item", "[1]", "--yes").code == 2


def test_a_pipe_that_ends_in_an_item_is_a_dead_letter(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    story.make("users")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"pk": "a"}\n{"pk": "b')))
    answer = story("populate", "users", "-", "--yes")
    assert answer.code == 3, answer.err
    assert "-:2" in answer.err
    assert [item["pk"]["S"] for item in story.items("users")] == ["a"]


def test_a_batch_is_as_large_as_was_asked_for(story: ItemStory) -> None:
    story.make("users")
    (story.folder / "lines.jsonl").write_bytes(lines(PLAIN))
    assert story("populate", "users", "lines.jsonl", "--batch-size", "1", "--yes").code == 0
    assert len(story.served.journal.of("BatchWriteItem")) == 2
