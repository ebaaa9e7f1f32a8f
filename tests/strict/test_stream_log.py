"""The log of a stream by itself: however its shards end and split, who reads parents first gets each change once."""

import itertools
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dynasmith.strict.state.stream_log import RETENTION_SECONDS, StreamLog, StreamShard
from example_counts import examples

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/tab/stream/2026-01-01T00:00:00.000"
KEYS = ("a", "b", "c", "d", "e")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(KEYS)),
        st.tuples(st.just("wait"), st.sampled_from((1, 60, 3_600, 5 * 3_600, 30 * 3_600, 90 * 3_600))),
        st.tuples(st.sampled_from(("split", "roll")), st.integers(0, 7)),
    ),
    max_size=40,
)


def read(log: StreamLog) -> Iterator[Any]:
    """Every record, each shard after its parent where the parent is listed still."""
    left: list[StreamShard] = list(log.shards)
    while left:
        ids = {one.id for one in left}
        ready = [one for one in left if one.parent not in ids]
        assert ready, "shards are each other's parents"
        for shard in ready:
            yield from shard.since(shard.horizon)
            left.remove(shard)


@given(STEPS)
@examples(150)
def test_every_change_of_a_day_is_read_once_and_in_the_order_of_its_key(steps: list[tuple[str, Any]]) -> None:
    at = 1_800_000_000.0
    log = StreamLog(ARN, "label", "tab", "KEYS_ONLY", (("pk", "HASH"),), at, at)
    log.begin(at)
    written: list[tuple[float, str, int]] = []
    for what, value in steps:
        log.settle(at)
        if what == "write":
            number = log.next_number()
            log.add(value, number, at, {"key": value})
            written.append((at, value, number))
        elif what == "wait":
            at += value
        else:
            shards = log.open_shards
            log.close(shards[value % len(shards)], at, 2 if what == "split" else 1)
    log.settle(at)
    kept = [(key, number) for made, key, number in written if at - made <= RETENTION_SECONDS]
    found = [(record.said["key"], record.number) for record in read(log)]
    assert sorted(found) == sorted(kept)
    assert [(one.said["key"], one.number) for one in log.since(0)] == kept
    for key in KEYS:
        assert [one for one in found if one[0] == key] == [one for one in kept if one[0] == key]
    ranges = sorted((one.low, one.high) for one in log.open_shards)
    assert (ranges[0][0], ranges[-1][1]) == (0, 1 << 128)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(ranges))
    for shard in log.shards:
        numbers = [one.number for one in shard.records]
        assert all(shard.first <= number <= (shard.last or number) for number in numbers)
    log.disable(at, at)
    assert not log.open_shards
    assert sorted((one.said["key"], one.number) for one in read(log)) == sorted(kept)
