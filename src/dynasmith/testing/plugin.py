"""The pytest plugin: ``strict``, a strict DynamoDB endpoint for each test, over one engine for the whole session.

::

    def test_a_throttled_copy_loses_nothing(strict):
        strict.throttle(write_units=50)
        run_my_copy(endpoint=strict.endpoint)
        assert strict.journal.of("BatchWriteItem")

The ini option ``strict_timeout`` (60 by default) is how many seconds a test may repeat calls while nothing changes.

Nothing is imported or started before a test asks for a fixture. Override ``strict_upstream`` to stand in front of
another engine.
"""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from dynasmith.testing.function_fixture import dynasmith_function, dynasmith_function_packages

__all__ = ["dynasmith_function", "dynasmith_function_packages"]

if TYPE_CHECKING:
    from dynasmith.local import Engine
    from dynasmith.strict import StrictServer


def pytest_addoption(parser: pytest.Parser) -> None:
    """The ini option ``strict_timeout``."""
    parser.addini(
        "strict_timeout",
        "Seconds for which a test may repeat calls to `strict` while nothing changes. 0: no limit",
        default="60",
    )


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
def strict(
    request: pytest.FixtureRequest, strict_upstream: str, strict_autoscaling_upstream: Callable[[], str]
) -> "Iterator[StrictServer]":
    """A strict endpoint with a clock that stands still but for ``strict.clock.advance`` and for polls: each Describe
    of something in transition, and each call that is refused because of it, moves it towards the end of that. The
    tables made through it are deleted after the test. ``Project.load(clock=strict.clock)`` waits on its clock.
    """
    from dynasmith.strict import StrictServer

    limit = _seconds(request.config.getini("strict_timeout"))
    with StrictServer(strict_upstream, strict_autoscaling_upstream, auto_advance=True, stall_seconds=limit) as server:
        yield server
        server.wipe()


def _seconds(text: object) -> float:
    try:
        seconds = float(str(text))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise pytest.UsageError(f"strict_timeout is not a number of seconds: {text}")
    return seconds
