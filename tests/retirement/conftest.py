"""Stories of retirement: behind the strict endpoint on the real clock, with Application Auto Scaling."""

from collections.abc import Iterator

import pytest

from dynasmith.strict import StrictServer
from item_stories.conftest import story
from item_stories.kit import ItemStory
from stream_functions import StreamFunctions, clients, deployed

__all__ = ["story"]


@pytest.fixture
def served(ministack_endpoint: str, moto_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint on the real clock, whose Application Auto Scaling is moto's."""
    with StrictServer(ministack_endpoint, moto_endpoint, clock="real", capacity=False) as server:
        yield server


@pytest.fixture
def functions(story: ItemStory) -> Iterator[StreamFunctions]:
    """Functions in the account of the story."""
    yield from deployed(clients(story.endpoint, story.account), story.folder)
