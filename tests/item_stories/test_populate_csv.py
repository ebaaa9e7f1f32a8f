"""CSV: how each field is read is said, a type that a value does not have rejects its line, a wrong wish is refused."""

import json

import pytest

from item_stories.kit import ItemStory

PEOPLE = """pk,age,zip,active,photo:B,note
1,42,007,true,AP8=,a
2,,8001,false,,b
"""
SAID = (
    "pk is S (key), age is N (inferred), zip is S (inferred), active is BOOL (inferred), photo is B (declared), "
    "note is S (inferred)"
)


def test_types_are_said_in_words_in_json_and_in_a_dry_run(story: ItemStory) -> None:
    story.make("users", "again")
    path = story.write("people.csv", PEOPLE)
    dry = story("populate", "users", "people.csv", "--dry-run")
    assert f"{path}: {SAID}" in dry.out
    assert f"{path}: {SAID}" in story("populate", "users", "people.csv", "--dry-run", "--json").json["notes"]
    assert story.wrote() == []
    answer = story("populate", "users", "people.csv", "--yes")
    assert answer.code == 0, answer.err
    assert f"{path}: {SAID}." in answer.err
    [file] = story("populate", "again", "people.csv", "--yes", "--json").json["parameters"]["csv_fields"]
    assert file["path"] == str(path)
    assert {"name": "age", "type": "N", "how": "inferred"} in file["fields"]


@pytest.mark.parametrize(
    ("kind", "value", "good", "says"),
    [
        ("N", "many", "5", "Field x is N, but 'many' is not a number"),
        ("BOOL", "yes", "true", "Field x is BOOL, but 'yes' is neither true nor false"),
        ("B", "no base64", "AP8=", "Field x is B (base64), but 'no base64' is not"),
        ("B", "Zürich", "AP8=", "Field x is B (base64), but 'Zürich' is not"),
        ("NULL", "something", "null", "Field x is NULL, but 'something' is a value"),
        ("JSON", "word", '"{""S"":""a""}"', "Field x is JSON (DynamoDB JSON), but 'word' is not JSON"),
        ("JSON", '"{""N"":""many""}"', '"{""N"":""1""}"', ""),
    ],
)
@pytest.mark.parametrize("digest", ["--digest", "--no-digest"])
def test_a_value_that_its_declared_type_does_not_have_rejects_its_line(
    story: ItemStory, kind: str, value: str, good: str, says: str, digest: str
) -> None:
    story.make("users")
    path = story.write("people.csv", f"pk,x\na,{good}\nb,{value}\nc,{good}\n")
    answer = story("populate", "users", "people.csv", "--type", f"x={kind}", digest, "--yes")
    assert answer.code == 3, answer.err
    assert "3 read = 2 written + 1 dead" in answer.err
    assert says in answer.err
    [file] = (story.folder / ".dynasmith" / "jobs").glob("*/dead.jsonl")
    letter = json.loads(file.read_text(encoding="utf-8"))
    assert says in letter["reason"]
    assert letter.get("place", f"{path}:3") == f"{path}:3"
    assert sorted(item["pk"]["S"] for item in story.items("users")) == ["a", "c"]


def test_a_malformed_value_in_dynamodb_json_rejects_its_line(story: ItemStory) -> None:
    story.make("users")
    path = story.write("people.jsonl", '{"pk":{"S":"a"}}\n{"pk":{"S":"b"},"n":{"N":"many"}}\n{"pk":{"S":"c"}}\n')
    answer = story("populate", "users", "people.jsonl", "--yes")
    assert answer.code == 3, answer.err
    assert f"Dead letter (rejected) at {path}:2:" in answer.err
    assert sorted(item["pk"]["S"] for item in story.items("users")) == ["a", "c"]


@pytest.mark.parametrize(
    ("text", "words", "code", "says"),
    [
        (PEOPLE, ("--type", "age=X"), 2, "types must be one of S, N, B, BOOL, NULL, JSON, not 'X'."),
        (PEOPLE, ("--type", "agee=N"), 2, "--type names agee, and no file has such a field."),
        (PEOPLE, ("--type", "pk=N"), 2, "--type says that pk is N, and in the table's key it is S."),
        ("id,name\n1,Ann\n", (), 1, "has no field pk, which the table's key needs."),
        ("pk,name,name\n1,a,b\n", (), 1, "two fields are named name"),
        ("pk,\n1,2\n", (), 1, "field 2 has no name"),
        ("", (), 1, "is empty"),
        ("pk,\"open\n", (), 1, "A quoted value of the record is not closed"),
    ],
)  # fmt: skip
def test_what_the_header_shows_to_be_wrong_is_refused_before_a_job_begins(
    story: ItemStory, text: str, words: tuple[str, ...], code: int, says: str
) -> None:
    story.make("users")
    story.write("people.csv", text)
    for more in ((), ("--dry-run",)):
        answer = story("populate", "users", "people.csv", *words, "--yes", *more)
        assert answer.code == code, answer.err
        assert says in answer.error
        assert "Traceback" not in answer.err
    assert story("jobs", "list", "--json").json == []
    assert story.wrote() == []
