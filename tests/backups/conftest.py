"""A story for each test, behind a strict endpoint whose clock begins at noon and moves on with each look at what is
under way.
"""

from collections.abc import Iterator

import pytest

from aws_backup_calls import at_noon
from dynasmith.strict import StrictServer
from item_stories.conftest import story

__all__ = ["story"]


@pytest.fixture
def served(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint whose clock begins at noon and moves on with each look at what is under way."""
    with StrictServer(ministack_endpoint, auto_advance=True, capacity=False) as server:
        at_noon(server)
        yield server
