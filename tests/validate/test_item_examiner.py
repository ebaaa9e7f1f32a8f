"""What is wrong about many items: each check finds it, and finds nothing where all is well."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dynasmith.tables.table import Key, KeyAttribute, Table
from dynasmith.validate import Finding
from dynasmith.validate.item_examiner import ItemExaminer
from dynasmith.validate.item_faults import NEAR_BYTES, PartitionCounter
from dynasmith.validate.item_findings import ItemCensus, ItemsFinding
from dynasmith.validate.item_sample import ItemSampleSize
from validate.tables import good, index, live, local_index

NOW = 1_800_000_000
DAY = 86_400
NUMBER = Key(partition=(KeyAttribute(name="total", type="N"),))
TABLE = good(
    indexes=(index("by_status", "status"), replace(index("by_count", "total"), key=NUMBER)),
    local_indexes=(local_index("by_time", "placed_at"),),
)


def item(number: int, **more: Any) -> dict[str, Any]:
    """An item with every key."""
    return {
        "customer_id": {"S": f"c{number}"},
        "order_id": {"S": f"o{number}"},
        "status": {"S": f"s{number}"},
        "total": {"N": str(number)},
        "placed_at": {"S": "2026"},
        **more,
    }


def size(items: int, *, whole: bool = True) -> ItemSampleSize:
    """What was read."""
    return ItemSampleSize(items=items, estimate=items * 12, whole=whole, segments=64, places=32, read_units=2.5)


def found(
    *items: dict[str, Any], desired: Table | None = None, table: Table = TABLE, whole: bool = True
) -> list[Finding]:
    """Every finding but the census."""
    examiner = ItemExaminer(live(table).table, desired, now=NOW, limit=3)
    for each in items:
        examiner.add(json.dumps(each).encode(), each)
    census, *others = examiner.findings(size(len(items), whole=whole))
    assert isinstance(census, ItemCensus)
    return others


def seen(*items: dict[str, Any], **how: Any) -> list[tuple[str, str, str, int]]:
    return [
        (each.code, each.severity, each.path, each.count)
        for each in found(*items, **how)
        if isinstance(each, ItemsFinding)
    ]


def test_good_items_have_no_finding() -> None:
    assert found(*map(item, range(200))) == []


@pytest.mark.parametrize(
    ("value", "way"),
    [
        ({"S": "1800000000"}, "of type S, not N"),
        ({"N": str(NOW * 1000)}, "more than a hundred years ahead (milliseconds, where seconds are meant)"),
        ({"N": "1E+120"}, "more than a hundred years ahead (milliseconds, where seconds are meant)"),
        ({"N": f"{NOW}.5"}, "with a fraction of a second"),
        ({"N": "0"}, "zero or negative"),
        ({"N": f"-{NOW}"}, "zero or negative"),
        ({"N": str(NOW - 6 * 365 * DAY)}, "more than five years past"),
    ],
)
def test_a_value_that_ttl_ignores(value: dict[str, str], way: str) -> None:
    (finding,) = found(item(1, expires_at=value), item(2))
    assert (finding.code, finding.path, finding.severity) == ("DS076", "time_to_live", "warning")
    assert finding.why.startswith(f"1 of 2 items that were read have a value of expires_at that TTL ignores: 1 {way}. ")
    assert "customer_id=c1, order_id=o1" in finding.why


@pytest.mark.parametrize("value", [NOW + DAY, NOW - DAY, NOW - 4 * 365 * DAY, NOW + 90 * 365 * DAY])
def test_a_value_that_ttl_reads(value: int) -> None:
    assert found(item(1, expires_at={"N": str(value)})) == []


def test_without_ttl_no_value_is_looked_at_and_that_of_the_definition_is() -> None:
    bare = good(time_to_live=None, indexes=())
    assert found(item(1, expires_at={"S": "x"}), table=bare) == []
    assert seen(item(1, gone={"S": "x"}), table=bare, desired=good(time_to_live="gone", indexes=())) == [
        ("DS076", "warning", "time_to_live", 1)
    ]


@pytest.mark.parametrize(
    ("more", "severity", "way"),
    [
        ({"status": {"N": "1"}}, "warning", "1 with status of type N, not S"),
        ({"status": {"S": ""}}, "warning", "1 with an empty status"),
        ({"status": {"S": "x" * 2049}}, "warning", "1 with status of more than 2,048 bytes"),
        ({"status": {"NULL": True}}, "warning", "1 with status of type NULL, not S"),
        ({"status": None}, "notice", "1 without status"),
    ],
)
def test_an_item_that_an_index_cannot_hold(more: dict[str, Any], severity: str, way: str) -> None:
    changed = {name: value for name, value in (item(1) | more).items() if value is not None}
    (finding,) = found(changed, item(2))
    assert (finding.code, finding.severity, finding.path) == ("DS091", severity, "global_secondary_indexes.by_status")
    assert f": {way}. " in finding.why


def test_local_indexes_and_indexes_that_only_the_definition_has() -> None:
    changed = item(1)
    del changed["placed_at"]
    assert seen(changed) == [("DS091", "notice", "local_secondary_indexes.by_time", 1)]
    desired = good(indexes=(index("by_city", "city"),))
    assert seen(item(1, city={"N": "1"}), item(2), desired=desired) == [
        ("DS091", "warning", "global_secondary_indexes.by_city", 1),
        ("DS091", "notice", "global_secondary_indexes.by_city", 1),
    ]


@pytest.mark.parametrize(("spare", "near"), [(0, True), (200, False)])
def test_an_item_near_the_limit(spare: int, near: bool) -> None:
    large = item(1, body={"S": "x" * (NEAR_BYTES - spare)})
    assert bool(seen(large)) is near
    assert not near or seen(large) == [("DS092", "warning", "", 1)]


def test_a_partition_that_holds_much() -> None:
    hot = [item(n, customer_id={"S": "big"}) for n in range(20)]
    assert seen(*hot, *map(item, range(100, 180))) == [("DS093", "warning", "key_schema", 20)]
    assert seen(*hot[:10], *map(item, range(100, 190))) == []
    assert seen(*hot, *map(item, range(100, 110))) == []  # too few items to tell a share
    status = [item(n, status={"S": "open"}) for n in range(150)]
    (finding,) = found(*status)
    assert (finding.path, isinstance(finding, ItemsFinding) and finding.keys) == (
        "global_secondary_indexes.by_status",
        [{"status": "open"}],
    )
    hidden = finding.redacted("***") if isinstance(finding, ItemsFinding) else None
    assert hidden is not None
    assert "open" not in str(hidden)


@given(st.integers(2, 9), st.integers(0, 1_000))
def test_a_large_partition_is_found_among_any_number_of_small_ones(tenths: int, seed: int) -> None:
    look = PartitionCounter("t", "key_schema", (KeyAttribute(name="id", type="S"),), "table")
    small = [f"s{number}" for number in range(3_000)]
    keys = [*small, *(["big"] * (len(small) * tenths // (10 - tenths)))]
    random.Random(seed).shuffle(keys)
    for key in keys:
        look.add({"id": {"S": key}})
    (finding,) = look.findings(size(len(keys)))
    assert finding.keys == [{"id": "big"}]


def test_the_census_counts_attributes_and_says_what_a_sample_cannot() -> None:
    examiner = ItemExaminer(TABLE, None, now=NOW, limit=3)
    for each in [item(1), item(2, odd={"S": "x"}), item(3, odd={"N": "1"})]:
        examiner.add(json.dumps(each).encode(), each)
    (census, *_) = examiner.findings(size(3))
    assert isinstance(census, ItemCensus)
    assert {each.name: each.types for each in census.attributes}["odd"] == {"S": 1, "N": 1}
    assert census.why.startswith("All 3 items were read (2.5 read units). They have ")
    assert "odd S/N 66.7%" in census.why
    (sampled, *_) = examiner.findings(size(300, whole=False))
    assert "300 of about 3,600 items were read, pages of neighbours in 32 of 64 segments" in sampled.why
    assert "a fault of fewer than about 1 in 100 items is likely missed" in sampled.why
    (empty,) = ItemExaminer(TABLE, None, now=NOW, limit=3).findings(size(0))
    assert empty.why.startswith("All 0 items were read")
