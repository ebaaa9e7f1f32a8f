"""The pytest plugin: an engine for the session, a strict DynamoDB endpoint for each test, the project on it.

::

    def test_a_throttled_copy_loses_nothing(strict):
        strict.throttle(write_units=50)
        run_my_copy(endpoint=strict.endpoint)
        assert strict.journal.of("BatchWriteItem")

Fixtures and options are listed in the guide "Test tables and migrations". Nothing is imported or started before a test
asks for a fixture. Each worker of pytest-xdist has an engine of its own.
"""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from dynasmith.testing.function_fixture import dynasmith_function, dynasmith_function_packages
from dynasmith.testing.migration_collection import pytest_collect_file, pytest_configure
from dynasmith.testing.project_fixtures import (
    dynasmith_baseline,
    dynasmith_items,
    dynasmith_project,
    dynasmith_tables,
    migrator,
)

if TYPE_CHECKING:
    from dynasmith.local import Engine
    from dynasmith.strict import StrictServer

__all__ = [
    "dynasmith_baseline",
    "dynasmith_endpoint",
    "dynasmith_engine",
    "dynasmith_function",
    "dynasmith_function_packages",
    "dynasmith_items",
    "dynasmith_project",
    "dynasmith_tables",
    "migrator",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_configure",
    "strict",
    "strict_autoscaling_upstream",
    "strict_upstream",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The ini options."""
    parser.addini(
        "strict_timeout",
        "Seconds for which a test may repeat calls to `strict` while nothing changes. 0: no limit",
        default="60",
    )
    parser.addini("dynasmith_project", "Project file of `dynasmith_project`, relative to this file", default="")
    parser.addini("dynasmith_env", "Environment of `dynasmith_project`: its prefix, suffix and Region", default="local")
    parser.addini(
        "dynasmith_migration_tests",
        "Ready-made tests of migrations that are run: `all`, or their names",
        type="args",
        default=[],
    )
    parser.addini(
        "dynasmith_irreversible",
        "Versions that `test_up_down_up` does not take back",
        type="args",
        default=[],
    )


@pytest.fixture(scope="session")
def dynasmith_engine() -> "Iterator[Engine]":
    """The engine of the session: ministack as a child process (the extra ``local``), ended with the session."""
    from dynasmith.local import start_ministack

    with start_ministack() as engine:
        yield engine


@pytest.fixture(scope="session")
def strict_upstream(request: pytest.FixtureRequest) -> str:
    """The engine behind every ``strict``: `dynasmith_engine`.

    Override it with a fixture of the same name and scope that returns another engine's ``http://host:port``.
    """
    engine: Engine = request.getfixturevalue("dynasmith_engine")
    return engine.endpoint


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
    from dynasmith.testing.sandbox import refuse_aws

    refuse_aws(strict_upstream)
    limit = _seconds(request.config.getini("strict_timeout"))
    with StrictServer(strict_upstream, strict_autoscaling_upstream, auto_advance=True, stall_seconds=limit) as server:
        yield server
        server.wipe()


@pytest.fixture
def dynasmith_endpoint(strict: "StrictServer") -> Iterator[str]:
    """The address of `strict`, with variables that send every client of AWS there which the code under test makes
    meanwhile: its endpoint, dummy keys, us-east-1; profiles, roles and proxies of the shell are not seen."""
    from dynasmith.testing.shell_variables import isolated_variables

    with isolated_variables(strict.endpoint):
        yield strict.endpoint


def _seconds(text: object) -> float:
    try:
        seconds = float(str(text))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise pytest.UsageError(f"strict_timeout is not a number of seconds: {text}")
    return seconds
