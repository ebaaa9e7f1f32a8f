"""What is done in the page with jobs that run: resumed and undone in the console itself, and ended with it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.story import table
from console.browser import served, words_of
from dynasmith import Consent, Project
from dynasmith.errors import Interrupted
from dynasmith.ports.listener import Event
from dynasmith.strict import StrictServer

YES = Consent(yes=True)
ITEMS = 120


@pytest.fixture(scope="module")
def strict(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint on the real clock, which pacing needs."""
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as server:
        yield server


@pytest.fixture
def project(strict: StrictServer, tmp_path: Path, shell: pytest.MonkeyPatch) -> Iterator[Project]:
    """Two tables, one of them with items."""
    shell.setenv("AWS_ENDPOINT_URL_DYNAMODB", strict.endpoint)
    shell.setenv("AWS_ACCESS_KEY_ID", f"4{abs(hash(str(tmp_path))) % 10**11:011d}")
    shell.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (tmp_path / "tables_config.json").write_text(json.dumps({"tables": [table("orders"), table("orders_v2")]}))
    (tmp_path / "items.jsonl").write_text("".join(f'{{"pk": "o{number}", "old": 1}}\n' for number in range(ITEMS)))
    with Project.load() as loaded:
        loaded.ensure()
        loaded.populate("orders", "items.jsonl", consent=YES)
        yield loaded


class Stopper:
    """A listener that ends a run once it has written something."""

    def __call__(self, event: Event, /) -> None:
        counts = getattr(event, "counts", None)
        if counts is not None and counts.written:
            raise Interrupted("Enough.")


def interrupted_copy(project: Project) -> str:
    with pytest.raises(Interrupted):
        project.copy("orders", "orders_v2", max_write_units=40, batch_size=5, consent=YES, listener=Stopper())
    job = project.jobs.list()[-1]
    assert job.state == "interrupted"
    return job.id


def test_a_job_is_resumed_in_the_page_and_ends(project: Project) -> None:
    job = interrupted_copy(project)
    with served(project) as browser:
        path = f"/jobs/{job}"
        text = words_of(browser.open().get(path).text)
        assert f"dynasmith jobs resume {job}" in text
        assert browser.act(path, "resume").outcome["say"] == "The job goes on in this console, and ends with it."
        assert browser.act(path, "pace", write_units="4000").outcome["say"] == "The pace is changed."
        browser.wait_for(path, lambda text: "Took" in text)
        text = words_of(browser.get(path).text)
    assert project.jobs.show(job).counts.written == ITEMS
    assert "Items items a second" in text
    assert "Segments" in text


def test_a_console_that_ends_leaves_its_job_to_be_resumed(project: Project) -> None:
    job = interrupted_copy(project)
    with served(project) as browser:
        browser.open().act(f"/jobs/{job}", "resume")
        browser.act(f"/jobs/{job}", "pace", write_units="1")
    assert project.jobs.show(job).state == "interrupted"
    assert [each for each in threading.enumerate() if each.name == "dynasmith-console-job"] == []


def test_an_undo_asks_first_and_has_a_page_of_its_own(project: Project) -> None:
    Path("add.yaml").write_text("version: 1\noperations:\n  - {add: country, value: CH}\n")
    backfill = project.backfill("orders", "add.yaml", consent=YES).job.id
    with served(project) as browser:
        path = f"/jobs/{backfill}"
        dialog = browser.open().act(path, "undo").outcome["dialog"]
        assert "Confirm" in dialog
        assert project.jobs.list()[-1].id == backfill
        going = browser.act(path, "undo", yes="yes").outcome["go"]
        assert going.startswith("/jobs/undo-")
        browser.wait_for(going, lambda text: "Took" in text)
    assert project.jobs.list()[-1].state == "done"
