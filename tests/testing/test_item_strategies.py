"""`items_of`: whatever it gives is taken by the strict endpoint, and it gives what items may be."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cli.story import new_account
from dynasmith import Consent, Project, Table, connect, testing
from dynasmith.errors import NotOffered, UsageError
from dynasmith.items.digest import digest_items
from dynasmith.items.size import check_item
from dynasmith.items.value import encode_tree, write_tree
from dynasmith.models import Attr, Model, Partition, attr
from dynasmith.models.metaclass import codec_of
from dynasmith.strict import StrictServer
from dynasmith.tables.table import Index, Key, KeyAttribute, LocalIndex
from dynasmith.testing import items_of
from example_counts import examples
from models.shop import Buyer, Customer, Sale

A, N, B, G = (KeyAttribute(name=name, type=kind) for name, kind in (("a", "S"), ("n", "N"), ("b", "B"), ("g", "S")))  # type: ignore[arg-type]
TABLE = Table(
    name="things",
    key=Key(partition=(A,), sort=(N,)),
    indexes=(Index(name="by_g", key=Key(partition=(G,), sort=(B,))),),
    local_indexes=(LocalIndex(name="by_b", key=Key(partition=(A,), sort=(B,))),),
    time_to_live="until",
)
BINARY = Table(name="blobs", key=Key(partition=(B,)))


class Person(Model, table="people"):
    """Constraints that the strategies of a class keep."""

    id: Partition[str] = attr(pattern=r"^[A-Z]{2}[0-9]$")
    age: Attr[int] = attr(ge=0, lt=150)
    share: Attr[Decimal] = attr(gt=0, le=1)
    nick: Attr[str] = attr(min_length=2, max_length=5, default="ab")
    pair: Attr[tuple[int, str] | None] = attr(default=None)


@pytest.fixture(scope="module")
def project(ministack_endpoint: str) -> Iterator[Project]:
    """A project on a strict endpoint, with the tables of this file."""
    with StrictServer(ministack_endpoint, auto_advance=True) as strict:
        with connect(
            endpoint=strict.endpoint,
            region="us-east-1",
            clock=strict.clock,
            credentials=(new_account(), "secret"),
            tables=[TABLE, BINARY],
            models=[Customer, Buyer, Sale, Person],
            consent=Consent(yes=True),
        ) as project:
            assert not project.ensure().failures
            yield project
        strict.wipe()


def raw(item: dict[str, Any]) -> bytes:
    """An item of plain Python as DynamoDB JSON."""
    return write_tree({name: encode_tree(value) for name, value in item.items()})


@pytest.mark.parametrize("table", [TABLE, BINARY], ids=["things", "blobs"])
@given(data=st.data())
@examples(20)
def test_every_item_of_a_table_is_taken(project: Project, table: Table, data: st.DataObject) -> None:
    item = raw(data.draw(items_of(table)))
    wire = json.loads(item)
    project.put(table.name, wire)
    found = project.get(table.name, {name: wire[name] for name in table.key.names})
    assert digest_items([json.dumps(found).encode()]) == digest_items([item])


@pytest.mark.parametrize("model", [Customer, Buyer, Sale, Person])
@given(data=st.data())
@examples(12)
def test_every_instance_of_a_class_is_taken(project: Project, model: type[Model], data: st.DataObject) -> None:
    instance = data.draw(items_of(model))
    assert isinstance(instance, model)
    project.put(model, json.loads(write_tree(codec_of(model).write(instance))))


HOLDS: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "every key of the index": lambda item: "g" in item and "b" in item,
    "no key of the index": lambda item: "g" not in item and "b" not in item,
    "a time to live": lambda item: "until" in item,
    "a key of 38 digits": lambda item: len(item["n"].as_tuple().digits) == 38,
    "a key with a fraction": lambda item: item["n"] != int(item["n"]),
    "the largest numbers": lambda item: any(each.adjusted() == 125 for each in of(item, Decimal)),
    "the smallest numbers": lambda item: any(each.adjusted() == -130 for each in of(item, Decimal)),
    "an empty text": lambda item: "" in of(item, str),
    "empty binary": lambda item: b"" in of(item, bytes),
    "true or false": lambda item: of(item, bool),
    "null": lambda item: of(item, type(None)),
    "a list": lambda item: of(item, list),
    "a map": lambda item: of(item, dict),
    "a set of texts": lambda item: any(isinstance(next(iter(each)), str) for each in of(item, set)),
    "a set of numbers": lambda item: any(isinstance(next(iter(each)), Decimal) for each in of(item, set)),
    "a set of binary": lambda item: any(isinstance(next(iter(each)), bytes) for each in of(item, set)),
    "400 KB": lambda item: check_item(raw(item)) == 409_600,
}


def of(value: Any, kind: type) -> list[Any]:
    """The values of a type, at any depth."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [*(each for each in inner if isinstance(each, kind)), *(found for each in inner for found in of(each, kind))]


def test_it_gives_all_that_an_item_may_have() -> None:
    seen: set[str] = set()

    @settings(max_examples=400, database=None, phases=[Phase.generate], derandomize=True, deadline=None)
    @given(items_of(TABLE))
    def look(item: dict[str, Any]) -> None:
        seen.update(name for name, holds in HOLDS.items() if holds(item))

    look()
    assert seen == set(HOLDS)


@given(items_of(TABLE, max_bytes=500))
@examples(50)
def test_no_item_is_larger_than_it_may_be(item: dict[str, Any]) -> None:
    assert check_item(raw(item)) <= 500


@pytest.mark.parametrize("wrong", ["users", dict, None])
def test_what_is_no_table_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageError, match="is neither a Table nor a model class"):
        items_of(wrong)


def test_a_size_that_no_item_has_is_refused() -> None:
    with pytest.raises(UsageError, match="max_bytes is 500000"):
        items_of(TABLE, max_bytes=500_000)


def test_without_hypothesis_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("dynasmith.testing.")]:
        if name.endswith("_strategies"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(NotOffered, match="items_of needs hypothesis, which is not installed"):
        testing.__getattr__("items_of")
