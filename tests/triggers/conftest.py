"""A story behind a strict endpoint whose clock moves on, with functions that the changes of its tables call."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backups.conftest import served
from item_stories.conftest import story
from item_stories.kit import ItemStory
from stream_functions import StreamFunctions, clients, deployed

__all__ = ["served", "story"]


@pytest.fixture
def functions(story: ItemStory, tmp_path: Path) -> Iterator[StreamFunctions]:
    """Functions in the account of the story."""
    folder = tmp_path / "calls"
    folder.mkdir()
    yield from deployed(clients(story.served.endpoint, story.account), folder)
