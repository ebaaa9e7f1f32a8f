"""Every prefix of a plan: what `simulate` says is what a reader of the table then finds, step by step."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from access_stories import Functions
from dynasmith import Consent, Project, Table, connect
from dynasmith.engine.waiter import StopFlag, wait_for
from dynasmith.plans.make import make_table_plan
from dynasmith.plans.refusal import refusals
from dynasmith.plans.simulate import simulate
from dynasmith.plans.step import Call, CallCreateIndex, Step, Wait
from dynasmith.project.project import world_of
from dynasmith.strict import StrictServer
from dynasmith.tables.policy import policy_form
from dynasmith.tables.settings.time_to_live import WaitTimeToLive
from dynasmith.tables.table import (
    Autoscaling,
    BackupPlan,
    Billing,
    Capacity,
    EncryptionKind,
    Index,
    Insights,
    InsightsMode,
    Key,
    KeyAttribute,
    KinesisDestination,
    KinesisPrecision,
    Projection,
    ProjectionKind,
    Scaling,
    StreamView,
    known,
)
from strategies import table_pairs

_names = itertools.count()
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/{}"


def on_one_engine(table: Table, name: str) -> Table:
    """The table without what the engine cannot hold: other Regions, keys of KMS and functions that it does not have."""
    encryption = table.encryption
    if not isinstance(encryption, UnsetType) and encryption.kind is EncryptionKind.CUSTOMER:
        encryption = UNSET
    if isinstance(table.backup_plan, BackupPlan):
        table = replace(table, backup_plan=replace(table.backup_plan, role=UNSET))  # which is another account's
    if not isinstance(table.access, UnsetType):
        table = replace(table, access=tuple(each for each in table.access if isinstance(each.role, str)))
    other_regions = {"replicas": UNSET, "consistency": UNSET, "witness_region": UNSET}
    return replace(table, name=name, encryption=encryption, triggers=UNSET, items=UNSET, **other_regions)


def read(project: Project, name: str) -> Table:
    """The table as a reader describes it, with its policy in the form that compares."""
    return comparable(world_of(project).control.describe(name).table)


def comparable(table: Table) -> Table:
    policy, plan = table.resource_policy, table.backup_plan
    if isinstance(plan, BackupPlan):
        # What a definition does not mention of it (vault, role, windows) has a name at the service.
        rules = (replace(each, start_window_minutes=UNSET, completion_window_minutes=UNSET) for each in plan.rules)
        table = replace(table, backup_plan=BackupPlan(rules=tuple(sorted(rules, key=lambda each: each.name))))
    access = tuple(replace(each, held_by="") for each in known(table.access, ()))
    return replace(table, access=access, resource_policy=policy_form(policy) if isinstance(policy, str) else policy)


def follow(strict: StrictServer, desired: Table, current: Table) -> list[Step]:
    """Bring a table to ``current``, then send the plan for ``desired`` step by step and compare after each."""
    clock = strict.clock
    with connect(endpoint=strict.endpoint, tables=[current], clock=clock) as project:
        report = project.apply(project.plan(), consent=Consent(yes=True), fresh=True)
        assert report.failures == {}, report.failures
        strict.clock.advance(hours=3)  # a change of TTL is taken once an hour
        description = world_of(project).control.describe(current.name)
        plan = make_table_plan(desired, description, prune=True)
        if refusals(plan):
            return []
        state = description.table
        for step in plan.steps:
            if isinstance(step, WaitTimeToLive):
                strict.clock.advance(hours=3)
            if isinstance(step, Wait):
                wait_for(step, current.name, world_of(project).control, clock, StopFlag(), lambda *_: None)
            else:
                assert isinstance(step, Call)
                world_of(project).control.send(current.name, step)
            state = simulate(step, state)
            assert comparable(state) == read(project, current.name), step
        return list(plan.steps)


def make_roles(endpoint: str) -> None:
    """The roles that access of drawn tables is for."""
    for role in ("app", "team-app"):
        with contextlib.suppress(ClientError):  # an engine that other tests share
            Functions(endpoint, "test").role(role)


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(table_pairs())
def test_of_any_plan(strict: StrictServer, pair: tuple[Table, Table]) -> None:
    name = f"prefix-{next(_names)}"
    make_roles(strict.endpoint)
    follow(strict, on_one_engine(pair[0], name), on_one_engine(pair[1], name))


KEY = Key(partition=(KeyAttribute(name="pk", type="S"),))
SCALED = Autoscaling(read=Scaling(min=5, max=50), write=Scaling(min=5, max=50, target=60, scale_in_cooldown_seconds=9))


def index(name: str, **more: object) -> Index:
    key = Key(partition=(KeyAttribute(name=name, type="S"),))
    return Index(name=name, key=key, **more)  # type: ignore[arg-type]


BEFORE = Table(
    name="rich",
    key=KEY,
    billing=Billing.PROVISIONED,
    capacity=Capacity(read=5, write=5),
    autoscaling=Autoscaling(read=SCALED.read, write=None),
    indexes=(
        index("zone", capacity=Capacity(read=2, write=2), autoscaling=SCALED, contributor_insights=True),
        index("gone", capacity=Capacity(read=2, write=2)),
    ),
    stream=StreamView.KEYS_ONLY,
    kinesis_stream=KinesisDestination(stream=STREAM.format("a"), precision=KinesisPrecision.MICROSECOND),
    tags={"old": "1"},
)
AFTER = replace(
    BEFORE,
    capacity=Capacity(read=9, write=3),
    autoscaling=Autoscaling(read=Scaling(min=1, max=9, target=UNSET), write=SCALED.write),
    indexes=(
        index("zone", projection=Projection(kind=ProjectionKind.KEYS_ONLY)),
        index("area", autoscaling=SCALED, contributor_insights=Insights(mode=InsightsMode.THROTTLED_KEYS)),
    ),
    stream=StreamView.NEW_IMAGE,
    kinesis_stream=STREAM.format("b"),
    contributor_insights=Insights(mode=InsightsMode.THROTTLED_KEYS),
    tags={"new": "2"},
    deletion_protection=True,
)


@pytest.mark.parametrize("on_demand", [False, True])
def test_of_a_plan_with_everything(strict: StrictServer, on_demand: bool) -> None:
    name = f"rich-{next(_names)}"  # the engine of autoscaling behind the endpoint remembers names
    before, desired = replace(BEFORE, name=name), replace(AFTER, name=name)
    if on_demand:
        bare = tuple(replace(each, autoscaling=UNSET) for each in known(AFTER.indexes, ()))
        desired = replace(desired, billing=Billing.ON_DEMAND, capacity=UNSET, autoscaling=UNSET, indexes=bare)
    assert len(follow(strict, desired, before)) > 20
    with connect(endpoint=strict.endpoint) as project:
        zone = project.describe(name).table.index("zone")
    assert zone is not None
    assert zone.projection.kind is ProjectionKind.KEYS_ONLY
    # A rebuilt index keeps what nobody mentioned.
    assert zone.contributor_insights == Insights(mode=InsightsMode.ALL_KEYS)
    if not on_demand:
        assert zone.capacity == Capacity(read=2, write=2)
        scaling = known(zone.autoscaling, Autoscaling())
        assert isinstance(scaling.write, Scaling)
        assert (scaling.write.target, scaling.write.scale_in_cooldown_seconds) == (60, 9)


def test_what_was_not_read_is_not_simulated() -> None:
    """A reader that was not asked for autoscaling leaves it unset, on a new index too."""
    unread = Table(name="rich", key=KEY, indexes=())
    step = CallCreateIndex(index=index("zone"), attributes=())
    (built,) = known(simulate(step, unread).indexes, ())
    assert built.autoscaling is UNSET
    assert built.warm is UNSET
    assert built.contributor_insights is UNSET
