"""The pytest plugin: ``strict``, a strict DynamoDB endpoint for each test, over one engine for the whole session.

::

    def test_a_throttled_copy_loses_nothing(strict):
        strict.throttle(write_units=50)
        run_my_copy(endpoint=strict.endpoint)
        assert strict.journal.of("BatchWriteItem")

Nothing is imported or started before a test asks for a fixture. Override ``strict_upstream`` to stand in front of
another engine.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dynasmith.local import Engine
    from dynasmith.strict import StrictServer


@pytest.fixture(scope="session")
def strict_upstream() -> Iterator[str]:
    """The engine behind every ``strict``: ministack as a child process (the extra ``local``), ended with the session.

    Override it with a fixture of the same name and scope that returns another engine's ``http://host:port``.
    """
    from dynasmith.local import start_ministack

    with start_ministack() as engine:
        yield engine.endpoint


@pytest.fixture(scope="session")
def strict_autoscaling_upstream() -> Iterator[Callable[[], str]]:
    """Where Application Auto Scaling goes: a function that starts moto when the first such call arrives."""
    from dynasmith.local import start_moto

    started: list[Engine] = []

    def endpoint() -> str:
        if not started:
            started.append(start_moto())
        return started[0].endpoint

    yield endpoint
    for engine in started:
        engine.stop()


@pytest.fixture
def strict(strict_upstream: str, strict_autoscaling_upstream: Callable[[], str]) -> "Iterator[StrictServer]":
    """A strict endpoint with a clock that stands still but for ``strict.clock.advance`` and for polls: each Describe
    of something in transition moves it towards the end of that. The tables made through it are deleted after the test.
    """
    from dynasmith.strict import StrictServer

    with StrictServer(strict_upstream, strict_autoscaling_upstream, auto_advance=True) as server:
        yield server
        server.wipe()
