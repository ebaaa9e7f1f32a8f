"""The page about transactions, batches and unique attributes does what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Db, connect
from dynasmith.errors import ValueTaken
from dynasmith.models import tables_of
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
PAGE = Path(__file__).parents[2] / "docs/guide/models-transactions.md"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """Everything that the page defines."""
    names: dict[str, Any] = {"__name__": "guide"}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        exec(compile(block, PAGE.name, "exec", dont_inherit=True), names)
    return names


@pytest.fixture(scope="module")
def db(endpoint: StrictServer, names: dict[str, Any]) -> Iterator[Db]:
    """The tables of the page."""
    tables = tables_of(names["Account"], names["Booking"], names["User"])
    keys = ("777000111222", "secret")  # an account of its own: other pages have a table of users, too
    with connect(
        endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock, credentials=keys
    ) as project:
        project.ensure()
        yield project.db()


def test_the_batches_of_the_page(db: Db, names: dict[str, Any]) -> None:
    rows = [{"account": "batch", "number": f"{number}", "amount": "1.5"} for number in range(30)]
    assert names["load"](db, rows) == 30
    with pytest.raises(InvalidOperation):
        names["load"](db, [*rows, {"account": "batch", "number": "1", "amount": "x"}])
    assert names["clear"](db, "batch") == 30


def test_updates_that_create_and_scans_of_the_page(db: Db, names: dict[str, Any]) -> None:
    before = names["total"](db)
    assert [names["count_visit"](db, "visits") for _ in range(2)] == [1, 2]
    assert db.require(names["Account"], "visits").owner == "new"
    assert names["total"](db) == before + 2


def test_claims_of_the_page(db: Db, names: dict[str, Any]) -> None:
    user = names["User"]
    db.create(user(id="1", email="Ann@example.com"))
    with pytest.raises(ValueTaken):
        db.create(user(id="2", email="ann@EXAMPLE.com"))
    db.create(user(id="3"))
    assert names["claim_again"](db) == 2


def test_the_transfer_of_the_page(db: Db, names: dict[str, Any]) -> None:
    account = names["Account"]
    one, other = (db.create(account(id=each, owner=each, balance=Decimal(10))) for each in ("a", "b"))
    explain = names["transfer_or_explain"]
    assert (
        explain(db, one, other, Decimal(3))
        == "check of {'id': 'bank'}: The condition on Account (id='bank') does not hold."
    )
    db.create(account(id="bank", owner="us"))
    assert explain(db, one, other, Decimal(3)) == "done"
    assert (one.balance, other.balance) == (7, 13)
    assert explain(db, one, other, Decimal(30)).startswith("update of {'id': 'a'}: The condition on Account")
    stale = db.require(account, "b")
    assert explain(db, one, other, Decimal(1)) == "done"
    assert explain(db, one, stale, Decimal(1)) == "b was changed; it is 14 now"
    found, booking = names["both"](db)
    assert found == one
    assert booking.amount == -3
