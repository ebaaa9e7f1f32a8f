"""A few items on real engines."""

from collections.abc import Callable
from typing import Any

import pytest

from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.session import Session
from dynasmith.aws.control.tables import AwsTables
from dynasmith.errors import ConditionFailed, TableNotFound, ValidationRefused
from dynasmith.plans.step import CallCreateTable
from dynasmith.strict import StrictServer
from dynasmith.tables.table import Index, Key, KeyAttribute, Table

ID, AT = KeyAttribute(name="id", type="S"), KeyAttribute(name="at", type="N")
pytestmark = pytest.mark.engine


def item(number: int, group: str = "g") -> dict[str, Any]:
    """One item of a group."""
    return {"id": {"S": group}, "at": {"N": str(number)}, "kind": {"S": "even" if number % 2 == 0 else "odd"}}


@pytest.fixture
def filled(tables: AwsTables, items: AwsItems, name: str) -> str:
    """A table with items 0 to 6 and an index of their kind."""
    kind = Index(name="by_kind", key=Key(partition=(KeyAttribute(name="kind", type="S"),), sort=(AT,)))
    table = Table(name=name, key=Key(partition=(ID,), sort=(AT,)), indexes=(kind,))
    tables.send(name, CallCreateTable(table=table))
    for number in range(7):
        items.put(name, item(number))
    return name


def test_one_item(items: AwsItems, filled: str) -> None:
    key = {"id": {"S": "g"}, "at": {"N": "3"}}
    assert items.get(filled, key) == item(3)
    assert items.get(filled, key | {"at": {"N": "99"}}) is None


def test_many_items_over_several_calls(items: AwsItems, filled: str) -> None:
    keys = [{"id": {"S": "g"}, "at": {"N": str(number)}} for number in range(150)]
    found = items.get_many(filled, keys)
    assert sorted(int(each["at"]["N"]) for each in found) == list(range(7))
    assert items.get_many(filled, []) == []


def test_only_new(items: AwsItems, filled: str) -> None:
    items.put(filled, item(100), only_new=True)
    with pytest.raises(ConditionFailed):
        items.put(filled, {"id": {"S": "g"}, "at": {"N": "3"}, "a_first_name": {"S": "x"}}, only_new=True)
    assert items.get(filled, {"id": {"S": "g"}, "at": {"N": "3"}}) == item(3)


def test_only_new_after_a_lost_answer_knows_its_own_write(
    ministack_endpoint: str, open_endpoint: Callable[[str], Session], name: str
) -> None:
    tables = AwsTables(open_endpoint(ministack_endpoint))
    tables.send(name, CallCreateTable(table=Table(name=name, key=Key(partition=(ID,), sort=(AT,)))))
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as strict:
        items = AwsItems(open_endpoint(strict.endpoint))
        strict.fault("PutItem", kind="500-after", times=1)
        items.put(name, item(1) | {"some": {"SS": ["b", "a"]}, "n": {"N": "1.0"}}, only_new=True)
        assert len(strict.journal.of("PutItem", table=name)) == 2
        strict.calm()
        strict.fault("PutItem", kind="500", times=1)
        with pytest.raises(ConditionFailed):  # sent again too, and somebody else's item
            items.put(name, item(1), only_new=True)
        strict.calm()
        with pytest.raises(ConditionFailed):  # equal, and there before: nothing was sent again
            items.put(name, item(1) | {"some": {"SS": ["a", "b"]}, "n": {"N": "1"}}, only_new=True)
    tables.delete(name)


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        (None, [0, 1, 2, 3, 4]),
        (("EQ", {"N": "2"}), [2]),
        (("LT", {"N": "2"}), [0, 1]),
        (("LE", {"N": "2"}), [0, 1, 2]),
        (("GT", {"N": "4"}), [5, 6]),
        (("GE", {"N": "5"}), [5, 6]),
        (("BETWEEN", {"N": "2"}, {"N": "4"}), [2, 3, 4]),
    ],
)
def test_a_query(items: AwsItems, filled: str, condition: Any, numbers: list[int]) -> None:
    conditions: dict[str, Any] = {"id": {"S": "g"}}
    if condition is not None:
        conditions["at"] = condition
    assert items.query(filled, conditions=conditions) == [item(number) for number in numbers]


def test_a_query_of_an_index_backwards(items: AwsItems, filled: str) -> None:
    found = items.query(filled, conditions={"kind": {"S": "even"}}, index="by_kind", limit=2, forward=False)
    assert [each["at"]["N"] for each in found] == ["6", "4"]


def test_a_prefix(items: AwsItems, tables: AwsTables, name: str) -> None:
    key = Key(partition=(ID,), sort=(KeyAttribute(name="path", type="S"),))
    tables.send(name, CallCreateTable(table=Table(name=name, key=key)))
    for path in ("a/1", "a/2", "b/1"):
        items.put(name, {"id": {"S": "g"}, "path": {"S": path}})
    found = items.query(name, conditions={"id": {"S": "g"}, "path": ("BEGINS_WITH", {"S": "a/"})})
    assert [each["path"]["S"] for each in found] == ["a/1", "a/2"]


def test_a_scan_stops_at_its_limit(items: AwsItems, filled: str) -> None:
    assert len(items.scan(filled, limit=3)) == 3
    assert len(items.scan(filled, limit=50)) == 7
    assert len(items.scan(filled, index="by_kind", limit=50)) == 7
    assert items.scan_page(filled, limit=3).read_units > 0
    assert items.get_with_units(filled, {"id": {"S": "g"}, "at": {"N": "3"}}).read_units > 0


def test_what_is_no_condition_of_a_key(items: AwsItems, name: str) -> None:
    with pytest.raises(ValidationRefused, match="BETWEEN with 1 values"):
        items.query(name, conditions={"id": ("BETWEEN", {"S": "a"})})


def test_a_table_that_is_not_there(items: AwsItems, name: str) -> None:
    with pytest.raises(TableNotFound):
        items.get(name, {"id": {"S": "g"}})
    with pytest.raises(TableNotFound):
        items.scan(name)
