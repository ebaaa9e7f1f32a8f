"""A console in Chromium, on the strict endpoint: one browser and one shop for a file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from console.browser import Browser, served
from console.chromium import ConsoleWindow, chromium
from console.demo_shop import drifted_shop
from console.test_replacements import IN_USE, NOW, SWITCHED, VERIFIED, kept_replacement
from dynasmith import BlockedKey, KeyFigures, Project
from dynasmith.strict import StrictServer


@pytest.fixture(scope="module")
def strict(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint on a clock that nobody waits for."""
    with StrictServer(ministack_endpoint, auto_advance=True, capacity=False) as server:
        yield server


@pytest.fixture(scope="module")
def shop(strict: StrictServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("shop")
    with drifted_shop(folder, strict.endpoint, clock=strict.clock) as project:
        blocked = BlockedKey("id: 7", "id: 8 has " + "m" * 255 + " already")
        figures = KeyFigures(dirty=12_345, blocked=1, lag_seconds=7_260.0, captured_at=NOW, first_blocked=(blocked,))
        jobs = folder / ".dynasmith" / "jobs"
        kept_replacement(jobs, replace(VERIFIED, keys=figures), target="v" * 255)
        late = {"conflicts": 21, "late_keys": tuple(f"id={number}" + "k" * 250 for number in range(20))}
        in_use = replace(IN_USE, fences={"users": "policy"}, **late)
        kept_replacement(jobs, in_use, target="v" * 255, job=SWITCHED)
        yield project


@pytest.fixture(scope="module")
def console(shop: Project) -> Iterator[Browser]:
    with served(shop) as browser:
        yield browser.open()


@pytest.fixture(scope="module")
def window(console: Browser) -> Iterator[ConsoleWindow]:
    with chromium() as launched:
        found = ConsoleWindow(launched, console)
        yield found


@pytest.fixture(autouse=True)
def no_error_of_the_script(window: ConsoleWindow) -> Iterator[None]:
    yield
    errors, window.errors[:] = list(window.errors), []
    assert errors == []
