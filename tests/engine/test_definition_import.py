"""What ``import`` leaves out is named, each thing in a sentence; a default is never written as a fact."""

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.aws.control.describe import description_of
from dynasmith.engine.definition_import import as_definition, left_out
from dynasmith.plans.simulate import created
from dynasmith.tables.description import OF_INDEXES, TableDescription
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Index,
    Key,
    KeyAttribute,
    OnDemandMaximum,
    Recovery,
    Scaling,
    Table,
    Warm,
)

KEY = Key(partition=(KeyAttribute(name="pk", type="S"),))
NEW = created(Table(name="orders", key=KEY, indexes=(Index(name="by_pk", key=KEY),)))


def described(**settings: object) -> TableDescription:
    return TableDescription(table=replace(NEW, **settings), status="ACTIVE")


def test_a_plain_table_leaves_nothing_out() -> None:
    assert left_out(described()) == ()


def test_vector_indexes_are_named() -> None:
    answer = {
        "TableName": "orders",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "WarmThroughput": {"ReadUnitsPerSecond": 1, "WriteUnitsPerSecond": 1},
        "VectorIndexes": [{"IndexName": "by_meaning"}],
    }
    assert left_out(description_of(answer)) == ("vector indexes (by_meaning) are left as they are",)


def test_what_could_not_be_read_is_named_unless_the_engine_has_no_such_thing() -> None:
    unread = {"autoscaling": "not allowed", OF_INDEXES: "not allowed", "warm": "no such thing"}
    found = replace(described(), unread=unread)
    assert left_out(found) == (
        "autoscaling could not be read: not allowed",
        "contributor_insights of indexes could not be read: not allowed",
    )
    assert left_out(found, ("autoscaling", OF_INDEXES)) == ()


def test_scaling_that_does_nothing_and_warm_throughput_are_named() -> None:
    scaled = Autoscaling(read=Scaling(min=1, max=9), write=None)
    (said,) = left_out(described(autoscaling=scaled))
    assert "billed on demand" in said
    (said,) = left_out(replace(described(), scaling_without_policy=(("by_pk", "write"),)))
    assert "index by_pk is registered for autoscaling of write capacity without a policy" in said
    (said,) = left_out(described(warm=Warm(read=50_000, write=4_000)))
    assert "warm throughput of the table" in said


def test_no_default_is_a_fact() -> None:
    scaling = Scaling(min=1, max=9, target=55.0, scale_in_cooldown_seconds=0, scale_out_cooldown_seconds=30)
    live = described(
        billing=Billing.PROVISIONED,
        capacity=Capacity(read=5, write=5),
        autoscaling=Autoscaling(read=scaling, write=None),
        recovery=Recovery(days=35),
    )
    made = as_definition(live)
    assert made.autoscaling == Autoscaling(read=replace(scaling, scale_in_cooldown_seconds=UNSET))
    assert made.recovery == Recovery()
    assert as_definition(described(recovery=Recovery(days=7))).recovery == Recovery(days=7)
    ceiling = as_definition(described(on_demand_maximum=OnDemandMaximum(read=5))).on_demand_maximum
    assert ceiling == OnDemandMaximum(read=5, write=UNSET)
