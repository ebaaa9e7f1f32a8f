"""Writes of one item that is still as it was read: no other writer loses anything."""

from collections.abc import Iterator
from typing import Any

import pytest

from dynasmith import Project, connect
from dynasmith.errors import ConditionFailed, ItemNotFound, UsageError
from dynasmith.tables.table import Key, KeyAttribute, Table

KEY = {"pk": {"S": "a"}, "n": {"N": "1"}}
READ: dict[str, Any] = KEY | {"total": {"N": "12.5"}, "tags": {"SS": ["x", "y"]}, "old": {"NULL": True}}
pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def shop(ministack_endpoint: str) -> Iterator[Project]:
    parts = (KeyAttribute(name="pk", type="S"),), (KeyAttribute(name="n", type="N"),)
    table = Table(name="orders", key=Key(partition=parts[0], sort=parts[1]))
    from cli.story import new_account

    with connect(
        endpoint=ministack_endpoint, region="us-east-1", credentials=(new_account(), "secret"), tables=[table]
    ) as project:
        project.ensure()
        yield project


def sets(item: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {tag: sorted(value) if tag == "SS" else value} for name, one in item.items() for tag, value in one.items()
    }


def test_what_differs_is_written_and_the_rest_stays(shop: Project) -> None:
    shop.put("orders", READ)
    read = shop.get("orders", KEY)
    changed = {name: value for name, value in read.items() if name != "old"} | {
        "total": {"S": ""},
        "paid": {"BOOL": True},
    }
    shop.put("orders", changed, expected=read)
    assert sets(shop.get("orders", KEY)) == sets(changed)
    shop.put("orders", changed | {"n": {"N": "1.0"}}, expected=changed)  # the same key, and the same item
    many = changed | {f"attribute_{number}": {"N": str(number)} for number in range(400)}
    shop.put("orders", many)
    shop.put("orders", many | {"attribute_7": {"S": "seven"}}, expected=many)
    assert shop.get("orders", KEY)["attribute_7"] == {"S": "seven"}


def test_another_writer_came_first(shop: Project) -> None:
    shop.put("orders", READ)
    shop.put("orders", READ | {"total": {"N": "99"}})
    with pytest.raises(ConditionFailed, match="has changed since it was read; nothing was written") as refused:
        shop.put("orders", READ | {"paid": {"BOOL": True}}, expected=READ)
    assert sets(refused.value.item) == sets(READ | {"total": {"N": "99"}})
    assert sets(shop.get("orders", KEY)) == sets(READ | {"total": {"N": "99"}})
    shop.put("orders", READ | {"note": {"S": "theirs"}})
    with pytest.raises(ConditionFailed, match="got another attribute since it was read, which is kept"):
        shop.put("orders", READ | {"total": {"N": "1"}}, expected=READ)
    assert sets(shop.get("orders", KEY)) == sets(READ | {"note": {"S": "theirs"}, "total": {"N": "1"}})
    shop.delete_item("orders", KEY)
    with pytest.raises(ConditionFailed) as refused:
        shop.put("orders", READ | {"total": {"N": "1"}}, expected=READ)
    assert refused.value.item is None


def test_a_key_is_not_changed_and_new_is_not_expected(shop: Project) -> None:
    shop.put("orders", READ)
    with pytest.raises(UsageError, match="The key of an item cannot be changed: n differs"):
        shop.put("orders", READ | {"n": {"N": "2"}}, expected=READ)
    with pytest.raises(UsageError, match="contradict"):
        shop.put("orders", READ, expected=READ, new=True)


def test_a_deletion_of_what_was_read(shop: Project) -> None:
    shop.put("orders", READ)
    with pytest.raises(ConditionFailed, match="has changed since it was read") as refused:
        shop.delete_item("orders", KEY, expected=READ | {"total": {"N": "3"}})
    assert sets(refused.value.item) == sets(READ)
    shop.delete_item("orders", KEY, expected=READ)
    with pytest.raises(ItemNotFound):
        shop.delete_item("orders", KEY, expected=READ)
