"""The dead-letter file is a file of items: fixed, it is populated; edited, it stops no job."""

import json
from pathlib import Path
from typing import Any

import pytest

from item_stories.kit import ItemStory

LINES = (
    '{"pk": "a", "n": 1}',
    '{"n": 2}',
    '{"pk": "c", "n": 3',
    '{"pk": "d", "x": 1e999}',
    '{"pk": {"S": "e"}, "x": {"N": "five"}}',
)


def dead_of(story: ItemStory, job: str) -> Path:
    return story.folder / ".dynasmith" / "jobs" / job / "dead.jsonl"


def test_lines_that_were_rejected_before_they_were_items_are_mended_in_the_file(story: ItemStory) -> None:
    story.make("users")
    story.write("users.jsonl", "\n".join(LINES[:4]) + "\n")
    first = story("populate", "users", "users.jsonl", "--yes", "--json")
    assert (first.code, first.json["written"], first.json["dead"]) == (3, 1, 3), first.err
    path = dead_of(story, first.json["id"])
    lines = path.read_text().splitlines()
    assert ['"line":' in line for line in lines] == [False, True, False]
    again = story("populate", "users", str(path), "--yes", "--json")
    assert (again.code, again.json["written"], again.json["dead"]) == (3, 0, 3), again.err
    fixed = [
        lines[0].replace('"Item":{', '"Item":{"pk":{"S":"b"},'),
        lines[1].replace('\\"n\\": 3', '\\"n\\": 3}'),
        lines[2].replace("1e999", "4", 1),
    ]
    story.write("fixed.jsonl", "\n".join(fixed) + "\n")
    done = story("populate", "users", "fixed.jsonl", "--yes", "--json")
    assert (done.code, done.json["written"], done.json["dead"]) == (0, 3, 0), (done.err, fixed)
    assert sorted(item["pk"]["S"] for item in story.items("users")) == ["a", "b", "c", "d"]
    assert {item["pk"]["S"]: item.get("n") for item in story.items("users")}["b"] == {"N": "2"}


def test_a_dead_letter_of_dynamodb_json_stays_what_it_is(story: ItemStory) -> None:
    story.make("users")
    story.write("users.jsonl", '{"pk": {"S": "a"}}\n' + LINES[4] + "\n")
    first = story("populate", "users", "users.jsonl", "--yes", "--json")
    assert (first.code, first.json["dead"]) == (3, 1), first.err
    story.write("fixed.jsonl", dead_of(story, first.json["id"]).read_text().replace('"five"', '"5"'))
    assert story("populate", "users", "fixed.jsonl", "--yes").code == 0
    assert {"pk": {"S": "e"}, "x": {"N": "5"}} in story.items("users")


def test_a_dead_letter_file_that_somebody_edited_stops_no_job(story: ItemStory) -> None:
    story.make("users")
    story.write("users.jsonl", "\n".join((*LINES[:4], *(f'{{"pk": "p{number}"}}' for number in range(60)))) + "\n")
    story.served.fault("BatchWriteItem", nth=4, kind="access-denied", times=None)
    stopped = story("populate", "users", "users.jsonl", "--yes", "--batch-size", "8")
    assert stopped.code == 1, stopped.err
    story.served.calm()
    [job] = story("jobs", "list", "--json").json
    path = dead_of(story, job["id"])
    path.write_text("a note of mine\n" + '{"pk": "mine"}\n' + path.read_text() + '{"reason": "the last line')
    resumed = story("jobs", "resume", job["id"], "--json")
    assert (resumed.code, resumed.json["dead"]) == (3, 3), resumed.err
    lines = path.read_text().splitlines()
    assert lines[:2] == ["a note of mine", '{"pk": "mine"}']
    assert ["segment" in line for line in lines[2:]] == [True] * 3


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["here", "in processes"])
def test_a_dead_letter_of_a_transform_and_one_of_the_service_name_their_lines(
    story: ItemStory, processes: tuple[str, ...]
) -> None:
    story.make("users")
    story.write(
        "picky.py",
        """
        def transform(item, ctx):
            if item["n"] % 10 == 7:
                raise ValueError("seven")
            if item["n"] % 10 == 3:
                return None
            if item["n"] == 14:
                for _ in range(40):
                    item["deep"] = [item.get("deep")]
            return item
        """,
    )
    story.write("users.jsonl", "not json\n" + "".join(f'{{"pk": "p{n}", "n": {n}}}\n' for n in range(25)))
    words = ("populate", "users", "users.jsonl", "--yes", "--json", "--transform", "picky:transform")
    done = story(*words, "--on-error", "dead", "--filter", "n > 2", "--batch-size", "10", *processes)
    assert (done.code, done.json["dead"]) == (3, 4), done.err
    letters: list[dict[str, Any]] = list(map(json.loads, dead_of(story, done.json["id"]).read_text().splitlines()))
    found = {letter["place"].rpartition(":")[2]: letter["code"] for letter in letters}
    assert found == {"1": "rejected", "9": "transform", "19": "transform", "16": "refused"}, letters
