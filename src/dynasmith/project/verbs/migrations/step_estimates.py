"""What the steps of a path cost, take and destroy, from the tables as they are now. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from dynasmith.engine.backfill.survey import indexes_of
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.errors import DynasmithError, TableNotFound
from dynasmith.jobs.estimate import JobEstimate, estimate_units, with_cost, with_time
from dynasmith.jobs.options import TransferOptions
from dynasmith.project.verbs.delete_items import rehearse_delete_items
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.recorded_migration import RecordedStep
from dynasmith.project.verbs.migrations.table_changes import planned_settings
from dynasmith.project.verbs.populate import rehearse as rehearse_populate
from dynasmith.project.verbs.table_items import has_items

_ALL_ITEMS = frozenset({"backfill", "rename", "remove", "add", "copy_to"})
"""Steps that read every item, and may write each."""
_DELETES = frozenset({"delete_where", "delete_all"})
DESTROYS = frozenset({"drop_table"}) | _DELETES
"""Steps after which items are gone."""
_FILLS = _ALL_ITEMS | {"populate", "undo"}
"""Steps after which a table has items."""


@dataclass(frozen=True)
class StepEstimates:
    """Estimates and hazards of steps, each table described once. ``items`` only reads; ``folder`` has the files."""

    items: ItemWorld
    folder: Path
    _ends: dict[str, TableEnd | None] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)
    _filled: set[str] = field(default_factory=set)

    def of(self, step: RecordedStep) -> JobEstimate | None:
        """Items, units, seconds and dollars of a step, at most; None where it moves no items, or where nothing is known
        of its table yet."""
        end = self._end(step.table) if step.table else None
        found = None
        with suppress(DynasmithError):  # the run itself says what is wrong with a file or a condition
            if end is not None:
                found = self._estimated(step, end)
        return None if found is None else with_cost(found, self.items.prices())

    def _estimated(self, step: RecordedStep, end: TableEnd) -> JobEstimate | None:
        described = end.description
        size = described.item_count_estimate, described.size_bytes_estimate
        pace = {
            "read_rate": rates(end, "read", None).ceiling,
            "write_rate": rates(end, "write", step.max_write_units).ceiling,
        }
        if step.operation in _ALL_ITEMS:
            written = self._end(step.target) if step.target else end
            indexes = len(indexes_of(written)) if written is not None else 0
            return with_time(estimate_units(*size, (), indexes=float(indexes)), **pace)
        if step.operation in _DELETES:
            options = TransferOptions(condition=step.condition)
            found = rehearse_delete_items(self.items, step.table, options=options)
            return replace(found.estimate, items=found.deleted)
        if step.operation == "populate":
            file = Path(step.file)
            path = str(file if file.is_absolute() else self.folder / file)
            return rehearse_populate(self.items, step.table, path, None, None, None).estimate
        if step.operation == "undo" and step.items is not None:
            mean = size[1] // size[0] if size[0] else 0
            return with_time(replace(estimate_units(step.items, step.items * mean, ()), read_units=0.0), **pace)
        if step.operation == "add_index":
            return replace(estimate_units(*size, ()), read_units=0.0)
        return None

    def hazards(self, step: RecordedStep, estimate: JobEstimate | None) -> tuple[str, ...]:
        """What a step destroys or breaks, as sentences without a full stop."""
        table = self.items.world.physical(step.table) if step.table else ""
        match step.operation:
            case "drop_table":
                without = "" if step.backup else ", and no backup is made"
                return (f"table {table} and all its items are deleted{without}",) if self.may_exist(step.table) else ()
            case "delete_where" | "delete_all":
                known = f"about {estimate.items:,} items" if estimate is not None else "items"
                return (f"{known} of table {table} are deleted",) if self.may_exist(step.table) else ()
            case "drop_index":
                return ("queries of the index fail from then on",)
            case "copy_to" | "populate" if step.mode == "overwrite":
                target = self.items.world.physical(step.target or step.table)
                return (f"items of table {target} with the same keys are overwritten, and nothing keeps them",)
            case "set":
                with suppress(DynasmithError):
                    plan = planned_settings(self.items.world, step.table, step.settings)
                    return tuple(hazard.why for each in plan.tables for hazard in each.hazards)
        return ()

    def destroyed(self, step: RecordedStep) -> str:
        """The physical name of the table whose items a step destroys; empty where it destroys none: of a table that is
        not there or is empty, and that no earlier step of the path makes or fills."""
        is_filled = step.table in self._filled
        if step.operation in _FILLS and step.items != 0:
            self._filled.add(step.target or step.table)
        elif step.operation == "create_table":
            self._made.add(step.table)
        if step.operation not in DESTROYS or not (is_filled or self._has_items(step.table)):
            return ""
        return self.items.world.physical(step.table)

    def may_exist(self, table: str) -> bool:
        """Whether a table is there, or an earlier step of the path makes it."""
        return table in self._made or self._end(table) is not None

    def _has_items(self, table: str) -> bool:
        end = self._end(table)
        return end is not None and has_items(self.items.world, end.name)

    def _end(self, table: str) -> TableEnd | None:
        if table not in self._ends:
            try:
                self._ends[table] = self.items.end(self.items.side(table))
            except TableNotFound:
                self._ends[table] = None
        return self._ends[table]


def summed(estimates: Sequence[JobEstimate]) -> JobEstimate:
    """The sum of the estimates of steps that run one after the other; dollars are unknown where those of one are."""
    seconds = [each.seconds for each in estimates if each.seconds is not None]
    dollars = [each.dollars for each in estimates]
    return JobEstimate(
        sum(each.items for each in estimates),
        sum(each.bytes for each in estimates),
        sum(each.read_units for each in estimates),
        sum(each.write_units for each in estimates),
        seconds=sum(seconds) if seconds else None,
        dollars=None if None in dollars else sum(each or 0.0 for each in dollars),
    )
