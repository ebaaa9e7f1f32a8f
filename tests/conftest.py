"""Engines for the whole suite: each is begun at most once, on a free port, and ended by the one who began it."""

import gc
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from dynasmith.errors import NotOffered
from dynasmith.local import Engine, start_dynalite, start_ministack, start_moto
from example_counts import examples
from forked_workers import FORKS, pytest_runtestloop
from longest_files import LONGEST
from shared_botocore import share

__all__ = ["pytest_runtestloop"]

share()

# A test never fails for being slow: speed is a benchmark, and these machines are shared.
settings.register_profile("suite", examples(50))
settings.load_profile("suite")

TESTS = Path(__file__).parent
GARBAGE_THRESHOLD = 10_000
"""New objects between two collections of the youngest (Python: 700)."""
LEFT_OPEN = "error" if os.environ.get("DYNASMITH_TEST_LEFT_OPEN") == "error" else "default"
"""What a file that leaves something open is: an error of its last test, or a line in the summary of warnings."""


@pytest.fixture(autouse=True)
def nothing_left_in_the_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a test brought into the process ends with it: modules of its folder, the search path, log handlers. What it
    took out of the process comes back: a project's ``models`` takes the place of the ``models`` of the tests."""
    home = str(tmp_path_factory.getbasetemp())
    path = list(sys.path)
    modules = sys.modules.copy()
    logger = logging.getLogger("dynasmith")
    handlers, level = list(logger.handlers), logger.level
    yield
    sys.path[:] = path
    sys.modules.update(modules)
    for name in sys.modules.keys() - modules.keys():
        if str(getattr(sys.modules.get(name), "__file__", None) or "").startswith(home):
            sys.modules.pop(name, None)
    for handler in [each for each in logger.handlers if each not in handlers]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the others in their order. A name with an address of this process is refused: workers
    that know different names run nothing."""
    addressed = [item.nodeid for item in items if re.search(r" at 0x[0-9a-f]+", item.nodeid)]
    if addressed:
        raise pytest.UsageError(f"Name the parameters with ids=: {', '.join(addressed)}")
    ranks = {TESTS / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def pytest_collection_finish() -> None:
    """Python's collector leaves out the tests and modules that are there, and looks at new objects more seldom."""
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, *gc.get_threshold()[1:])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """After the last test of a file nothing that it opened may still be open: garbage is collected here, so that a file
    or a socket that nobody closed is told with the tests that opened it, and is no error of those that come later.

    What is left is frozen, so that this looks at the objects of one file only and takes some milliseconds.
    """
    yield
    if nextitem is not None and nextitem.path == item.path:
        return
    left: list[str] = []
    before = sys.unraisablehook
    sys.unraisablehook = lambda found: left.append(f"{found.exc_value} ({found.object!r})")
    try:
        gc.collect()
    finally:
        sys.unraisablehook = before
    gc.freeze()
    if left:
        with warnings.catch_warnings():
            warnings.simplefilter(LEFT_OPEN)  # type: ignore[arg-type]  # a word of two
            warnings.warn(f"{item.path.name} left something open: {'; '.join(left)}", ResourceWarning, stacklevel=1)


@pytest.fixture
def account() -> str:
    """An account that no other test uses."""
    from cli.story import new_account

    return new_account()


@pytest.fixture(scope="session")
def dynasmith_engine() -> Iterator[Engine]:
    """A ministack that lives as long as the session and keeps nothing; its state machines do not wait."""
    with pytest.MonkeyPatch.context() as shell:
        shell.setenv("SFN_WAIT_SCALE", "0")
        engine = start_ministack()
    with engine:
        yield engine


@pytest.fixture(scope="session")
def ministack_endpoint() -> Iterator[str]:
    """The endpoint of another ministack, whose tables tests may leave."""
    with start_ministack() as engine:
        yield engine.endpoint


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """The endpoint of a moto server that lives as long as the session."""
    with start_moto() as engine:
        yield engine.endpoint


@pytest.fixture(scope="session")
def dynalite_endpoint() -> Iterator[str]:
    """The endpoint of a dynalite that lives as long as the session; skipped, with the reason, where it is absent."""
    try:
        engine = start_dynalite()
    except NotOffered as error:
        pytest.skip(f"{error} {error.hint}")
    with engine:
        yield engine.endpoint


@pytest.fixture(scope="session")
def external_endpoint() -> str:
    """A DynamoDB that the person who runs the suite names (DynamoDB Local, say); skipped when none is named."""
    endpoint = os.environ.get("DYNASMITH_TEST_ENDPOINT")
    if not endpoint:
        pytest.skip("DYNASMITH_TEST_ENDPOINT names no DynamoDB")
    return endpoint


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--engines``: which engines the contract suite runs on. ``--forks``: how many processes run the tests."""
    parser.addoption("--forks", type=int, default=0, help=FORKS)
    parser.addoption(
        "--engines",
        default="usual",
        help="usual (ministack and moto), all (also dynalite and what DYNASMITH_TEST_ENDPOINT names), or names",
    )
