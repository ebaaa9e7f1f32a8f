"""A story for each test, behind a strict endpoint whose clock begins at noon and moves on with each look at what is
under way.
"""

from collections.abc import Iterator

import pytest

from aws_backup_calls import at_noon
from dynasmith.strict import StrictServer
from item_stories.conftest import story

__all__ = ["story"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restore is looked at often: each look moves the clock of the endpoint on."""
    monkeypatch.setattr("dynasmith.engine.restore.restore.POLL_SECONDS_MAX", 0.1)


@pytest.fixture
def served(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint whose clock begins at noon and moves on with each look at what is under way."""
    with StrictServer(ministack_endpoint, auto_advance=True, capacity=False) as server:
        at_noon(server)
        yield server
