"""Every rule of the service about the order of calls, by name. Steps are compared as words, which read as the rule."""

import pytest
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.limits import Quotas
from dynasmith.plans import step as s
from dynasmith.plans.arrange import arrange
from dynasmith.plans.diff import diff
from dynasmith.plans.explain import step_text
from dynasmith.plans.simulate import simulate_all
from dynasmith.tables.settings.base import WaitTable
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Consistency,
    Index,
    Key,
    KeyAttribute,
    OnDemandMaximum,
    Recovery,
    Replica,
    Scaling,
    StreamView,
    Table,
    Warm,
)


def key(*names: str, kind: str = "S") -> Key:
    attributes = tuple(KeyAttribute(name=name, type=kind) for name in names)  # type: ignore[arg-type]
    return Key(partition=attributes[:1], sort=attributes[1:])


def index(name: str, kind: str = "S") -> Index:
    return Index(name=name, key=key(name, kind=kind))


PLAIN = Table(name="orders", key=key("pk"))
BOTH = StreamView.NEW_AND_OLD_IMAGES
SCALING = Scaling(min=5, max=50)
SCALED = Autoscaling(read=SCALING, write=SCALING)
PROVISIONED = replace(PLAIN, billing=Billing.PROVISIONED, capacity=Capacity(read=5, write=5))


def live(wish: Table) -> Table:
    made = simulate_all(arrange(diff(wish, None), wish, None), None)
    assert made is not None
    return made


def steps(desired: Table, there: Table, *, prune: bool = False, gsi_per_table: int = 20) -> list[s.Step]:
    current = live(there)
    quotas = Quotas(gsi_per_table=gsi_per_table)
    return list(arrange(diff(desired, current, prune=prune), desired, current, quotas=quotas))


def words(desired: Table, there: Table, *, prune: bool = False, gsi_per_table: int = 20) -> list[str]:
    return [step_text(step) for step in steps(desired, there, prune=prune, gsi_per_table=gsi_per_table)]


def test_one_index_a_call_and_the_wait_is_for_the_index() -> None:
    assert words(replace(PLAIN, indexes=(index("a"), index("b"))), PLAIN) == [
        "create index a",
        "wait until index a is built",
        "create index b",
        "wait until index b is built",
    ]


def test_a_new_index_defines_its_keys_even_where_the_table_has_them() -> None:
    wish = replace(PLAIN, indexes=(Index(name="again", key=key("pk", "day")),))
    (create, _) = steps(wish, PLAIN)
    assert isinstance(create, s.CallCreateIndex)
    assert [attribute.name for attribute in create.attributes] == ["day", "pk"]


def test_index_deletes_come_after_the_creates() -> None:
    assert words(replace(PLAIN, indexes=(index("b"),)), replace(PLAIN, indexes=(index("a"),)), prune=True) == [
        "create index b",
        "wait until index b is built",
        "delete index a",
        "wait until index a is gone",
    ]


def test_unless_the_quota_forces_them_to_go_first() -> None:
    told = words(
        replace(PLAIN, indexes=(index("b"),)), replace(PLAIN, indexes=(index("a"),)), prune=True, gsi_per_table=1
    )
    assert told[0] == "delete index a"


def test_or_the_type_of_an_attribute_does() -> None:
    before = replace(PLAIN, indexes=(Index(name="old", key=key("day", kind="S")),))
    after = replace(PLAIN, indexes=(Index(name="new", key=key("day", kind="N")),))
    assert words(after, before, prune=True)[0] == "delete index old"


def test_rebuilt_indexes_that_change_a_type_all_go_before_the_first_comes_back() -> None:
    before = replace(PLAIN, indexes=(Index(name="a", key=key("day")), Index(name="b", key=key("day", "pk"))))
    day = KeyAttribute(name="day", type="N")
    after = replace(
        PLAIN,
        indexes=(
            Index(name="a", key=Key(partition=(day,))),
            Index(name="b", key=Key(partition=(day,), sort=key("pk").partition)),
        ),
    )
    told = [text for text in words(after, before) if not text.startswith("wait")]
    assert told == ["delete index a", "delete index b", "create index a", "create index b"]


def test_an_index_is_deleted_after_its_autoscaling_ended() -> None:
    before = replace(PROVISIONED, indexes=(replace(index("a"), autoscaling=SCALED),))
    assert words(replace(PROVISIONED, indexes=()), before, prune=True) == [
        "end autoscaling of read capacity of index a",
        "end autoscaling of write capacity of index a",
        "delete index a",
        "wait until index a is gone",
    ]


def test_to_provisioned_with_the_capacity_of_the_table_and_every_kept_index_in_one_call() -> None:
    before = replace(PLAIN, indexes=(index("kept"), index("undefined")))
    wish = replace(PROVISIONED, indexes=(replace(index("kept"), capacity=Capacity(read=2, write=3)),))
    billing = steps(wish, before)[0]
    assert isinstance(billing, s.CallBilling)
    assert billing.capacity == Capacity(read=5, write=5)
    assert billing.index_capacities == {"kept": Capacity(read=2, write=3), "undefined": Capacity(read=5, write=5)}


def test_an_index_to_be_pruned_goes_before_billing_becomes_provisioned() -> None:
    before = replace(PLAIN, indexes=(index("gone"),))
    told = words(replace(PROVISIONED, indexes=()), before, prune=True)
    assert told[0] == "delete index gone"
    assert told[2] == "set billing to PROVISIONED"


def test_capacity_goes_up_early_and_down_late() -> None:
    wish = replace(PROVISIONED, capacity=Capacity(read=9, write=2), indexes=(index("a"),))
    calls = [step for step in steps(wish, PROVISIONED) if not isinstance(step, s.Wait)]
    assert [type(call) for call in calls] == [s.CallCapacity, s.CallCreateIndex, s.CallCapacity]
    assert [call.table for call in calls if isinstance(call, s.CallCapacity)] == [
        Capacity(read=9, write=5),
        Capacity(read=9, write=2),
    ]


def test_capacities_of_table_and_indexes_fit_one_call() -> None:
    before = replace(PROVISIONED, indexes=(replace(index("a"), capacity=Capacity(read=1, write=1)),))
    wish = replace(
        PROVISIONED,
        capacity=Capacity(read=7, write=7),
        indexes=(replace(index("a"), capacity=Capacity(read=7, write=7)),),
    )
    (call, _) = steps(wish, before)
    assert isinstance(call, s.CallCapacity)
    assert call.table is not None
    assert set(call.indexes) == {"a"}


def test_ceilings_of_table_and_indexes_fit_one_call() -> None:
    wish = replace(
        PLAIN,
        on_demand_maximum=OnDemandMaximum(read=10, write=10),
        indexes=(replace(index("a"), on_demand_maximum=OnDemandMaximum(write=5)),),
    )
    (call, wait) = steps(wish, replace(PLAIN, indexes=(index("a"),)))
    assert isinstance(call, s.CallOnDemandMaximum)
    assert set(call.indexes) == {"a"}
    assert wait == WaitTable()


def test_warm_throughput_is_raised_and_never_lowered() -> None:
    assert words(replace(PLAIN, warm=Warm(read=100, write=100)), PLAIN) == []
    assert words(replace(PLAIN, warm=Warm(read=50_000)), PLAIN)[0] == "raise warm throughput"


def test_autoscaling_is_a_target_and_a_policy_and_follows_billing() -> None:
    wish = replace(PROVISIONED, autoscaling=Autoscaling(write=SCALING))
    assert words(wish, PLAIN) == [
        "set billing to PROVISIONED",
        "wait until the table is ACTIVE",
        "register write capacity for autoscaling, 5 to 50 at 70 %",
        "put the autoscaling policy of write capacity",
    ]


def test_autoscaling_of_a_new_index_waits_until_it_is_built() -> None:
    wish = replace(PROVISIONED, indexes=(replace(index("a"), autoscaling=Autoscaling(read=SCALING)),))
    assert words(wish, PROVISIONED)[1:3] == [
        "wait until index a is built",
        "register read capacity of index a for autoscaling, 5 to 50 at 70 %",
    ]


def test_autoscaling_that_goes_away_ends_before_billing_changes() -> None:
    before = replace(PROVISIONED, autoscaling=SCALED)
    wish = replace(PLAIN, billing=Billing.ON_DEMAND, autoscaling=Autoscaling(read=None, write=None))
    assert words(wish, before)[:3] == [
        "end autoscaling of read capacity",
        "end autoscaling of write capacity",
        "set billing to PAY_PER_REQUEST",
    ]


def test_another_stream_view_is_off_wait_on() -> None:
    assert words(replace(PLAIN, stream=BOTH), replace(PLAIN, stream=StreamView.KEYS_ONLY)) == [
        "turn the stream off",
        "wait until the table is ACTIVE",
        "turn the stream on with NEW_AND_OLD_IMAGES",
        "wait until the table is ACTIVE",
    ]


def test_another_ttl_attribute_is_off_wait_on() -> None:
    assert words(replace(PLAIN, time_to_live="b"), replace(PLAIN, time_to_live="a")) == [
        "turn TTL off for attribute a",
        "wait until TTL is off",
        "turn TTL on for attribute b",
    ]


def test_safety_first_and_what_deletes_items_last() -> None:
    wish = replace(
        PLAIN, deletion_protection=True, recovery=Recovery(), tags={"a": "b"}, indexes=(index("i"),), time_to_live="t"
    )
    assert [text for text in words(wish, PLAIN) if not text.startswith("wait")] == [
        "turn deletion protection on",
        "turn point-in-time recovery on",
        "tag a",
        "create index i",
        "turn TTL on for attribute t",
    ]


def test_protection_and_recovery_go_off_at_the_very_end() -> None:
    before = replace(PLAIN, deletion_protection=True, recovery=Recovery())
    wish = replace(PLAIN, deletion_protection=False, recovery=None, stream=BOTH)
    assert [text for text in words(wish, before) if not text.startswith("wait")] == [
        "turn the stream on with NEW_AND_OLD_IMAGES",
        "turn point-in-time recovery off",
        "turn deletion protection off",
    ]


def test_replicas_come_one_by_one_after_the_stream() -> None:
    wish = replace(PLAIN, stream=BOTH, replicas=(Replica(region="eu-west-1"), Replica(region="us-west-2")))
    assert words(wish, PLAIN)[2:] == [
        "add a replica in eu-west-1",
        "wait until the replica in eu-west-1 is ACTIVE",
        "add a replica in us-west-2",
        "wait until the replica in us-west-2 is ACTIVE",
    ]


def test_strong_replicas_come_in_one_call() -> None:
    wish = replace(
        PLAIN,
        consistency=Consistency.STRONG,
        replicas=(Replica(region="us-east-2"), Replica(region="us-west-2")),
        stream=UNSET,
    )
    assert words(wish, PLAIN)[0] == "add a replica in us-east-2, us-west-2"


def test_a_replica_goes_before_everything_else_and_is_waited_for() -> None:
    before = replace(PLAIN, stream=BOTH, replicas=(Replica(region="eu-west-1"),))
    wish = replace(PLAIN, replicas=(), indexes=(index("a"),))
    assert words(wish, before, prune=True)[:3] == [
        "remove the replica in eu-west-1",
        "wait until the replica in eu-west-1 is gone",
        "create index a",
    ]


def test_another_kinesis_stream_is_stop_wait_start() -> None:
    told = words(replace(PLAIN, kinesis_stream="arn:b"), replace(PLAIN, kinesis_stream="arn:a"))
    assert told[0] == "stop sending changes to arn:a"
    assert told[2] == "start sending changes to arn:b with times in MILLISECOND"


def test_tags_are_removed_first_only_where_the_new_ones_would_not_fit() -> None:
    many = {f"tag{number}": "x" for number in range(50)}
    assert words(replace(PLAIN, tags={"new": "y"}), replace(PLAIN, tags=many), prune=True)[0].startswith("remove tags")
    told = words(replace(PLAIN, tags={"new": "y"}), replace(PLAIN, tags={"old": "x"}), prune=True)
    assert told == ["tag new", "remove tags old"]


@pytest.mark.parametrize("live", [UNSET, "alias/aws/dynamodb", "arn:aws:kms:eu-west-1:111122223333:key/abc"])
def test_a_replica_with_the_default_key_is_never_made_again(live: str | UnsetType) -> None:
    """The service shows the default key of a replica as none, as its alias, or as the key behind it."""
    wish = replace(PLAIN, stream=BOTH, replicas=(Replica(region="eu-west-1", key="alias/aws/dynamodb"),))
    there = replace(PLAIN, stream=BOTH, replicas=(Replica(region="eu-west-1", key=live),))
    assert diff(wish, there) == ()
