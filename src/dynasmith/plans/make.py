"""From a wish and a description to the plan of one table: difference, order, hazards, notes, costs, in one place."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.limits import GSI_PER_TABLE_MAX_INDEXES
from dynasmith.plans.arrange import arrange
from dynasmith.plans.change import Change
from dynasmith.plans.diff import diff
from dynasmith.plans.estimate import estimate
from dynasmith.plans.hazard import Facts, hazard
from dynasmith.plans.notes import notes
from dynasmith.plans.plan import TablePlan, fingerprint_of
from dynasmith.plans.prices import Prices
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table, known


def make_table_plan(
    desired: Table,
    description: TableDescription | None,
    *,
    item_changes: Sequence[Change] = (),
    unoffered: Mapping[str, str] | None = None,
    facts: Facts | None = None,
    prices: Prices | None = None,
    prune: bool = False,
    only: Sequence[str] = (),
    index_quota: int = GSI_PER_TABLE_MAX_INDEXES,
) -> TablePlan:
    """The plan of one table. Pure: what had to be looked up comes in as arguments.

    ``only`` limits the plan to these fields of `Table`. ``unoffered`` settings are left out of the wish and noted.
    """
    missing = dict(unoffered or {}) | ({} if description is None else description.unread)
    wish = without(limited(desired, only), missing)
    current = None if description is None else description.table
    changes = (*diff(wish, current, prune=prune), *item_changes)
    verdicts = [hazard(change, desired.name, facts or Facts()) for change in changes]
    costs = [estimate(change, description, prices or Prices()) for change in changes]
    return TablePlan(
        table=desired.name,
        exists=description is not None,
        desired=wish,
        changes=changes,
        steps=arrange(changes, wish, current, index_quota=index_quota),
        hazards=tuple(verdict for verdict in verdicts if verdict is not None),
        notes=notes(limited(desired, only), description, unoffered=unoffered or {}, prune=prune),
        estimates=tuple(cost for cost in costs if cost is not None),
        fingerprint=fingerprint_of(wish, current),
        prune=prune,
    )


def limited(desired: Table, only: Sequence[str]) -> Table:
    """``desired`` with only these settings managed; all where ``only`` is empty."""
    if not only:
        return desired
    keep = {"name", "key", *only}
    return replace(desired, **{name: UNSET for name in Table.__struct_fields__ if name not in keep})


def without(desired: Table, missing: Mapping[str, str]) -> Table:
    """``desired`` without the settings that cannot be had here, of the table and of its indexes."""
    gone = {name: UNSET for name in missing if name in Table.__struct_fields__ and name not in ("name", "key")}
    wish = replace(desired, **gone)
    parts = {name: UNSET for name in missing if name in ("autoscaling", "warm", "on_demand_maximum", "capacity")}
    if parts and not isinstance(wish.indexes, UnsetType):
        wish = replace(wish, indexes=tuple(replace(index, **parts) for index in known(wish.indexes, ())))
    return wish
