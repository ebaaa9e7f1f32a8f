"""Jobs in Chromium: a running copy is slowed and its rate falls, it is paused and stays paused; how the pages look."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Page

from console.browser import served
from console.chromium import ABSENT, WIDTHS, ConsoleWindow, chromium, keep_picture
from console.page_checks import faults, focus_faults
from console.test_jobs import kept_job
from console.test_running_jobs import YES, project, strict
from dynasmith import Project

__all__ = ["project", "strict"]

pytestmark = [pytest.mark.engine, pytest.mark.skipif(bool(ABSENT), reason=ABSENT)]
MORE_ITEMS = 1_200


@pytest.fixture
def window(project: Project) -> Iterator[ConsoleWindow]:
    with served(project) as browser, chromium() as launched:
        found = ConsoleWindow(launched, browser.open())
        yield found
        assert found.errors == []


@pytest.fixture
def copying(project: Project) -> Iterator[Project]:
    """A copy that runs, at 60 write units a second."""
    Path("more.jsonl").write_text("".join(f'{{"pk": "more-{number}"}}\n' for number in range(MORE_ITEMS)))
    project.populate("orders", "more.jsonl", consent=YES)

    def run() -> None:
        project.copy("orders", "orders_v2", consent=YES, max_write_units=60, segments=40, batch_size=10)

    copy = threading.Thread(target=run)
    copy.start()
    yield project
    project.jobs.pace("last", max_write_units=4_000)
    project.jobs.proceed("last")
    copy.join()
    assert project.jobs.list()[-1].state == "done"
    assert project.jobs.list()[-1].counts.written > MORE_ITEMS


def until(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait while the page changes by itself."""
    ends = monotonic() + 60
    while not is_so():
        assert monotonic() < ends, page.inner_text("main")
        page.wait_for_timeout(100)


def rate_of(page: Page) -> float:
    """Items a second, as the page says it; 0 where it says none."""
    found = page.query_selector(".tiles div:has(dt:text-is('Rate')) strong")
    return 0.0 if found is None else float(found.inner_text().replace(",", ""))


def looked_at(page: Page, name: str) -> dict[str, list[str]]:
    """What is wrong with the page, by width and scheme."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark")
        found[f"{name} {width} dark"] = faults(page)
        keep_picture(page, f"{name}-{width}-dark")
        page.emulate_media(color_scheme="light")
        found[f"{name} {width} light"] = faults(page)
        keep_picture(page, f"{name}-{width}-light")
    page.emulate_media(media="print")
    found[f"{name} print"] = faults(page)
    page.emulate_media(media="screen")
    found[f"{name} focus"] = focus_faults(page)
    return {place: wrong for place, wrong in found.items() if wrong}


def test_a_copy_is_slowed_then_paused_and_stays_paused(window: ConsoleWindow, copying: Project) -> None:
    with window.page() as page:
        page.goto("/jobs")
        page.click(".grid a.id")
        until(page, lambda: rate_of(page) > 30)
        page.fill("#write-units", "5")
        page.click("text=Set the pace")
        until(page, lambda: 0 < rate_of(page) < 15)
        assert "limit of writes 5" in " ".join(page.inner_text("#charts").split())
        page.click("text=Pause")
        page.wait_for_selector("#state >> text=paused")
        stood = copying.jobs.activity("last")
        page.reload()
        page.wait_for_selector("#state >> text=paused")

        def some_seconds_passed() -> bool:
            now = copying.jobs.activity("last")
            assert stood is not None
            assert now is not None
            return (now.at - stood.at).total_seconds() > 2 and now.paused

        until(page, some_seconds_passed)
        paused = copying.jobs.activity("last")
        assert paused is not None
        assert looked_at(page, "job") == {}
        assert copying.jobs.show("last").state == "paused"
        after = copying.jobs.activity("last")
        assert after is not None
        assert after.counts == paused.counts
        page.click("text=Continue")
        page.wait_for_selector("#state >> text=running")


def test_pages_of_jobs_that_are_over_or_large(window: ConsoleWindow, project: Project) -> None:
    made = kept_job(Path(".dynasmith/jobs"), source="t" * 255, reason="r" * 300, segments=1_000_000)
    with window.page() as page:
        page.goto("/jobs")
        page.wait_for_selector(".grid")
        found = looked_at(page, "jobs")
        page.goto(f"/jobs/{made.id}")
        page.wait_for_selector("#state >> text=failed")
        assert found | looked_at(page, "job-failed") == {}
        page.click("text=Cancel")
        page.wait_for_selector("dialog >> text=Cancel this job?")
        page.click("text=Cancel the job")
        page.wait_for_selector("#state >> text=cancelled")
    assert project.jobs.show(made.id).state == "cancelled"
