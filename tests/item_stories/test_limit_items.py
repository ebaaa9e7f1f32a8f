"""A copy or an export with a limit: exactly so many items, the same ones each time, also after a kill."""

import json
from pathlib import Path

import pytest

from dynasmith import Project
from dynasmith.errors import UsageError
from dynasmith.operations import Sample
from item_stories.killing import job_of, kill, running, until_written
from item_stories.kit import ItemStory, person

KEY = "11" * 32
CRYPTO = ("--crypto", "masking:variable:MASKING_KEY")
PAIRS = """
def pair(item, ctx):
    yield item
    yield {**item, "pk": item["pk"] + "-twin"}
"""


def keys(story: ItemStory, table: str) -> set[str]:
    return {item["pk"]["S"] for item in story.items(table)}


@pytest.mark.parametrize("segments", [(), ("--segments", "4")])
def test_a_limit_is_exact_and_gives_the_same_items_each_time(story: ItemStory, segments: tuple[str, ...]) -> None:
    story.people("users", 40)
    story.make("first", "second", "whole")
    copy = ("copy", "users", "first", *segments, "--limit-items", "7", "--yes")
    dry = story(*copy, "--dry-run")
    assert "the job is done when 7 items are sent" in dry.out
    done = story(*copy)
    assert (done.code, len(keys(story, "first"))) == (0, 7), done.err
    assert "It ended at its limit of 7 items; there may be more." in done.err
    again = story(*copy, "--json").json
    assert (again["written"] + again["already"], again["adds_up"], len(keys(story, "first"))) == (7, True, 7)
    story("copy", "users", "second", *segments, "--limit-items", "7", "--batch-size", "3", "--yes")
    assert keys(story, "second") == keys(story, "first")
    assert not story("copy", "users", "whole", *segments, "--limit-items", "40", "--yes").code
    assert len(keys(story, "whole")) == 40
    proof = story("verify", "users", "first", "--job", again["id"])
    assert (proof.code, proof.error) == (
        2,
        f"Job {again['id']} was done after 7 items, so its target lacks the others.",
    )


def test_an_export_with_a_limit_is_a_whole_export_of_so_many_items(story: ItemStory) -> None:
    story.people("users", 40)
    for dest in ("out.jsonl", "parts"):
        found = story("export", "users", dest, "--segments", "3", "--limit-items", "11", "--json").json
        assert (found["written"], found["adds_up"]) == (11, True)
    assert len(Path("out.jsonl").read_text().splitlines()) == 11
    story.make("back")
    assert story("populate", "back", "parts", "--yes").code == 0
    assert len(keys(story, "back")) == 11
    assert len(story("export", "users", "-", "--limit-items", "5").out.splitlines()) == 5
    refused = story("export", "users", "s3://bucket/prefix", "--limit-items", "5")
    assert (refused.code, "limit_items is of an export to files" in refused.error) == (2, True)


def test_killed_in_other_processes_and_resumed_it_has_not_one_item_more(story: ItemStory) -> None:
    story.people("users", 200)
    story.make("users_v2")
    story.served.throttle("users_v2", write_units=20, burst_seconds=0.5)
    copy = ("copy", "users", "users_v2", "--segments", "4", "--processes", "2", "--batch-size", "20")
    with running(story.folder, *copy, "--limit-items", "90", "--yes") as process:
        job = job_of(process)
        until_written(story.folder, job, 20, process)
        kill(process)
    assert 20 <= len(keys(story, "users_v2")) < 90
    story.served.calm()
    report = story("jobs", "resume", job, "--json").json
    assert (report["state"], report["written"] + report["already"], report["adds_up"]) == ("done", 90, True)
    assert len(keys(story, "users_v2")) == 90


def test_a_limit_counts_what_a_sample_and_a_transform_leave(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKING_KEY", KEY)
    story.people("users", 60)
    story.put("users", {"pk": {"S": "stray"}})
    story.make("sampled", "limited", "twins")
    sample = ("--sample", "50%", "--by", "n", *CRYPTO, "--yes")
    whole = story("copy", "users", "sampled", *sample, "--json").json
    assert whole["sample_missing"] == {"dropped": 1, "kept": 0}
    limited = story("copy", "users", "limited", *sample, "--limit-items", "9")
    assert "It ended at its limit of 9 items" in limited.err
    assert len(keys(story, "limited")) == 9
    assert keys(story, "limited") < keys(story, "sampled")
    story.write("twins.py", PAIRS)
    found = story("copy", "users", "twins", "--transform", "twins:pair", "--limit-items", "7", "--yes", "--json").json
    assert (found["written"], len(keys(story, "twins"))) == (6, 6)


def test_items_without_the_attribute_of_a_sample_are_counted_and_said(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKING_KEY", KEY)
    story.make("users", "users_v2")
    story.put("users", *map(person, range(10)), *({"pk": {"S": f"stray-{number}"}} for number in range(3)))
    copy = ("copy", "users", "users_v2", "--sample", "100%", "--by", "n", *CRYPTO, "--yes")
    dropped = story(*copy)
    assert "Of the items read, 3 lack the attribute that the sample is taken by: dropped." in dropped.err
    kept = story(*copy, "--missing", "keep", "--segments", "2", "--json").json
    assert (kept["sample_missing"], kept["dropped"]) == ({"dropped": 0, "kept": 3}, 0)
    [shown] = [each for each in story("jobs", "list", "--json").json if each["id"] == kept["id"]]
    assert shown["sample_missing"] == {"dropped": 0, "kept": 3}
    assert len(keys(story, "users_v2")) == 13


def test_python_has_it_and_refuses_what_it_cannot_limit(story: ItemStory) -> None:
    story.people("users", 12)
    story.make("users_v2")
    project = Project.load()
    with pytest.raises(UsageError, match="limit_items is of a table"):
        project.copy([{"pk": "a"}], "users_v2", limit_items=1)
    with pytest.raises(UsageError, match="limit_items"):
        project.copy("users", "users_v2", limit_items=0)
    taken: list[dict[str, object]] = []
    report = project.copy("users", lambda items: taken.extend(items), limit_items=5)
    assert (report.counts.written, len(taken)) == (5, 5)
    assert json.dumps(report.to_json()["sample_missing"]) == '{"dropped": 0, "kept": 0}'
    assert Sample("1%", by="n").take_missing().dropped == 0
