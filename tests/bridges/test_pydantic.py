"""Plain pydantic models: the key is asked for, the rest is taken over."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from bridges.conftest import Load
from bridges.plain_shop import Line, Status
from dynasmith import Project, UsageError, connect
from dynasmith.models import tables_of
from dynasmith.tables.document_of import document_of

pytestmark = pytest.mark.engine


def test_a_plain_model_becomes_a_class(project: Project, load: Load, endpoint: Any) -> None:
    imported = project.import_from(
        "bridges.plain_shop", form="models", keys={"Order": "customer,number"}, tables={"Order": "plain-orders"}
    )
    made = load(imported.text)
    assert tables_of(made.Order) == imported.tables
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=imported.tables, clock=endpoint.clock) as own:
        own.ensure()
        db = own.db()
        at = datetime(2026, 1, 2, tzinfo=UTC)
        order = made.Order(number=1, lines=[Line(name="a", price=Decimal("1.5"))], first=date(2026, 1, 1), at=at)
        db.create(order)
        read = db.require(made.Order, order.customer, 1)
    assert (read.status, read.lines, read.tags, read.total) == (Status.NEW, order.lines, set(), Decimal("0.5"))
    assert isinstance(read.customer, UUID)
    with pytest.raises(ValueError, match="greater than 0"):
        made.Order(number=1, at=at, total=Decimal(0))
    assert imported.notes == (
        "Order: validators, serializers, computed fields and private attributes are not taken over: strip, _secret.",
    )


def test_the_definition_has_the_key(project: Project) -> None:
    imported = project.import_from("bridges.plain_shop:Order", keys={"": "customer, number"})
    assert document_of(imported.tables[0]) == {
        "name": "order",
        "attributes": [{"name": "customer", "type": "S"}, {"name": "number", "type": "N"}],
        "key_schema": [
            {"attribute_name": "customer", "key_type": "HASH"},
            {"attribute_name": "number", "key_type": "RANGE"},
        ],
    }


@pytest.mark.parametrize(
    ("source", "keys", "message", "hint"),
    [
        ("bridges.plain_shop", {}, "do not say what their keys are: Line, Order", 'keys={"Order": "FIELD"}'),
        ("bridges.plain_shop:Order", {}, "Order is a plain pydantic model", "its fields are customer, number"),
        ("bridges.plain_shop", {"Ordr": "number"}, "no pydantic model Ordr", "did you mean Order"),
        ("bridges.plain_shop", {"": "number"}, "There are 2 pydantic models", "say whose it is"),
        ("bridges.plain_shop", {"Order": "nummer"}, "Order has no field nummer", "did you mean number"),
        ("bridges.plain_shop", {"Order": "lines"}, "Order.lines cannot be a key", "name another field"),
        ("bridges.plain_shop", {"Order": "note"}, "Order.note cannot be a key", "name another field"),
        ("bridges.plain_shop", {"Order": "number,number"}, "The key of Order has 2 fields", "PARTITION,SORT"),
        ("bridges.plain_shop", {"Order": "a,b,c"}, "The key of Order has 3 fields", "PARTITION,SORT"),
    ],
)
def test_a_key_that_cannot_be_is_refused(
    project: Project, source: str, keys: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        project.import_from(source, keys=keys)
    assert hint in caught.value.hint


def test_classes_of_our_own_have_a_definition(project: Project) -> None:
    imported = project.import_from("models.shop:Customer")
    assert imported.text.startswith("tables:\n  - name: customers\n")
    with pytest.raises(UsageError, match="are models of dynasmith already"):
        project.import_from("models.shop:Customer", form="models")
