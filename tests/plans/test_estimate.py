"""Costs: what cannot be known is unknown, never nothing, and the capacity that is paid for is shown."""

import msgspec
from msgspec.structs import replace

from dynasmith.plans.change import AddIndex, Change, CreateTable
from dynasmith.plans.diff import diff
from dynasmith.plans.estimate import estimate, usual_seconds
from dynasmith.plans.explain import explain
from dynasmith.plans.make import make_table_plan
from dynasmith.plans.plan import TablePlan
from dynasmith.plans.simulate import created
from dynasmith.tables.description import TableDescription
from dynasmith.tables.prices import GIGABYTE, Prices, prices_for
from dynasmith.tables.settings.base import CostEstimate
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Index,
    Key,
    KeyAttribute,
    Recovery,
    Scaling,
    Table,
    known,
)

KEY = Key(partition=(KeyAttribute(name="pk", type="S"),))
PLAIN = Table(name="orders", key=KEY)
FOUR_THOUSAND = Scaling(min=4000, max=4000)
SCALED = replace(PLAIN, billing=Billing.PROVISIONED, autoscaling=Autoscaling(read=FOUR_THOUSAND, write=FOUR_THOUSAND))
KNOWN, UNKNOWN = prices_for("us-east-1"), Prices()


def cost(change: Change, there: Table | None = None, prices: Prices = KNOWN) -> CostEstimate:
    description = None if there is None else TableDescription(table=there, status="ACTIVE")
    found = estimate(change, description, prices)
    assert found is not None
    return found


def test_capacity_that_autoscaling_keeps_is_priced() -> None:
    found = cost(CreateTable(table=SCALED))
    assert "4,000 read and 4,000 write units" in found.basis
    assert found.monthly == round(4000 * (0.00065 + 0.00013) * 730, 2)
    assert cost(CreateTable(table=SCALED), prices=UNKNOWN).monthly is None
    index = Index(name="by_a", key=KEY, autoscaling=SCALED.autoscaling)
    assert "8,000 read" in cost(CreateTable(table=replace(SCALED, indexes=(index,)))).basis
    there = replace(created(PLAIN), billing=Billing.PROVISIONED, capacity=Capacity(read=5, write=5))
    changes = diff(SCALED, there)
    assert [cost(change, there).monthly for change in changes] == [
        round(4000 * unit * 730, 2) for unit in (0.00013, 0.00065)
    ]
    assert all("4,000" in cost(change, there).basis for change in changes)


def test_to_provisioned_shows_and_prices_the_capacity() -> None:
    wish = replace(PLAIN, billing=Billing.PROVISIONED, capacity=Capacity(read=40_000, write=40_000))
    (change,) = diff(wish, created(PLAIN))
    assert "with 40,000 read and 40,000 write units" in explain(change).text
    found = cost(change, created(PLAIN))
    assert "40,000 read and 40,000 write units" in found.basis
    assert found.monthly is not None
    assert found.monthly > 20_000
    assert cost(change, created(PLAIN), UNKNOWN).monthly is None
    (back,) = diff(replace(PLAIN, billing=Billing.ON_DEMAND), replace(wish, indexes=()))
    assert cost(back).monthly is None


def test_a_provisioned_index_keeps_its_capacity() -> None:
    there = replace(created(PLAIN), billing=Billing.PROVISIONED, capacity=Capacity(read=5, write=5))
    found = cost(AddIndex(index=Index(name="by_a", key=KEY, capacity=Capacity(read=0, write=1000))), there)
    assert "1,000 write units provisioned" in found.basis
    assert found.monthly == round(1000 * 0.00065 * 730, 2)


def test_a_count_of_nothing_is_not_taken_for_nothing() -> None:
    (change,) = diff(replace(PLAIN, recovery=Recovery()), created(PLAIN))
    assert cost(change, created(PLAIN)).monthly is None


def test_how_long_an_index_takes_grows_with_the_table() -> None:
    wish = replace(PLAIN, indexes=(Index(name="by_a", key=Key(partition=(KeyAttribute(name="a", type="S"),))),))
    longest = []
    for size in (0, 100 * GIGABYTE):
        live = TableDescription(table=created(PLAIN), status="ACTIVE", size_bytes_estimate=size)
        plan = make_table_plan(wish, live)
        assert msgspec.json.decode(msgspec.json.encode(plan), type=TablePlan) == plan
        longest.append(max(usual_seconds(step, known(plan.size_bytes_estimate, 0))[1] for step in plan.steps))
    assert longest[1] > 10 * longest[0]
