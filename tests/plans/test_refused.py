"""What can never be carried out is known before the first call, with its reason and the way out."""

import pytest
from msgspec.structs import replace

from dynasmith.limits import Quotas
from dynasmith.plans.consent import Consent, lacking
from dynasmith.plans.make import make_table_plan
from dynasmith.plans.plan import Plan, TablePlan
from dynasmith.plans.refusal import PlanRefusal, refusals
from dynasmith.plans.simulate import created
from dynasmith.plans.step import CallCreateIndex, CallDeleteIndex
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import (
    Billing,
    Capacity,
    Consistency,
    Index,
    Key,
    KeyAttribute,
    LocalIndex,
    Projection,
    ProjectionKind,
    Replica,
    StreamView,
    Table,
)


def key(*names: str) -> Key:
    attributes = tuple(KeyAttribute(name=name, type="S") for name in names)
    return Key(partition=attributes[:1], sort=attributes[1:])


def indexes(start: int, count: int, projected: int = 0) -> tuple[Index, ...]:
    """That many global indexes, each naming that many attributes."""
    kind = ProjectionKind.INCLUDE if projected else ProjectionKind.ALL
    projection = Projection(kind=kind, attributes=tuple(f"p{number}" for number in range(projected)))
    return tuple(Index(name=f"by_{n:02}", key=key(f"a{n}"), projection=projection) for n in range(start, start + count))


PLAIN = Table(name="orders", key=key("pk", "sk"))
BOTH = StreamView.NEW_AND_OLD_IMAGES


def plan(
    wish: Table, there: Table | None, *, prune: bool = False, items: int = 0, quotas: Quotas | None = None
) -> TablePlan:
    live = None if there is None else TableDescription(table=there, status="ACTIVE", item_count_estimate=items)
    return make_table_plan(wish, live, prune=prune, quotas=quotas or Quotas())


def refused(wish: Table, there: Table | None, **more: object) -> PlanRefusal:
    (found,) = refusals(plan(wish, there, **more))  # type: ignore[arg-type]
    return found


def having(**settings: object) -> Table:
    return replace(created(PLAIN), **settings)


@pytest.mark.parametrize(("there", "wanted"), [(20, 3), (19, 2)])
def test_more_global_indexes_than_the_quota_are_refused_unless_pruned(there: int, wanted: int) -> None:
    live, wish = having(indexes=indexes(0, there)), replace(PLAIN, indexes=indexes(50, wanted))
    found = refused(wish, live)
    assert "quota is 20" in found.message
    assert "--prune first removes by_00, by_01" in found.way_out
    pruned = plan(wish, live, prune=True)
    assert refusals(pruned) == ()
    kinds = [type(step) for step in pruned.steps if isinstance(step, CallCreateIndex | CallDeleteIndex)]
    assert kinds == [CallDeleteIndex] * there + [CallCreateIndex] * wanted
    assert refusals(plan(wish, live, quotas=Quotas(gsi_per_table=30))) == ()


def test_a_table_above_its_quota_is_left_alone() -> None:
    live = having(indexes=indexes(0, 25))
    assert refusals(plan(replace(PLAIN, indexes=indexes(0, 25)), live)) == ()


def test_more_projected_attributes_than_the_quota_are_refused_unless_pruned() -> None:
    live, wish = having(indexes=indexes(0, 2, 40)), replace(PLAIN, indexes=indexes(10, 1, 30))
    found = refused(wish, live)
    assert "80 projected attributes -> 110 projected attributes" in found.message
    assert "--prune" in found.way_out
    pruned = plan(wish, live, prune=True)
    assert refusals(pruned) == ()
    assert isinstance(pruned.steps[0], CallDeleteIndex)
    local = LocalIndex(name="loc", key=key("pk", "x"), projection=indexes(0, 1, 90)[0].projection)
    assert "120 projected" in refused(wish, having(local_indexes=(local,))).message


def test_more_tags_than_the_quota_are_refused_unless_pruned() -> None:
    live = having(tags={f"old{number}": "" for number in range(49)})
    wish = replace(PLAIN, tags={"new1": "", "new2": ""})
    assert "--prune first removes old0" in refused(wish, live).way_out
    assert refusals(plan(wish, live, prune=True)) == ()


def test_a_new_table_is_held_against_the_quotas_too() -> None:
    local = tuple(LocalIndex(name=f"local{n}", key=key("pk", f"x{n}")) for n in range(6))
    assert "5 local indexes" in refused(replace(PLAIN, local_indexes=local), None).message
    assert "20 global indexes" in refused(replace(PLAIN, indexes=indexes(0, 21)), None).message
    assert "50 tags" in refused(replace(PLAIN, tags={f"t{n}": "" for n in range(51)}), None).message
    assert "quota" not in str(refusals(plan(replace(PLAIN, indexes=indexes(0, 20)), None)))


def test_replicas_that_the_table_as_it_is_cannot_have_are_refused() -> None:
    wish = replace(PLAIN, stream=BOTH, replicas=(Replica(region="eu-west-1"),))
    provisioned = having(billing=Billing.PROVISIONED, capacity=Capacity(read=1, write=1))
    assert "autoscaled writes" in refused(wish, provisioned).message
    assert refusals(plan(wish, having())) == ()
    strong = replace(
        PLAIN,
        consistency=Consistency.STRONG,
        replicas=(Replica(region="eu-west-1"), Replica(region="eu-central-1")),
    )
    assert "only an empty table" in refused(strong, having(), items=7).message
    assert "time to live" in refused(strong, having(time_to_live="ends")).message
    there = having(consistency=Consistency.STRONG, replicas=strong.replicas)
    more = replace(strong, replicas=(*strong.replicas, Replica(region="eu-north-1")))  # type: ignore[misc]
    assert "chosen once" in refused(more, there).message
    fewer = replace(strong, replicas=(Replica(region="eu-west-1"),))
    assert "chosen once" in refused(fewer, there, prune=True).message


def test_what_is_refused_is_not_asked_for() -> None:
    """A key change beside an index that would be pruned: there is nothing to consent to."""
    live = having(indexes=indexes(0, 1))
    made = plan(replace(PLAIN, key=key("id"), indexes=()), live, prune=True)
    assert {hazard.consent for hazard in made.hazards} == {"impossible", "prune"}
    whole = Plan(tool="", created_at="", account="", region="", endpoint="", fingerprint="", tables=(made,))
    assert lacking(whole, Consent()) == ()
    (found,) = refusals(made)
    assert found.needs_replacement
    assert "dynasmith replace orders" in found.way_out
