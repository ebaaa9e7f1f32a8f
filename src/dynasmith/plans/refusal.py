"""What of a plan can never be carried out, why, and what to do instead: said once, for `plan`, `apply` and programs."""

from collections.abc import Sequence

from msgspec import Struct, UnsetType

from dynasmith.plans.change import Change, Conflict, ReplaceTable
from dynasmith.plans.plan import Plan, TablePlan


class PlanRefusal(Struct, frozen=True, kw_only=True):
    """A change that cannot be made in place. ``needs_replacement`` says that only a new table could have it."""

    path: str
    message: str
    way_out: str
    needs_replacement: bool


def refusals(plan: TablePlan) -> tuple[PlanRefusal, ...]:
    """Every change of a table's plan that cannot be made; empty where the plan can be carried out."""
    return refusals_of(plan.table, plan.changes)


def refusals_of(table: str, changes: Sequence[Change]) -> tuple[PlanRefusal, ...]:
    """The changes among these that cannot be made to ``table`` (its physical name)."""
    return tuple(_refusal(table, change) for change in changes if isinstance(change, ReplaceTable | Conflict))


def impossible(plan: Plan) -> tuple[TablePlan, ...]:
    """The tables of a plan that cannot become what their definitions say."""
    return tuple(table for table in plan.tables if refusals(table))


def _refusal(table: str, change: ReplaceTable | Conflict) -> PlanRefusal:
    message = f"{change.path} {change.before} -> {change.after}: {change.reason}"
    if isinstance(change, ReplaceTable):
        if change.path.startswith("replicas."):
            region = change.path.split(".")[1]
            way_out = f"remove replica {region} (apply --prune without it), then add it again"
        else:
            way_out = (
                f"only a new table can have it: dynasmith replace {table} makes one while this one is in use; with a "
                "new key, add --transform"
            )
        return PlanRefusal(path=change.path, message=message, way_out=way_out, needs_replacement=True)
    way_out = (
        "change the definition, or remove what forbids it first"
        if isinstance(change.way_out, UnsetType)
        else change.way_out
    )
    return PlanRefusal(path=change.path, message=message, way_out=way_out, needs_replacement=False)
