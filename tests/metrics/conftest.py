"""A story for each test, behind a strict endpoint on the real clock whose capacity flows with the moved clock only: how
much is throttled does not depend on how fast a test runs."""

from collections.abc import Iterator

import pytest

from dynasmith.strict import StrictServer
from item_stories.conftest import story
from metrics.traffic import still

__all__ = ["served", "story"]


@pytest.fixture
def served(ministack_endpoint: str) -> Iterator[StrictServer]:
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as server:
        still(server)
        yield server
