"""Commands that are printed go, as printed, to the place that the run went to; sides that are alike are told apart."""

import re
import shlex
import sys

import pytest

from item_stories.kit import ItemStory

SHAPE = """
version: 1
operations:
  - {add: country, value: CH}
"""
GROWING = """
def transform(item, ctx):
    item["n"] = item.get("n", 0) + 1
    return item
"""
STILL = """
def transform(item, ctx):
    item.setdefault("country", "CH")
    return item
"""
PRINTED = re.compile(r"dynasmith (jobs (?:resume|undo|proceed|list) [^\n]*)")


@pytest.fixture
def dev(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> ItemStory:
    """An endpoint that the environment ``dev`` knows and the shell does not; 60 users there."""
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB")
    story.write("dynasmith.toml", f'[environments.dev]\nendpoint = "{story.endpoint}"\n')
    story.write("shape.yaml", SHAPE)
    story.people("users", 60)
    return story


def printed(words: str, verb: str) -> list[str]:
    """The one command with that verb, as a shell takes it."""
    found = {line for line in PRINTED.findall(words) if line.startswith(f"jobs {verb} ")}
    assert len(found) == 1, words
    return shlex.split(found.pop())


BACKFILL = ("backfill", "users", "--transform", "shape.yaml", "--yes")


@pytest.mark.parametrize("place", ["env", "endpoint"])
def test_what_a_canary_prints_goes_on_and_takes_back(dev: ItemStory, place: str) -> None:
    there = ["--env", "dev"] if place == "env" else ["--endpoint", dev.endpoint, "--region", "us-east-1"]
    first = dev(*BACKFILL, "--canary", "10%", *there)
    resume, undo = printed(first.err, "resume"), printed(first.err, "undo")
    assert resume[-len(there) :] == there
    gone_on = dev(*resume)
    assert gone_on.code == 0, gone_on.err
    assert all("country" in item for item in dev.items("users"))
    taken_back = dev(*undo, "--yes")
    assert taken_back.code == 0, taken_back.err
    assert not any("country" in item for item in dev.items("users"))


def test_what_a_failure_prints_goes_on(dev: ItemStory) -> None:
    dev.make("users_v2")
    dev.served.fault("BatchWriteItem", nth=2, times=None, kind="access-denied")
    failed = dev("--env", "dev", "copy", "users", "users_v2", "--yes", "--batch-size", "25")
    assert failed.code == 1
    resume = printed(failed.err, "resume")
    refused = dev("--env", "dev", "jobs", "pause", resume[2])
    assert refused.hint == shlex.join(["dynasmith", *resume])
    document = dev("--env", "dev", "jobs", "pause", resume[2], "--json").json
    assert document["error"]["hint"] == refused.hint
    dev.served.calm()
    assert dev(*resume).code == 0
    assert dev.digest("users_v2") == dev.digest("users")


def test_a_place_with_a_space_is_quoted_and_a_key_is_never_shown(dev: ItemStory) -> None:
    dev.write("a place/dynasmith.toml", f'[environments.dev]\nendpoint = "{dev.endpoint}"\n')
    key = ["--aws-access-key", dev.account, "--aws-secret-key", "never-shown"]
    answer = dev(
        *BACKFILL, "--transform", str(dev.folder / "shape.yaml"), "--directory", "a place", "--env", "dev", *key
    )
    assert answer.code == 0, answer.err
    assert "--env dev --directory 'a place'" in answer.err
    assert "never-shown" not in answer.err
    assert dev(*printed(answer.err, "undo"), "--yes").code == 0


def test_without_options_a_hint_is_as_it_was(story: ItemStory) -> None:
    missing = story("jobs", "show", "copy-20260101T000000-abcdef")
    assert missing.hint == "dynasmith jobs list shows them"
    assert (
        story("jobs", "show", "x", "--region", "us-east-1").hint == "dynasmith jobs list --region us-east-1 shows them"
    )


def test_two_sides_of_one_name_are_told_apart(story: ItemStory) -> None:
    story.write("shape.yaml", SHAPE)
    story.people("users", 3)
    answer = story("verify", "users", "users", "--transform", "shape.yaml")
    assert answer.code == 3
    assert re.search(r"  users \(source, transformed\)$", answer.out, re.MULTILINE)
    assert re.search(r"  users \(target\)$", answer.out, re.MULTILINE)
    story.people("others", 3)
    plain = story("verify", "users", "others")
    assert re.search(r"  users$", plain.out, re.MULTILINE)
    assert re.search(r"  others$", plain.out, re.MULTILINE)


def test_a_damaged_job_is_told_of_and_the_others_are_listed(story: ItemStory) -> None:
    story.write("shape.yaml", SHAPE)
    story.people("users", 10)
    assert story(*BACKFILL).code == 0
    assert story("export", "users", "out.jsonl").code == 0
    damaged, other = (job["id"] for job in story("jobs", "list", "--json").json)
    (story.folder / ".dynasmith" / "jobs" / damaged / "job.json").write_bytes(b'{"id": "back')
    (story.folder / ".dynasmith" / "jobs" / "somebody-elses").mkdir()
    listed = story("jobs", "list", "--json")
    assert (listed.code, [job["id"] for job in listed.json]) == (0, [other])
    assert f"Warning: {damaged} is left out: What the ledger keeps of a job is damaged" in listed.err
    assert "somebody-elses" not in listed.err
    assert other in story("jobs", "list").out


@pytest.mark.parametrize("words", [("pause",), ("proceed",), ("pace", "--max-write-units", "10")])
def test_a_job_that_is_over_is_not_steered(story: ItemStory, words: tuple[str, ...]) -> None:
    story.people("users", 10)
    assert story("export", "users", "out.jsonl").code == 0
    [job] = story("jobs", "list", "--json").json
    verb, *options = words
    refused = story("jobs", verb, job["id"], *options)
    assert refused.code == 2
    assert refused.error == f"Job {job['id']} is done; there is nothing left to do."
    assert "resume" not in refused.err
    assert not (story.folder / ".dynasmith" / "jobs" / job["id"] / "control.json").exists()


def test_a_changed_transform_is_looked_at_before_it_goes_on(story: ItemStory) -> None:
    story.write("moves.py", STILL)
    story.people("users", 60)
    words = ("backfill", "users", "--transform", "moves:transform", "--canary", "10%", "--yes")
    assert story(*words).code == 0
    [job] = story("jobs", "list", "--json").json
    story.write("moves.py", GROWING)
    sys.modules.pop("moves", None)
    before, wrote = story.digest("users"), story.wrote()
    refused = story("jobs", "resume", job["id"], "--accept-changed-transform")
    assert refused.code == 1, refused.err
    assert "Nothing was written." in refused.error
    # It was not accepted by that: without the flag it is refused as before.
    assert story("jobs", "resume", job["id"]).code == 4
    assert (story.digest("users"), story.wrote()) == (before, wrote)
    assert story("jobs", "show", job["id"], "--json").json["state"] == "interrupted"
    story.write("moves.py", STILL.replace("CH", "FR"))
    sys.modules.pop("moves", None)
    gone_on = story("jobs", "resume", job["id"], "--accept-changed-transform")
    assert gone_on.code == 0, gone_on.err
    assert {item["country"]["S"] for item in story.items("users")} == {"CH", "FR"}
