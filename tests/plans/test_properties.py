"""The planner's own proofs: it arrives, it leaves alone what is not mentioned, and every prefix is a table."""

from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.plans import step as s
from dynasmith.plans.arrange import arrange
from dynasmith.plans.change import Change, Conflict, ReplaceTable
from dynasmith.plans.diff import diff
from dynasmith.plans.make import make_table_plan
from dynasmith.plans.plan import TablePlan
from dynasmith.plans.simulate import created, simulate, simulate_all
from dynasmith.plans.step import Step
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.base import WaitTable
from dynasmith.tables.settings.deletion_protection import CallProtection
from dynasmith.tables.settings.encryption import CallEncryption
from dynasmith.tables.settings.stream import CallStream
from dynasmith.tables.settings.table_class import CallTableClass
from dynasmith.tables.table import Billing, StreamView, Table, known
from example_counts import examples
from strategies import table_pairs, tables

EXAMPLES = examples(50)


def live(wish: Table) -> Table:
    """A table that is there: what a plan for ``wish`` leaves behind of nothing."""
    made = simulate_all(arrange(diff(wish, None), wish, None), None)
    assert made is not None
    return made


def steps_of(desired: Table, current: Table, *, prune: bool) -> tuple[Step, ...]:
    return arrange(diff(desired, current, prune=prune), desired, current)


def refused(changes: tuple[Change, ...]) -> bool:
    """Whether the plan is refused: then it has no way to arrive."""
    return any(isinstance(change, ReplaceTable | Conflict) for change in changes)


@EXAMPLES
@given(tables())
def test_a_new_table_is_as_wished(wish: Table) -> None:
    assert diff(wish, live(wish), prune=True) == ()


@EXAMPLES
@given(table_pairs(), st.booleans())
def test_a_plan_arrives(pair: tuple[Table, Table], prune: bool) -> None:
    desired, other = pair
    current = live(other)
    if refused(diff(desired, current, prune=prune)):
        return
    after = simulate_all(steps_of(desired, current, prune=prune), current)
    assert diff(desired, after, prune=prune) == ()


@EXAMPLES
@given(table_pairs(), st.booleans())
def test_nothing_that_is_not_mentioned_changes(pair: tuple[Table, Table], prune: bool) -> None:
    desired, other = pair
    current = live(other)
    if refused(diff(desired, current, prune=prune)):
        return
    after = simulate_all(steps_of(desired, current, prune=prune), current)
    assert after is not None
    # Billing decides about capacities; everything else that the definition leaves out must stay as it was.
    follows = {"capacity", "indexes", "on_demand_maximum", "warm"}
    follows_billing = follows if not isinstance(desired.billing, UnsetType) else set()
    for field in Table.__struct_fields__:
        if isinstance(getattr(desired, field), UnsetType) and field not in follows_billing:
            if field in ("consistency", "witness_region") and not isinstance(desired.replicas, UnsetType):
                continue
            assert getattr(after, field) == getattr(current, field), field


@EXAMPLES
@given(table_pairs(), st.booleans())
def test_each_prefix_is_a_table_that_may_exist(pair: tuple[Table, Table], prune: bool) -> None:
    desired, other = pair
    current = live(other)
    if refused(diff(desired, current, prune=prune)):
        return
    state = current
    for step in steps_of(desired, current, prune=prune):
        state = simulate(step, state)
        assert_may_exist(state)


def assert_may_exist(table: Table) -> None:
    """What the service would not let be, whatever the order of the calls."""
    indexes = known(table.indexes, ())
    names = Counter(index.name for index in indexes)
    assert max(names.values(), default=1) == 1
    assert len(indexes) <= 20
    types: dict[str, str] = {}
    for attribute in table.key_attributes():
        assert types.setdefault(attribute.name, attribute.type) == attribute.type
    provisioned = table.billing is Billing.PROVISIONED
    for capacity in (table.capacity, *(index.capacity for index in indexes)):
        assert isinstance(capacity, UnsetType) is not provisioned
    if known(table.replicas, ()) and table.consistency != "STRONG":
        assert table.stream is StreamView.NEW_AND_OLD_IMAGES
    assert table.time_to_live not in table.key.names


@EXAMPLES
@given(table_pairs(), st.booleans())
def test_one_index_change_at_a_time_each_waited_for(pair: tuple[Table, Table], prune: bool) -> None:
    desired, other = pair
    steps = steps_of(desired, live(other), prune=prune)
    followers: tuple[Step | None, ...] = (*steps[1:], None)
    for step, following in zip(steps, followers[: len(steps)], strict=True):
        if isinstance(step, s.CallCreateIndex):
            assert following == s.WaitIndex(name=step.index.name)
        if isinstance(step, s.CallDeleteIndex):
            assert following == s.WaitIndexGone(name=step.name)
        if isinstance(step, UPDATES_TABLE):
            assert isinstance(following, WaitTable)


UPDATES_TABLE = (
    s.CallBilling,
    s.CallCapacity,
    s.CallOnDemandMaximum,
    s.CallWarm,
    CallStream,
    CallEncryption,
    CallTableClass,
    CallProtection,
)


@EXAMPLES
@given(tables())
def test_the_plan_of_an_unchanged_table_has_no_step(wish: Table) -> None:
    current = live(wish)
    plan = make_table_plan(wish, TableDescription(table=current, status="ACTIVE"), prune=True)
    assert plan.changes == ()
    assert plan.steps == ()
    assert plan.hazards == ()


@EXAMPLES
@given(table_pairs(), st.booleans())
def test_a_plan_round_trips_through_json(pair: tuple[Table, Table], prune: bool) -> None:
    desired, other = pair
    plan = make_table_plan(desired, TableDescription(table=live(other), status="ACTIVE"), prune=prune)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=TablePlan) == plan


@EXAMPLES
@given(tables())
def test_what_moves_by_itself_is_in_no_fingerprint(wish: Table) -> None:
    current = live(wish)
    grown = replace(current, warm=replace(known(current.warm, UNSET), read=99_999, write=99_999))  # type: ignore[type-var]
    before = make_table_plan(wish, TableDescription(table=current, status="ACTIVE", item_count_estimate=1))
    after = make_table_plan(wish, TableDescription(table=grown, status="ACTIVE", item_count_estimate=2))
    assert before.fingerprint == after.fingerprint


@EXAMPLES
@given(tables())
def test_created_says_every_setting(wish: Table) -> None:
    made = created(wish)
    assert made.time_to_live is None
    assert made.recovery is None
    assert made.replicas == ()
