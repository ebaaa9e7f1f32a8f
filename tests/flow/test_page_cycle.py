"""Pages that go in a circle are found, whatever its size, and no other series is taken for one."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.aws.data.calls import Calls, Patience
from dynasmith.aws.data.exchange import HttpReply, allowed
from dynasmith.aws.data.page_cycle import PageCycle, PageCycles
from dynasmith.aws.data.source import TableSource
from dynasmith.errors import ServiceUnavailable
from dynasmith.ports.engines import EngineReplies


def rounds(before: int, circle: int, pages: int) -> int | None:
    """After how many pages a circle is found that begins after ``before`` pages."""
    cycle, place = PageCycle(), 0
    for number in range(pages):
        following = place + 1 if place + 1 < before + circle else before
        if cycle.repeats(place, following):
            return number
        place = following
    return None


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_a_circle_is_found_in_its_second_round(before: int, circle: int) -> None:
    found = rounds(before, circle, before + 2 * circle + 1)
    assert found is not None
    assert found >= before + circle - 1


def test_pages_that_are_read_again_are_no_circle() -> None:
    cycle = PageCycle()
    series = [None, *range(3000)]
    for start, following in [*pairwise(series)] * 2 + [(5, 6), (5, 6), (6, 7)]:
        assert not cycle.repeats(start, following)


def test_each_listing_of_a_client_is_a_series_of_its_own() -> None:
    cycles = PageCycles()
    for series in range(200):
        assert not cycles.repeats(series, None, "a")
        assert not cycles.repeats(series, "a", "b")
    assert cycles.repeats(199, "b", "a")


class Circle:
    """Answers each Scan with an empty page; the one that begins at ``back`` leads to the first again."""

    def __init__(self, times: int) -> None:
        self.times, self.asked = times, 0

    async def __call__(self, operation: str, body: bytes, check: Any = allowed) -> HttpReply:
        del operation
        check()
        self.asked += 1
        place = body.count(b"~")
        if place == 4 and self.times:
            self.times -= 1
            place = 0
        last = b"" if place == 5 else b',"LastEvaluatedKey":{"pk":{"S":"%b"}}' % (b"~" * (place + 1))
        return HttpReply(200, {}, b'{"Items":[],"Count":0,"ScannedCount":0,%b%b}' % (CAPACITY_OF_ONE, last))


CAPACITY_OF_ONE = b'"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}'
BARE = EngineReplies(name="bare", request_id=False, checksum=False)


async def starts(circle: Circle) -> list[bytes | None]:
    patience = Patience(first_seconds=0.0, broken_tries=3)
    exchange: Any = circle
    source = TableSource(Calls(exchange, patience=patience, engine=BARE), "t")
    found: list[bytes | None] = [None]
    while (page := await source.read(0, found[-1])).next is not None:
        found.append(page.next)
    return found


def test_a_page_that_leads_back_is_asked_for_again() -> None:
    found = asyncio.run(starts(Circle(times=1)))
    assert len(found) == len(set(found)) == 6


def test_a_scan_in_a_circle_ends_with_a_sentence() -> None:
    circle = Circle(times=-1)
    with pytest.raises(ServiceUnavailable, match="where an earlier page began"):
        asyncio.run(starts(circle))
    assert circle.asked == 4 + 3
