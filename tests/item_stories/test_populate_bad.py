"""Bad lines are rejected with their place and the rest goes on; bad files are refused in a sentence."""

import gzip
import json
import stat
from pathlib import Path

import pytest

from item_stories.kit import ItemStory

BAD_LINES = r"""
{"pk": "1"}
{"pk": "3", "a": 1.5}
not json
{"x": 1}
{"pk": ""}
{"pk": 5}
{"pk": "3", "a": 2}
{"pk": "3", "a": 1.50}
{"pk": "4", "n": 1234567890123456789012345678901234567890}
"""


def test_bad_lines_are_rejected_with_number_and_reason(story: ItemStory) -> None:
    story.make("users")
    story.write("people.jsonl", BAD_LINES)
    answer = story("populate", "users", "people.jsonl", "--yes")
    assert answer.code == 3
    assert "populate: 9 read = 2 written + 1 already there + 6 dead." in answer.err
    assert f"Dead letter (rejected) at {story.folder / 'people.jsonl'}:3: This is not JSON" in answer.err
    assert sorted(item["pk"]["S"] for item in story.items("users")) == ["1", "3"]
    [file] = (story.folder / ".dynasmith" / "jobs").glob("*/dead.jsonl")
    assert f"Dead letters: {file}" in answer.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    letters = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    places = {letter["place"].rpartition(":")[2]: letter["reason"] for letter in letters if "place" in letter}
    assert sorted(places) == ["3", "4", "5", "6", "7", "9"]
    assert "lacks its key attribute pk" in places["4"]
    assert "at most 38 fit" in places["9"]
    assert [letter["reason"] for letter in letters if letter["code"] == "duplicate"] == [
        f"{story.folder / 'people.jsonl'}:2 has the key pk=3 too, with other attributes"
    ]


def test_an_item_over_400_kb_is_rejected_before_it_is_sent(story: ItemStory) -> None:
    story.make("users")
    story.write("people.jsonl", json.dumps({"pk": "big", "x": "x" * 410_000}) + '\n{"pk": "small"}\n')
    answer = story("populate", "users", "people.jsonl", "--yes")
    assert answer.code == 3
    assert "DynamoDB holds at most 409,600" in answer.err
    assert [item["pk"]["S"] for item in story.items("users")] == ["small"]


def test_dead_letters_are_mended_and_taken_back(story: ItemStory) -> None:
    story.make("users")
    story.write("people.jsonl", '{"pk": "1"}\n{"id": "2"}\n')
    assert story("populate", "users", "people.jsonl", "--yes").code == 3
    [file] = (story.folder / ".dynasmith" / "jobs").glob("*/dead.jsonl")
    fixed = story.write("fixed.jsonl", file.read_text(encoding="utf-8").replace('"id"', '"pk"'))
    assert story("populate", "users", fixed.name, "--yes").code == 0
    assert sorted(item["pk"]["S"] for item in story.items("users")) == ["1", "2"]


FILES = {
    "empty.jsonl": (b"", "is empty"),
    "cut.json.gz": (gzip.compress(b'[{"pk": "a"}, {"pk": "b"}]')[:-9], "is cut: it ends inside its compressed part"),
    "utf16.json": ('[{"pk": "a"}]'.encode("utf-16"), "is UTF-16, not UTF-8"),
    "picture.png": (b"\x89PNG\r\n\x1a\n\x00\x00", "is not text"),
    "latin.csv": ("pk,name\na,Zürich\n".encode("latin-1"), "not a line of CSV in UTF-8"),
    "two.json": (b'[{"pk": "a"}][{"pk": "b"}]', "more comes after the end of the array of items"),
    "lines.json": (b'[{"pk": "a"}]\n{"pk": "b"}\n', "lines.json:2: more comes after the end"),
    "pages.json": (b'{"Items": [{"pk": "a"}], "Count": 1}\n{"Items": [{"pk": "b"}]}', "more comes after the end"),
    "cut_behind.json": (b'{"Items": [{"pk": "a"}], "Count": 1, "x": {', "is cut: its JSON does not end"),
    "number.json": (b"[1, 2]", "this is JSON, but not an item"),
    "changes.jsonl": (b'{"Keys": {"pk": {"S": "a"}}, "NewImage": {"pk": {"S": "a"}}}\n', "incremental export"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_file_of_items_is_refused_in_a_sentence(story: ItemStory, name: str) -> None:
    content, says = FILES[name]
    story.make("users")
    (story.folder / name).write_bytes(content)
    answer = story("populate", "users", name, "--yes")
    assert answer.code == 1, answer.err
    assert says in answer.error
    assert str(story.folder / name) in answer.error
    assert "Traceback" not in answer.err
    assert story.items("users") == []
    assert story("jobs", "list", "--json").json == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("nowhere.json",), 1, "There is no file"),
        (("folder",), 1, "holds no export"),
        (("folder", "a.json"), 1, "is a folder"),
        (("a.json", "--mode", "merge"), 2, "'merge' is not a mode."),
        (("a.json", "--mode", "newer:"), 2, "'newer:' is not a mode."),
        (("a.json", "--filter", "age >"), 2, "The condition cannot be read"),
        (("a.json", "--type", "age"), 2, "'age' is not a valid field type."),
        (("a.json", "--transform", "nomodule:f"), 2, "The module nomodule cannot be imported"),
        (("a.json", "--transform", "f"), 2, "'f' is not a transform."),
        (("a.json", "--transform", "ops.yaml"), 2, "ops.yaml: does not exist"),
        (("s3://no-such-bucket-here/x",), 1, "no-such-bucket-here does not exist"),
        (("s3://bucket/x", "b.jsonl"), 2, "One place in S3"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_done(
    story: ItemStory, words: tuple[str, ...], code: int, says: str
) -> None:
    story.make("users")
    (story.folder / "folder").mkdir()
    story.write("a.json", '[{"pk": "a"}]')
    answer = story("populate", "users", *words, "--yes")
    assert answer.code == code, answer.err
    assert says in answer.error or says in " ".join(words)
    assert "Traceback" not in answer.err
    assert story.wrote() == []


def test_a_cut_export_and_a_lost_part_are_noticed(story: ItemStory) -> None:
    story.people("users", 20)
    assert story("export", "users", "out", "--compress", "none", "--segments", "1").code == 0
    part = next(Path("out").glob("part-*"))
    whole = part.read_bytes()
    part.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    story.make("again")
    answer = story("populate", "again", "out", "--yes")
    assert answer.code == 1
    assert "holds 19 items, and its manifest says 20" in answer.error
    part.unlink()
    assert "which its manifest names" in story("populate", "again", "out", "--yes").error


def test_half_a_pair_and_an_item_over_several_lines_are_said_so(story: ItemStory) -> None:
    story.make("users")
    story.write("half.jsonl", '{"pk": "a"}\n{"pk": "\\ud800"}\n{"pk": "b"\n')
    answer = story("populate", "users", "half.jsonl", "--yes", "--json")
    assert (answer.code, answer.json["written"], answer.json["dead"]) == (3, 1, 2), answer.err
    [file] = (story.folder / ".dynasmith" / "jobs").glob("*/dead.jsonl")
    reasons = file.read_text()
    assert "half a surrogate pair" in reasons
    assert "it ends inside the item: an item stands on one line" in reasons
    story.write("pretty.json", '{\n  "pk": "a"\n}\n')
    refused = story("populate", "users", "pretty.json", "--yes")
    assert (refused.code, "an item stands on one line" in refused.error) == (1, True), refused.err
