"""A story for each page: an empty folder, the embedded engine behind the strict endpoint, an account of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.story import clean_shell
from dynasmith.strict import StrictServer
from item_stories.kit import ItemStory


@pytest.fixture
def served(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint on the real clock, for processes of their own too."""
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as server:
        yield server


@pytest.fixture
def story(
    served: StrictServer,
    account: str,
    ministack_endpoint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[ItemStory]:
    """A folder and a shell that know the strict endpoint only."""
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL_DYNAMODB", served.endpoint),
        ("AWS_ACCESS_KEY_ID", account),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ):
        monkeypatch.setenv(name, value)
    story = ItemStory(tmp_path, served.endpoint, account, capsys, engine=ministack_endpoint, served=served)
    yield story
    for name in story.direct.list_tables()["TableNames"]:
        if story.direct.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
            story.direct.update_table(TableName=name, DeletionProtectionEnabled=False)
        story.direct.delete_table(TableName=name)
    story.close()
