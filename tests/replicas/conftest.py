"""A story for each test, behind a strict endpoint whose clock moves on with each look at what is under way."""

from collections.abc import Iterator

import pytest

from dynasmith.strict import StrictServer
from item_stories.conftest import story

__all__ = ["story"]


@pytest.fixture
def served(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint whose clock moves on with each look at what is under way."""
    with StrictServer(ministack_endpoint, auto_advance=True, capacity=False) as server:
        yield server
