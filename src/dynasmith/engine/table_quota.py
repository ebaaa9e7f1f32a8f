"""The quota of tables in a Region, held against what is there: one table more than fits is refused beforehand."""

from collections.abc import Sequence
from itertools import islice

from msgspec.structs import replace

from dynasmith.errors import DynasmithError
from dynasmith.plans.change import Conflict
from dynasmith.plans.hazard import hazard
from dynasmith.plans.plan import TablePlan
from dynasmith.ports.tables import Tables


def within_quota(plans: Sequence[TablePlan], tables: Tables, quota: int) -> tuple[TablePlan, ...]:
    """``plans``, those of new tables that no longer fit with a conflict. Costs one ListTables for every hundred tables
    there are, at most up to the quota, and nothing where no table is new. Where they cannot be listed, all fit."""
    new = [plan.table for plan in plans if not plan.exists and plan.changes]
    if not new:
        return tuple(plans)
    try:
        there = sum(1 for _ in islice(tables.names(), quota))
    except DynasmithError:
        return tuple(plans)
    left_out = set(new[max(0, quota - there) :])
    return tuple(_refused(plan, there, quota) if plan.table in left_out else plan for plan in plans)


def _refused(plan: TablePlan, there: int, quota: int) -> TablePlan:
    conflict = Conflict(
        path="name",
        before=f"{there:,} tables",
        after="one more",
        reason=f"the quota of tables in this Region is {quota:,}",
        way_out="delete tables that are not needed, or raise tables_per_region in [limits] where the quota is higher",
    )
    verdict = hazard(conflict, plan.table)
    assert verdict is not None
    return replace(plan, changes=(conflict, *plan.changes), hazards=(verdict, *plan.hazards))
