"""The control plane against real engines: what is created reads back as wished, and each call does its thing."""

import itertools

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.aws.control.autoscaling import read_policies
from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.session import Session
from dynasmith.aws.control.tables import AwsTables
from dynasmith.engine.planner import settings_of
from dynasmith.errors import ConditionFailed, DynasmithError, NotOffered, TableBusy, TableExists, TableNotFound
from dynasmith.plans.arrange import arrange
from dynasmith.plans.diff import diff
from dynasmith.plans.step import (
    CallBilling,
    CallCapacity,
    CallCreateIndex,
    CallCreateReplica,
    CallCreateTable,
    CallDeleteIndex,
    CallDeleteItem,
    CallDeregisterScaling,
    CallPutItem,
    CallRegisterScaling,
    CallScalingPolicy,
    CallTag,
    CallUntag,
    CallUpdateReplica,
    Wait,
)
from dynasmith.tables.settings.contributor_insights import CallInsights
from dynasmith.tables.settings.deletion_protection import CallProtection
from dynasmith.tables.settings.encryption import CallEncryption
from dynasmith.tables.settings.point_in_time_recovery import CallRecovery
from dynasmith.tables.settings.resource_policy import CallPolicy
from dynasmith.tables.settings.stream import CallStream
from dynasmith.tables.settings.time_to_live import CallTimeToLive
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Encryption,
    EncryptionKind,
    Index,
    Key,
    KeyAttribute,
    Projection,
    ProjectionKind,
    Recovery,
    Scaling,
    StreamView,
    Table,
    TableClass,
)
from dynasmith.tables.table import Replica as TableReplica
from strategies import tables as legal_tables

NUMBERS = itertools.count()
ID = KeyAttribute(name="id", type="S")
AT = KeyAttribute(name="at", type="N")
KEY = Key(partition=(ID,), sort=(AT,))
BY_AT = Index(name="by_at", key=Key(partition=(AT,)), projection=Projection(kind=ProjectionKind.KEYS_ONLY))
ITEM = {"id": {"S": "1"}, "at": {"N": "1"}, "note": {"S": "x"}}
pytestmark = pytest.mark.engine


def made(tables: AwsTables, name: str, **settings_: object) -> Table:
    """A table on the engine, with these settings."""
    table = Table(name=name, key=KEY, **settings_)  # type: ignore[arg-type]  # a test names the settings
    tables.send(name, CallCreateTable(table=table))
    return table


def test_created_then_described_then_listed_then_deleted(tables: AwsTables, name: str) -> None:
    wish = made(
        tables,
        name,
        billing=Billing.PROVISIONED,
        capacity=Capacity(read=3, write=4),
        indexes=(replace(BY_AT, capacity=Capacity(read=1, write=2)),),
        stream=StreamView.NEW_IMAGE,
        encryption=Encryption(kind=EncryptionKind.AWS_MANAGED),
        tags={"team": "checkout"},
    )
    described = tables.describe(name)
    assert diff(wish, described.table) == ()
    assert described.status == "ACTIVE"
    assert described.arn.endswith(f":table/{name}")
    assert described.created_at.endswith("Z")
    assert described.table.recovery is None
    assert described.table.resource_policy is None
    assert name in list(tables.names())
    tables.delete(name)
    with pytest.raises(TableNotFound):
        tables.describe(name)
    with pytest.raises(TableNotFound):
        tables.delete(name)


def test_only_what_is_asked_for_is_read(tables: AwsTables, name: str) -> None:
    made(tables, name, tags={"a": "b"})
    few = tables.describe(name, ("tags",)).table
    assert few.tags == {"a": "b"}
    assert few.time_to_live is UNSET
    assert few.encryption is UNSET
    assert tables.describe(name, ()).table.tags is UNSET


def test_a_second_creation_says_that_it_exists(tables: AwsTables, name: str) -> None:
    made(tables, name)
    with pytest.raises(TableExists):
        made(tables, name)


def test_names_over_several_pages(tables: AwsTables) -> None:
    wanted = [f"page-{number:03}" for number in range(103)]
    for each in wanted:
        made(tables, each)
    try:
        assert [found for found in tables.names() if found.startswith("page-")] == wanted
    finally:
        for each in wanted:
            tables.delete(each)


def test_each_setting_is_changed_and_what_is_already_so_is_success(tables: AwsTables, name: str) -> None:
    """Every call twice: the second one, which the service refuses in words of its own, is no failure."""
    made(tables, name)
    policy = f'{{"Statement":[{{"Action":"dynamodb:GetItem","Effect":"Deny","Principal":"*","Resource":"{name}"}}]}}'
    for step, setting, value in (
        (CallStream(view=StreamView.OLD_IMAGE), "stream", StreamView.OLD_IMAGE),
        (CallStream(view=None), "stream", None),
        (CallProtection(enabled=True), "deletion_protection", True),
        (CallProtection(enabled=False), "deletion_protection", False),
        (CallTimeToLive(attribute="expires_at", enabled=True), "time_to_live", "expires_at"),
        (CallRecovery(recovery=Recovery(days=35)), "recovery", Recovery(days=35)),
        (CallRecovery(recovery=None), "recovery", None),
        (CallTag(tags={"a": "1", "b": "2"}), "tags", {"a": "1", "b": "2"}),
        (CallUntag(keys=("a",)), "tags", {"b": "2"}),
        (CallPolicy(policy=policy), "resource_policy", policy),
        (CallPolicy(policy=None), "resource_policy", None),
        (
            CallEncryption(encryption=Encryption(kind=EncryptionKind.AWS_OWNED)),
            "encryption",
            Encryption(kind=EncryptionKind.AWS_OWNED),
        ),
        (CallBilling(billing=Billing.PROVISIONED, capacity=Capacity(read=2, write=2)), "billing", Billing.PROVISIONED),
        (CallCapacity(table=Capacity(read=5, write=6)), "capacity", Capacity(read=5, write=6)),
        (CallBilling(billing=Billing.ON_DEMAND), "billing", Billing.ON_DEMAND),
    ):
        tables.send(name, step)
        assert getattr(tables.describe(name).table, setting) == value, step
        tables.send(name, step)
        assert getattr(tables.describe(name).table, setting) == value, f"{step} again"


def test_indexes_come_and_go_and_no_definition_is_forgotten(tables: AwsTables, name: str) -> None:
    made(tables, name)
    other = Index(name="by_other", key=Key(partition=(KeyAttribute(name="other", type="B"),)))
    for index in (BY_AT, other):
        step = CallCreateIndex(index=index, attributes=tuple(index.key))
        tables.send(name, step)
        tables.send(name, step)
    table = tables.describe(name).table
    assert isinstance(table.indexes, tuple)
    assert [index.name for index in table.indexes] == ["by_at", "by_other"]
    assert table.key == KEY
    assert table.key_attributes() == (AT, ID, KeyAttribute(name="other", type="B"))
    tables.send(name, CallDeleteIndex(name="by_at"))
    tables.send(name, CallDeleteIndex(name="by_at"))
    left = tables.describe(name).table
    assert isinstance(left.indexes, tuple)
    assert [index.name for index in left.indexes] == ["by_other"]


def test_an_index_of_that_name_with_another_key_is_not_already_so(tables: AwsTables, name: str) -> None:
    made(tables, name, indexes=(BY_AT,))
    other = Index(name="by_at", key=Key(partition=(KeyAttribute(name="x", type="S"),)))
    with pytest.raises(DynasmithError):
        tables.send(name, CallCreateIndex(index=other, attributes=tuple(other.key)))


def test_items_of_a_definition_are_written_once_and_only_over_what_was_read(
    tables: AwsTables, items: AwsItems, name: str
) -> None:
    made(tables, name)
    key = {"id": ITEM["id"], "at": ITEM["at"]}
    tables.send(name, CallPutItem(item=ITEM, before=None))
    tables.send(name, CallPutItem(item=ITEM, before=None))
    changed = ITEM | {"note": {"S": "y"}}
    with pytest.raises(ConditionFailed, match="has changed since the plan was made"):
        tables.send(name, CallPutItem(item=changed, before=None))
    tables.send(name, CallPutItem(item=changed, before=ITEM))
    assert items.get(name, key) == changed
    with pytest.raises(ConditionFailed):
        tables.send(name, CallDeleteItem(key=key, before=ITEM))
    tables.send(name, CallDeleteItem(key=key, before=changed))
    tables.send(name, CallDeleteItem(key=key, before=changed))
    assert items.get(name, key) is None


def test_an_attribute_that_somebody_added_since_is_kept(tables: AwsTables, items: AwsItems, name: str) -> None:
    made(tables, name)
    key = {"id": ITEM["id"], "at": ITEM["at"]}
    added = ITEM | {"theirs": {"BS": ["AA==", "/w=="]}}
    items.put(name, added)
    with pytest.raises(ConditionFailed, match="got another attribute since the plan was made"):
        tables.send(name, CallDeleteItem(key=key, before=ITEM))
    assert items.get(name, key) == added
    changed = ITEM | {"note": {"S": "y"}}
    with pytest.raises(ConditionFailed, match="got another attribute since the plan was made"):
        tables.send(name, CallPutItem(item=changed, before=ITEM))
    assert items.get(name, key) == added | changed


def test_a_step_on_a_table_that_is_not_there(tables: AwsTables, name: str) -> None:
    for step in (CallProtection(enabled=True), CallTag(tags={"a": "b"}), CallTimeToLive(attribute="x", enabled=True)):
        with pytest.raises(TableNotFound):
            tables.send(name, step)


def test_what_the_engine_lacks_is_named_and_the_rest_is_read(tables: AwsTables, engine: str, name: str) -> None:
    made(tables, name)
    lacking = {"ministack": {"autoscaling"}, "moto": {"contributor_insights", "kinesis_stream"}}[engine]
    settings_ = ("autoscaling", "contributor_insights", "kinesis_stream", "tags", "time_to_live", "recovery", "stream")
    assert set(tables.unoffered(settings_)) == lacking
    described = tables.describe(name)
    assert {setting for setting in described.unread if setting != "warm"} == lacking
    for setting in lacking:
        assert "does not offer" in described.unread[setting]
        assert getattr(described.table, setting) is UNSET
    assert described.table.tags == {}


@pytest.mark.parametrize("engine", ["ministack"], indirect=True)
def test_insights_and_replicas(tables: AwsTables, name: str) -> None:
    """On the engine that has them."""
    made(tables, name, stream=StreamView.NEW_AND_OLD_IMAGES)
    tables.send(name, CallInsights(enabled=True))
    described = tables.describe(name)
    assert described.table.contributor_insights is True
    assert described.insights_status in ("ENABLING", "ENABLED")
    create = CallCreateReplica(replicas=(TableReplica(region="eu-west-1"),))
    tables.send(name, create)
    tables.send(name, create)
    tables.send(name, CallUpdateReplica(region="eu-west-1", recovery=True))
    tables.send(name, CallUpdateReplica(region="eu-west-1", deletion_protection=True))
    assert tables.describe(name).table.replicas == (
        TableReplica(
            region="eu-west-1", recovery=True, deletion_protection=True, table_class=TableClass.STANDARD, tags={}
        ),
    )
    own = tables.describe(name).table
    assert (own.recovery, own.deletion_protection) == (None, False)


@pytest.mark.parametrize("engine", ["moto"], indirect=True)
def test_autoscaling_of_the_table_and_of_an_index(tables: AwsTables, name: str) -> None:
    """On the engine that has it: target and policy, changed in place, gone with the target."""
    made(
        tables,
        name,
        billing=Billing.PROVISIONED,
        capacity=Capacity(read=1, write=1),
        indexes=(replace(BY_AT, capacity=Capacity(read=1, write=1)),),
    )
    off = Autoscaling(read=None, write=None)
    assert tables.describe(name, ("autoscaling",)).table.autoscaling == off
    wanted = Scaling(min=1, max=9, target=60, scale_in_cooldown_seconds=30, scale_out_cooldown_seconds=0)
    for index in (None, "by_at"):
        tables.send(name, CallRegisterScaling(dimension="read", scaling=wanted, index=index))
        half = tables.describe(name, ("autoscaling",))
        assert half.scaling_without_policy
        tables.send(name, CallScalingPolicy(dimension="read", scaling=replace(wanted, target=70.0), index=index))
        tables.send(name, CallScalingPolicy(dimension="read", scaling=wanted, index=index))
    described = tables.describe(name, ("autoscaling",))
    by_at = described.table.index("by_at")
    assert by_at is not None
    assert described.table.autoscaling == by_at.autoscaling == Autoscaling(read=wanted, write=None)
    assert described.notices == ()
    for index in (None, "by_at"):
        tables.send(name, CallDeregisterScaling(dimension="read", index=index))
        tables.send(name, CallDeregisterScaling(dimension="read", index=index))
        tables.send(name, CallDeregisterScaling(dimension="write", index=index))
    assert tables.describe(name, ("autoscaling",)).table.autoscaling == off


@pytest.mark.parametrize("engine", ["moto"], indirect=True)
def test_a_policy_of_another_name_is_changed_and_keeps_what_is_not_mentioned(
    tables: AwsTables, session: Session, name: str
) -> None:
    """The console, or Terraform, made it: no second policy, and its own settings stay."""
    made(tables, name, billing=Billing.PROVISIONED, capacity=Capacity(read=1, write=1))
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{name}",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    tracking = {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
        "DisableScaleIn": True,
        "ScaleOutCooldown": 45,
    }
    tables.send(name, CallRegisterScaling(dimension="read", scaling=Scaling(min=1, max=9)))
    session.call(
        "application-autoscaling",
        "PutScalingPolicy",
        {
            **target,
            "PolicyName": "by-hand",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": tracking,
        },
    )
    step = CallScalingPolicy(dimension="read", scaling=Scaling(min=1, max=9, target=50, scale_in_cooldown_seconds=30))
    tables.send(name, step)
    (policy,) = read_policies(session, f"table/{name}")
    assert policy["PolicyName"] == "by-hand"
    assert policy["TargetTrackingScalingPolicyConfiguration"] == tracking | {"TargetValue": 50.0, "ScaleInCooldown": 30}


@pytest.mark.parametrize("engine", ["ministack"], indirect=True)
def test_a_call_that_the_engine_lacks_is_named(tables: AwsTables, name: str) -> None:
    made(tables, name)
    with pytest.raises(NotOffered, match="does not offer application-autoscaling RegisterScalableTarget"):
        tables.send(name, CallRegisterScaling(dimension="read", scaling=Scaling(min=1, max=2)))


@pytest.mark.parametrize("engine", ["moto"], indirect=True)
def test_an_alias_is_resolved_where_kms_knows_it(tables: AwsTables, name: str) -> None:
    def wish(key: str) -> Table:
        return Table(name=name, key=KEY, encryption=Encryption(kind=EncryptionKind.CUSTOMER, key=key))

    resolved = tables.resolve(wish("alias/aws/s3")).encryption
    assert isinstance(resolved, Encryption)
    assert ":key/" in str(resolved.key)
    assert tables.resolve(wish("alias/unknown")) == wish("alias/unknown")
    assert tables.resolve(wish("arn:aws:kms:us-east-1:1:key/x")) == wish("arn:aws:kms:us-east-1:1:key/x")


# What an engine takes and does not do (engines.md): not asked of it here, since that is the engine's difference.
IGNORED = {
    "ministack": ("warm", "autoscaling"),
    "moto": ("replicas", "table_class", "on_demand_maximum", "contributor_insights", "kinesis_stream"),
}
NEITHER = {
    *("items", "triggers", "access", "backup_plan", "alarms"),
    *("replicas", "consistency", "witness_region", "kinesis_stream"),
}


@given(wish=legal_tables())
@settings(
    max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
def test_a_created_table_reads_back_as_it_was_wished(wish: Table, tables: AwsTables, engine: str) -> None:
    """The round trip: every set field that the engine keeps is described as it was wished.

    Each example has a name of its own: engines keep policies (ministack) and autoscaling (moto) of a deleted table.
    """
    name = f"round-trip-{next(NUMBERS)}"
    single = [index for index in wish.indexes or () if len(index.key.partition) == 1 and len(index.key.sort) < 2]
    unset: dict[str, object] = dict.fromkeys((*NEITHER, *IGNORED[engine]), UNSET)
    if engine == "ministack" and isinstance(wish.recovery, Recovery):
        unset["recovery"] = Recovery()  # it keeps no period
    wish = replace(wish, name=name, indexes=tuple(_kept(index, engine) for index in single), **unset)
    for step in arrange(diff(wish, None), wish, None):
        if not isinstance(step, Wait):
            tables.send(name, step)
    try:
        assert diff(wish, tables.describe(name, settings_of(wish)).table) == ()
    finally:
        tables.send(name, CallProtection(enabled=False))
        tables.delete(name)


def _kept(index: Index, engine: str) -> Index:
    """The index without the settings that the engine takes and forgets."""
    return replace(
        index,
        **{field: UNSET for field in ("warm", "autoscaling", "on_demand_maximum") if field in IGNORED[engine]},
    )


def test_a_stream_of_another_view_is_not_already_so(tables: AwsTables, name: str, engine: str) -> None:
    """ministack changes the view in place, which the service refuses; where it is refused it stays a refusal."""
    made(tables, name, stream=StreamView.NEW_IMAGE)
    step = CallStream(view=StreamView.OLD_IMAGE)
    if engine == "ministack":
        tables.send(name, step)
        assert tables.describe(name, ()).table.stream is StreamView.OLD_IMAGE
    else:
        with pytest.raises(TableBusy):
            tables.send(name, step)
