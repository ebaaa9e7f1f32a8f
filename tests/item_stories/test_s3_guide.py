"""The page on S3: its very commands run through the strict endpoint, in their order."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.story import table
from dynasmith.strict import StrictServer
from item_stories.kit import ItemStory, person
from item_stories.s3_kit import S3Story

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "s3.md").read_text(encoding="utf-8")
WINDOW = "2026-11-20T10:00:00Z..2026-11-20T12:00:00Z"


@pytest.fixture
def served(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint whose clock moves towards what somebody waits for."""
    with StrictServer(ministack_endpoint, auto_advance=True, capacity=False) as server:
        yield server


@pytest.fixture
def s3(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Story]:
    monkeypatch.setattr("dynasmith.engine.transfer.service_job.POLL_SECONDS_MAX", 0.05)
    monkeypatch.setattr("dynasmith.engine.transfer.service_job.POLL_SECONDS_FIRST", 0.01)
    made = S3Story(story)
    yield made
    made.close()


def commands() -> list[list[str]]:
    """Each ``$ dynasmith ...`` of the page, its words."""
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines]


def test_the_commands_of_the_page_run(s3: S3Story) -> None:
    """From an export to equal tables: by dynasmith, with the changes since, and by an import; then it is retired."""
    s3.story.define(*(table(name) for name in ("users", "users_v2", "users_v3")))
    begin, changed = s3.now(), False
    assert PAGE.split("\n\n")[1].startswith("```console\n$ dynasmith ")
    for words in commands():
        if "--incremental" in words and not changed:
            s3.client.put_item(TableName="users", Item=person(99))
            s3.client.delete_item(TableName="users", Key={"pk": person(1)["pk"]})
            s3.clock.advance(minutes=30)
            changed = True
        run = [word.replace("my-exports", s3.bucket).replace(WINDOW, f"{begin}..{s3.now()}") for word in words]
        consent = ["--yes"] if run[0] == "populate" else []
        if run[0] == "retire":
            assert s3.story.digest("users_v2") == s3.story.digest("users")
        answer = s3.story(*run, *consent)
        assert answer.code == 0, (run, answer.err)
    assert changed
    live = s3.story.live()
    assert ("users" in live, "users_v2" in live, "users_v3" in live) == (False, True, True)
    assert len(s3.story.items("users_v3")) == 40  # of the export before the changes
