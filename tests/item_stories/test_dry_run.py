"""--dry-run: samples, units, money and time, and not one call that writes."""

import gzip
import json
import re

import pytest

from item_stories.kit import ItemStory

VERBS = (
    ("copy", "users", "users_v2"),
    ("copy", "users", "users_v2", "--transform", "ops.yaml", "--max-write-units", "1"),
    ("copy", "users", "fresh", "--create-target", "--backup-first"),
    ("populate", "users_v2", "people.jsonl"),
    ("populate", "users_v2", "--item", '{"pk": "a"}'),
    ("export", "users", "out"),
)


@pytest.fixture
def dry(story: ItemStory) -> ItemStory:
    story.write("ops.yaml", "version: 1\noperations:\n  - {remove: name}\n")
    story.write("people.jsonl", '{"pk": "a"}\n{"id": "b"}\n')
    story.people("users", 10)
    story.make("users_v2")
    return story


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_it_writes_nothing_and_shows_what_would_happen(dry: ItemStory, words: tuple[str, ...]) -> None:
    answer = dry(*words, "--dry-run")
    assert answer.code == 0, answer.err
    assert "Dry run: nothing was written." in answer.out
    assert re.search(r"\d write units?; ", answer.out)
    assert "$" in answer.out
    assert "at this pace" in answer.out
    document = dry(*words, "--dry-run", "--json").json
    assert {"items", "size_bytes", "read_units", "write_units", "seconds", "cost_dollars", "samples"} <= set(document)
    assert 1 <= len(document["samples"]) <= 3
    assert document["cost_dollars"] > 0
    assert dry.wrote() == []
    assert len(dry.served.journal.of("DescribeTable")) > 0
    assert not (dry.folder / "out").exists()
    assert sorted(dry.live()) == ["users", "users_v2"]
    assert dry("jobs", "list", "--json").json == []


def test_samples_show_before_and_after_and_a_pace_is_time(dry: ItemStory) -> None:
    document = dry(*VERBS[1], "--dry-run", "--json").json
    assert document["write_units"] == 10.0
    assert document["seconds"] == 10.0
    sample = document["samples"][0]
    assert '"name"' in sample["before"]
    assert '"name"' not in sample["after"][0]


def test_lines_that_would_be_rejected_are_told(dry: ItemStory) -> None:
    *_, note = dry("populate", "users_v2", "people.jsonl", "--dry-run", "--json").json["notes"]
    place = dry.folder / "people.jsonl"
    assert note.startswith(f"1 of the first 2 are rejected; the first: {place}:2: An item cannot be written")


def test_a_dry_retirement_says_what_it_would_do(dry: ItemStory) -> None:
    answer = dry("retire", "users", "--export", "last", "--dry-run")
    where = f"In environment local (us-east-1, {dry.endpoint}):\n"
    listed = [
        "To retire users:",
        "  us-east-1: export users into last/users",
        "  us-east-1: delete the table and all its items",
    ]
    assert (answer.code, answer.err) == (0, where + "\n".join(listed) + "\n")
    there = {"environment": "local", "region": "us-east-1", "account": None, "endpoint": dry.endpoint}
    [planned] = dry("retire", "users", "--export", "last", "--dry-run", "--json").json
    steps = {step["step"]: step["state"] for step in planned.pop("steps")}
    assert planned == {"table": "users", "export": "last/users"} | there
    assert (steps["export"], steps["autoscaling"], steps["replicas"], steps["table"]) == (
        "planned",
        "absent",
        "absent",
        "planned",
    )
    assert dry.wrote() == []
    assert not (dry.folder / "last").exists()


@pytest.mark.parametrize("name", ["ten.csv", "ten.csv.gz", "ten.jsonl", "ten.jsonl.gz", "few.csv.gz"])
def test_the_items_of_files_are_estimated_from_their_own_bytes(dry: ItemStory, name: str) -> None:
    count = 900 if name.startswith("few") else 10_000
    rows = [f"p{number:06d}" for number in range(count)]
    text = "pk\n" + "\n".join(rows) if ".csv" in name else "\n".join(f'{{"pk": "{row}"}}' for row in rows)
    data = text.encode()
    (dry.folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    answer = dry("populate", "users_v2", name, "--dry-run", "--json")
    assert answer.code == 0, answer.err
    items = json.loads(answer.out)["items"]
    assert abs(items - count) <= (0 if count == 900 else count * 0.05)
