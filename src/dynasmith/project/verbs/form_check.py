"""``check --from``: a file of another tool, the definitions and the live tables, all three compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import UNSET, Struct
from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.iac.readers.foreign_tables import UnresolvedValue
from dynasmith.plans.plan import Plan, PlanFailure, TablePlan
from dynasmith.plans.side_differences import SideDifference, side_differences
from dynasmith.project.verbs.model_import import import_from
from dynasmith.project.verbs.plan import make_plan
from dynasmith.project.world import World
from dynasmith.tables.findings import did_you_mean
from dynasmith.tables.table import Table


class FormCheck(Struct, frozen=True, kw_only=True):
    """What a comparison of a file, the definitions and the live tables found.

    ``tables`` are those that were compared, by their physical names. ``unresolved`` are values that the file alone does
    not say: nothing is known of them. ``failures`` are tables that could not be read."""

    source: str
    tables: tuple[str, ...]
    differences: tuple[SideDifference, ...] = ()
    unresolved: tuple[UnresolvedValue, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[PlanFailure, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether all three say the same of every table, and nothing of the file is unknown."""
        return not (self.differences or self.unresolved or self.failures)


def check_from(
    world: World,
    source: str,
    names: Sequence[str],
    *,
    tables: Mapping[str, str],
    parameters: Mapping[str, str],
    prune: bool,
) -> FormCheck:
    """See `Project.check_from`."""
    imported = import_from(world, source, "definition", {}, tables, parameters)
    in_file = {table.name: _whole(table) for table in imported.tables}
    wanted = [world.physical(name) for name in names]
    defined = {table.name: table for table in world.tables([])}
    for name in wanted:
        if name not in in_file and name not in defined:
            near = did_you_mean(name, [*in_file, *defined])
            raise UsageError(f"Table {name} is neither in {source} nor in a definition.", hint=near)
    chosen = tuple(dict.fromkeys(wanted)) or tuple(sorted({*in_file, *defined}))
    of_file = make_plan(world, [in_file[name] for name in chosen if name in in_file], prune=True)
    of_definitions = make_plan(world, [defined[name] for name in chosen if name in defined], prune=prune)
    plans = _by_table(of_file), _by_table(of_definitions)
    failures = {each.table: each for each in (*of_file.failures, *of_definitions.failures)}
    differences = [
        each
        for name in chosen
        if name not in failures
        for each in side_differences(name, in_file.get(name), defined.get(name), plans[0].get(name), plans[1].get(name))
    ]
    return FormCheck(
        source=source,
        tables=chosen,
        differences=tuple(differences),
        unresolved=imported.unresolved,
        notes=imported.notes,
        failures=tuple(failures.values()),
    )


def _whole(table: Table) -> Table:
    """A table of a file, which says all of its indexes; items are no setting."""
    indexes = () if table.indexes is UNSET else table.indexes
    local = () if table.local_indexes is UNSET else table.local_indexes
    return replace(table, indexes=indexes, local_indexes=local, items=UNSET)


def _by_table(plan: Plan) -> dict[str, TablePlan]:
    return {each.table: each for each in plan.tables}
