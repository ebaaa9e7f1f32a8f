"""A scan in segments gives each item once, holds little, and leaves no thread behind."""
# ruff: noqa: PT012 - what raises is a loop

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from db.shop import Event, Person
from dynasmith import Db
from dynasmith.engine.db.parallel_scan import THREADS_MAX, parallel_results
from dynasmith.errors import AccessDenied, UsageError
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine


def scanning() -> list[str]:
    """The threads of scans that do not end; each ends after the call that it is at."""
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("dynasmith-scan")]
    for thread in threads:
        thread.join(timeout=60)
    return [thread.name for thread in threads if thread.is_alive()]


def fill(db: Db, name: str, count: int = 60, size: int = 100) -> list[Event]:
    """Items in several partitions, so that there are some in every segment."""
    items = [Event(stream=f"{name}-{number}", number=1, kind=name, body="x" * size) for number in range(count)]
    assert db.put_many(items) == count
    return items


def test_every_item_is_given_once(db: Db, name: str, endpoint: StrictServer) -> None:
    items = fill(db, name)
    before = len(endpoint.journal.of("Scan"))
    scan = db.scan(Event, Event.kind == name, segments=8)
    found = sorted(scan, key=lambda each: each.stream)
    assert found == sorted(items, key=lambda each: each.stream)
    sent = [call.request for call in endpoint.journal.of("Scan")[before:]]
    assert {request["Segment"] for request in sent} == set(range(8))
    assert {request["TotalSegments"] for request in sent} == {8}
    assert scan.count() == 60
    assert scan.limit(7).count() == len(list(scan.limit(7))) == 7
    assert list(scan.limit(0)) == []
    assert scan.exists()
    assert db.scan(Event, Event.kind == "nothing", segments=3).first() is None
    assert len(list(db.scan(Event, Event.kind == name, segments=100).only(Event.kind))) == 60
    assert scanning() == []


def test_pages_of_a_segment_are_all_read(db: Db, name: str) -> None:
    items = fill(db, name, count=12, size=300_000)
    found = list(db.scan(Event, Event.kind == name, segments=2).consistent())
    assert sorted(each.stream for each in found) == sorted(each.stream for each in items)


def test_leaving_the_loop_ends_the_threads(db: Db, name: str) -> None:
    fill(db, name)
    for each in db.scan(Event, Event.kind == name, segments=8):
        assert each.kind == name
        break
    assert scanning() == []
    with pytest.raises(LookupError):
        for _ in db.scan(Event, segments=8):
            raise LookupError
    assert scanning() == []
    scan = iter(db.scan(Event, segments=4))
    next(scan)
    scan.close()  # type: ignore[attr-defined]  # it is a generator
    assert scanning() == []


def test_an_error_of_one_segment_ends_all(db: Db, name: str, endpoint: StrictServer) -> None:
    fill(db, name)
    fault = endpoint.fault("Scan", kind="AccessDeniedException", nth=3)
    with pytest.raises(AccessDenied):
        list(db.scan(Event, Event.kind == name, segments=4))
    assert fault.hits == 1
    assert scanning() == []
    endpoint.fault("Scan", kind="AccessDeniedException", nth=2)
    with pytest.raises(AccessDenied):
        db.scan(Event, segments=4).count()
    assert scanning() == []


def test_what_a_scan_in_segments_cannot_do_is_refused(db: Db) -> None:
    for segments in (0, -1, 1_000_001):
        with pytest.raises(UsageError, match="is not a valid number of segments"):
            db.scan(Person, segments=segments)
    with pytest.raises(UsageError, match="no pages with a cursor"):
        db.scan(Person, segments=2).page()
    with pytest.raises(UsageError, match="no order"):
        db.scan(Person, segments=2).descending()


def test_little_is_read_ahead_and_each_segment_once() -> None:
    """However slow the reader is: what was read and is not taken is bounded by the threads."""
    read: list[int] = []
    lock = threading.Lock()

    def results(segment: int) -> Iterator[int]:
        for _ in range(50):
            with lock:
                read.append(segment)
            yield segment

    taken: list[Any] = []
    for result in parallel_results(results, 100):
        taken.append(result)
        with lock:
            assert len(read) - len(taken) <= 2 * THREADS_MAX
    assert sorted(taken) == sorted(list(range(100)) * 50)
    assert scanning() == []


def test_what_is_handed_over_is_not_lost_at_the_end() -> None:
    for _ in range(30):
        assert sorted(parallel_results(lambda segment: iter([segment]), 40)) == list(range(40))
