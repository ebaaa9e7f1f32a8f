"""Jobs that an earlier version wrote, stopped midway, go on from where they are and end as they would have there."""

import json
from pathlib import Path

import pytest

from dynasmith.jobs.job import decode_job, encode_job
from item_stories.format_1_jobs import (
    ACCOUNT,
    FORMAT_1,
    WORDS,
    digests_of,
    exported_in,
    kept,
    make_tables,
    placeholders,
    prepare,
    put_down,
)
from item_stories.kit import ItemStory

KEPT = sorted(path for path in FORMAT_1.glob("*/jobs/*/job.json"))


@pytest.fixture
def theirs(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> ItemStory:
    """A story in the account of the jobs: their tables are named by it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    story.account = ACCOUNT
    return story


@pytest.mark.parametrize("name", WORDS)
def test_a_job_of_format_1_goes_on_where_it_was_stopped(theirs: ItemStory, name: str) -> None:
    found = kept(name)
    prepare(theirs.folder)
    make_tables(theirs.direct, found.tables)
    places = placeholders(theirs.direct, list(found.tables), theirs.endpoint, theirs.folder)
    job = put_down(found, theirs.folder, places)
    before = theirs("jobs", "show", job, "--json").json
    assert (before["state"], 0 < before["read"] < found.report["read"]) == ("interrupted", True)

    answer = theirs("jobs", "resume", job, "--json")

    assert answer.code == 0, answer.err
    assert {key: answer.json[key] for key in found.report} == found.report
    assert answer.json["adds_up"]
    assert digests_of(theirs.direct, list(found.tables)) == found.digests
    assert exported_in(theirs.folder) == found.exported


def test_a_job_of_every_verb_is_kept() -> None:
    assert {json.loads(path.read_text("utf-8"))["verb"] for path in KEPT} == {
        "copy",
        "export",
        "populate",
        "backfill",
        "undo",
    }
    assert {path.relative_to(FORMAT_1).parts[0] for path in KEPT} == set(WORDS)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.relative_to(FORMAT_1).parts[0]}-{path.parent.name}")
def test_a_job_of_format_1_is_written_as_it_was(path: Path) -> None:
    written = path.read_bytes()
    assert encode_job(decode_job(written)) == written
