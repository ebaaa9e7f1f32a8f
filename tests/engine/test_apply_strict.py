"""`apply` against the service's documented rules: the strict endpoint refuses whatever the planner does wrongly."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from dynasmith import Billing, Consent, Index, Key, KeyAttribute, Project, StreamView, Table, connect
from dynasmith.engine.apply import ApplyReport
from dynasmith.errors import ConsentRequired, ReplacementRequired, StalePlan
from dynasmith.plans.plan import decode_plan, encode_plan
from dynasmith.project.project import world_of
from dynasmith.strict import StrictServer
from dynasmith.tables.table import (
    Autoscaling,
    Capacity,
    Encryption,
    EncryptionKind,
    Projection,
    ProjectionKind,
    Recovery,
    Scaling,
    TableClass,
)


def key(*names: str) -> Key:
    attributes = tuple(KeyAttribute(name=name, type="S") for name in names)
    return Key(partition=attributes[:1], sort=attributes[1:])


def index(name: str, *names: str) -> Index:
    return Index(name=name, key=key(*names))


ORDERS = Table(name="orders", key=key("customer", "order"))
THREE = (index("by_status", "status"), index("by_place", "place", "status"), index("by_day", "day"))


def project(strict: StrictServer, *tables: Table) -> Project:
    return connect(endpoint=strict.endpoint, tables=tables, clock=strict.clock)


def applied(strict: StrictServer, *tables: Table, consent: Consent | None = None, prune: bool = False) -> ApplyReport:
    """Plan and apply; what is left afterwards must be nothing."""
    here = project(strict, *tables)
    report = here.apply(here.plan(prune=prune), consent=consent or Consent(yes=True), fresh=True)
    assert report.failures == {}, report.failures
    return report


def is_as_wished(strict: StrictServer, *tables: Table, prune: bool = False) -> bool:
    return project(strict, *tables).plan(prune=prune).is_empty


def fill(strict: StrictServer, count: int = 40) -> None:
    items = world_of(project(strict)).few_items
    for number in range(count):
        items.put(
            "orders",
            {
                "customer": {"S": f"c{number % 7}"},
                "order": {"S": f"o{number}"},
                "status": {"S": "open"},
                "place": {"S": "ZRH"},
                "day": {"S": "2026-11-20"},
            },
        )


def writes(strict: StrictServer) -> Sequence[str]:
    reads = ("Describe", "List", "Get", "Query", "Scan", "BatchGet")
    return [call.operation for call in strict.journal if not call.operation.startswith(reads)]


def test_three_indexes_and_all_around_them_on_a_table_with_items(strict: StrictServer) -> None:
    applied(strict, ORDERS)
    fill(strict)
    wished = replace(
        ORDERS,
        indexes=THREE,
        time_to_live="expires_at",
        stream=StreamView.NEW_AND_OLD_IMAGES,
        recovery=Recovery(days=7),
        tags={"team": "checkout"},
        deletion_protection=True,
    )
    begun = strict.clock.time()
    applied(strict, wished)
    assert strict.clock.time() - begun > 120, "three index builds take virtual minutes"
    assert is_as_wished(strict, wished, prune=True)
    found = world_of(project(strict, wished)).few_items.query(
        "orders", index="by_place", conditions={"place": {"S": "ZRH"}}, limit=100
    )
    assert len(found) == 40


def test_an_unchanged_table_costs_reads_only(strict: StrictServer) -> None:
    applied(strict, replace(ORDERS, indexes=THREE))
    before = len(writes(strict))
    applied(strict, replace(ORDERS, indexes=THREE))
    assert len(writes(strict)) == before


def test_an_index_that_is_left_out_stays_until_pruned(strict: StrictServer) -> None:
    applied(strict, replace(ORDERS, indexes=THREE))
    two = replace(ORDERS, indexes=THREE[:2])
    plan = project(strict, two).plan()
    assert plan.is_empty
    assert [note.path for note in plan.tables[0].notes] == ["global_secondary_indexes.by_day"]
    here = project(strict, two)
    with pytest.raises(ConsentRequired, match="by_day"):
        here.apply(here.plan(prune=True), consent=Consent(yes=True))
    applied(strict, two, consent=Consent(yes=True, prune=True), prune=True)
    assert is_as_wished(strict, two, prune=True)


def test_a_changed_index_is_rebuilt_only_by_name(strict: StrictServer) -> None:
    applied(strict, replace(ORDERS, indexes=THREE))
    narrow = replace(THREE[0], projection=Projection(kind=ProjectionKind.KEYS_ONLY))
    wished = replace(ORDERS, indexes=(narrow, *THREE[1:]))
    here = project(strict, wished)
    with pytest.raises(ConsentRequired) as refused:
        here.apply(here.plan(), consent=Consent(yes=True))
    assert 'consent=Consent(rebuild_indexes=["by_status"])' in refused.value.hint
    applied(strict, wished, consent=Consent(yes=True, rebuild_indexes=frozenset({"by_status"})))
    assert is_as_wished(strict, wished)


def test_a_changed_key_is_explained_and_refused_and_the_other_table_goes_on(strict: StrictServer) -> None:
    applied(strict, ORDERS)
    other = Table(name="users", key=key("id"))
    here = project(strict, replace(ORDERS, key=key("customer")), other)
    report = here.apply(here.plan(), consent=Consent(yes=True))
    assert isinstance(report.failures["orders"], ReplacementRequired)
    assert [done.table for done in report.applied] == ["users"]


def test_billing_with_the_capacity_of_table_and_indexes_then_back(strict: StrictServer) -> None:
    applied(strict, replace(ORDERS, indexes=THREE))
    provisioned = replace(
        ORDERS,
        billing=Billing.PROVISIONED,
        capacity=Capacity(read=10, write=5),
        indexes=tuple(replace(each, capacity=Capacity(read=3, write=3)) for each in THREE),
    )
    applied(strict, provisioned)
    assert is_as_wished(strict, provisioned)
    lower = replace(provisioned, capacity=Capacity(read=4, write=9))
    applied(strict, lower)
    assert is_as_wished(strict, lower)
    applied(strict, replace(ORDERS, billing=Billing.ON_DEMAND, indexes=THREE))
    assert is_as_wished(strict, replace(ORDERS, billing=Billing.ON_DEMAND, indexes=THREE))


def test_autoscaling_of_table_and_index_owns_the_capacity(strict: StrictServer) -> None:
    scaling = Scaling(min=5, max=50)
    both = Autoscaling(read=scaling, write=scaling)
    wished = replace(
        ORDERS,
        billing=Billing.PROVISIONED,
        autoscaling=both,
        indexes=(replace(THREE[0], autoscaling=both),),
    )
    applied(strict, wished)
    assert is_as_wished(strict, wished)
    raised = replace(wished, capacity=Capacity(read=40, write=40))
    assert is_as_wished(strict, raised), "capacity that autoscaling owns is no difference"
    off = replace(wished, autoscaling=Autoscaling(read=None, write=None), capacity=Capacity(read=6, write=6))
    applied(strict, off)
    assert is_as_wished(strict, off)


def test_another_stream_view_is_a_new_stream(strict: StrictServer) -> None:
    applied(strict, replace(ORDERS, stream=StreamView.KEYS_ONLY))
    before = project(strict).describe("orders").stream_arn
    wished = replace(ORDERS, stream=StreamView.NEW_IMAGE)
    applied(strict, wished)
    assert is_as_wished(strict, wished)
    assert project(strict).describe("orders").stream_arn != before


def test_another_ttl_attribute_is_postponed_by_an_hour_and_then_done(strict: StrictServer) -> None:
    applied(strict, replace(ORDERS, time_to_live="expires_at"))
    strict.clock.advance(hours=2)
    wished = replace(ORDERS, time_to_live="dies_at")
    report = applied(strict, wished)
    assert "run it again after" in report.applied[0].postponed
    assert not is_as_wished(strict, wished)
    strict.clock.advance(hours=2)
    assert applied(strict, wished).applied[0].postponed == ""
    assert is_as_wished(strict, wished)


def test_class_and_encryption_one_after_the_other(strict: StrictServer) -> None:
    applied(strict, ORDERS)
    wished = replace(
        ORDERS, table_class=TableClass.INFREQUENT_ACCESS, encryption=Encryption(kind=EncryptionKind.AWS_MANAGED)
    )
    applied(strict, wished)
    assert is_as_wished(strict, wished)


def test_a_saved_plan_is_refused_when_the_table_has_changed(strict: StrictServer) -> None:
    wished = replace(ORDERS, indexes=THREE[:1], tags={"team": "a"})
    applied(strict, replace(ORDERS, tags={"team": "b"}))
    here = project(strict, wished)
    kept = decode_plan(encode_plan(here.plan()))
    applied(strict, replace(ORDERS, tags={"team": "c"}))
    with pytest.raises(StalePlan, match="orders"):
        here.apply(kept, consent=Consent(yes=True))


def test_items_of_a_definition_are_put_and_only_deleted_with_every_consent(strict: StrictServer) -> None:
    listed = ({"customer": "0", "order": "0", "status": "example"}, {"customer": "1", "order": "1", "total": 1.50})
    wished = replace(ORDERS, items=listed)
    applied(strict, wished)
    assert is_as_wished(strict, wished)
    one = replace(ORDERS, items=listed[:1])
    assert is_as_wished(strict, one)
    here = project(strict, one)
    plan = here.plan(prune=True, allow_delete_items=True)
    assert [hazard.kind for hazard in plan.tables[0].hazards] == ["delete-item"]
    with pytest.raises(ConsentRequired, match="items"):
        here.apply(plan, consent=Consent(yes=True, prune=True, allow_delete_items=True))
    everything = Consent(yes=True, prune=True, allow_delete_items=True, confirm=frozenset({"orders"}))
    assert here.apply(plan, consent=everything).failures == {}
    assert len(world_of(here).few_items.scan("orders", limit=10)) == 1


def test_ttl_on_an_attribute_that_is_past_wants_the_name_typed(strict: StrictServer) -> None:
    applied(strict, ORDERS)
    world_of(project(strict)).few_items.put(
        "orders",
        {"customer": {"S": "a"}, "order": {"S": "b"}, "expires_at": {"N": str(int(strict.clock.time()) - 60)}},
    )
    here = project(strict, replace(ORDERS, time_to_live="expires_at"))
    with pytest.raises(ConsentRequired) as refused:
        here.apply(here.plan(), consent=Consent(yes=True))
    assert 'consent=Consent(confirm=["orders"])' in refused.value.hint
    report = here.apply(here.plan(), consent=Consent(yes=True, confirm=frozenset({"orders"})))
    assert report.failures == {}


def test_an_apply_that_was_cut_off_continues(strict: StrictServer) -> None:
    """Cut at every call: what is left is planned again, and ends as wished."""
    applied(strict, ORDERS)
    fill(strict, 5)
    wished = replace(ORDERS, indexes=THREE, tags={"a": "b"}, recovery=Recovery(days=3), deletion_protection=True)
    for _ in range(12):
        strict.fault("UpdateTable", nth=2, kind="access-denied")
        here = project(strict, wished)
        here.apply(here.plan(), consent=Consent(yes=True))
    applied(strict, wished)
    assert is_as_wished(strict, wished)


def test_a_table_is_deleted_once_its_index_is_at_rest(strict: StrictServer) -> None:
    """The service refuses a delete while an index changes; the delete waits and is sent again."""
    here = project(strict, replace(ORDERS, indexes=THREE[:1]))
    applied(strict, replace(ORDERS, indexes=THREE[:1]))
    world_of(here).session.client("dynamodb").update_table(
        TableName="orders", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_status"}}]
    )
    assert here.delete("orders", consent=Consent(confirm="orders"))
    assert not here.exists("orders")


def test_a_plan_file_of_format_1_is_applied(strict: StrictServer) -> None:
    applied(strict, ORDERS)
    here = project(strict, replace(ORDERS, indexes=THREE[:1], tags={"team": "a"}))
    kept = encode_plan(replace(here.plan(), format=1))
    report = here.apply(decode_plan(kept), consent=Consent(yes=True))
    assert report.failures == {}
    assert here.plan().is_empty
