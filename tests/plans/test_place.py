"""The place of a table in its plan, found from what is live: for any plan, at any step, also where a call was sent and
nobody recorded it."""

from __future__ import annotations

from hypothesis import given
from msgspec.structs import replace

from dynasmith.plans.make import make_table_plan
from dynasmith.plans.place import next_place, places
from dynasmith.plans.refusal import refusals
from dynasmith.plans.simulate import simulate
from dynasmith.plans.step import (
    CallDeregisterScaling,
    CallRegisterScaling,
    CallScalingPolicy,
    CallUpdateReplica,
    Wait,
)
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.backup_plan import (
    CallBackupRole,
    CallBackupRolePolicy,
    CallBackupRules,
    CallBackupVault,
)
from dynasmith.tables.table import Table
from example_counts import examples
from strategies import table_pairs

SENT_AGAIN = (
    CallBackupRole,
    CallBackupRolePolicy,
    CallBackupRules,
    CallBackupVault,
    CallDeregisterScaling,  # of an index that goes
    CallRegisterScaling,
    CallScalingPolicy,  # of a table whose autoscaling is not read
    CallUpdateReplica,
)
"""Calls after which the difference is what it was; each says the same when it is sent again."""


def follow(desired: Table, current: Table | None) -> None:
    """Go through the plan; at each step the place is found, whatever of the steps before was recorded."""
    description = None if current is None else TableDescription(table=current, status="ACTIVE")
    plan = make_table_plan(desired, description, prune=True)
    if refusals(plan):
        return
    table = current
    for done in range(len(plan.steps) + 1):
        fitting = places(plan, current, plan.desired, table)
        assert next_place(fitting, done) == done
        for recorded in range(done):
            place = next_place(fitting, recorded)
            assert place is not None
            assert place <= done, "a step would be left out"
            again = [step for step in plan.steps[place:done] if not isinstance(step, Wait)]
            assert all(isinstance(step, SENT_AGAIN) for step in again), again
        if done < len(plan.steps):
            table = simulate(plan.steps[done], table)


@examples(12)
@given(table_pairs())
def test_of_any_plan(pair: tuple[Table, Table]) -> None:
    follow(*pair)
    follow(pair[0], None)


@examples(12)
@given(table_pairs())
def test_a_table_that_somebody_else_changed_is_at_no_place(pair: tuple[Table, Table]) -> None:
    """A table that is neither as it was nor as any step leaves it: another tag than anybody wanted."""
    desired, current = pair
    plan = make_table_plan(desired, TableDescription(table=current, status="ACTIVE"), prune=True)
    if refusals(plan) or not plan.steps or not isinstance(desired.tags, dict):
        return
    strange = replace(current, tags={**(current.tags if isinstance(current.tags, dict) else {}), "nobody": "wants"})
    assert places(plan, current, plan.desired, strange) == ()
