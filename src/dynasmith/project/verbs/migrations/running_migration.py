"""`RunningMigration`: the ``m`` of a migration that runs. Each operation is a step of `StepLog`."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from dynasmith.errors import RunError, UsageError
from dynasmith.items.condition.condition import parse_condition
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.options import TransferOptions, mode_of
from dynasmith.migrations.event import Direction, MigrationEvent, StepRecord, cut_text
from dynasmith.operations import Add, Remove, Rename
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.migrations.item_steps import ItemSteps, counts_json, counts_of
from dynasmith.project.verbs.migrations.safety_point import make_safety_point
from dynasmith.project.verbs.migrations.step_log import StepLog, function_digest
from dynasmith.project.verbs.migrations.table_changes import (
    add_index,
    change_settings,
    create_table,
    drop_index,
    drop_table,
    index_as_it_is,
    put_back_index,
    settings_as_they_are,
)
from dynasmith.project.verbs.tables import exists
from dynasmith.project.verbs.transforms import AnyTransform
from dynasmith.project.world import World
from dynasmith.tables.table import Table

T = TypeVar("T")
_log = logging.getLogger("dynasmith.migrations")
LOG_LINES_MAX = 100
"""Lines of `log` that an event keeps: the last ones."""


class RunningMigration:
    """Keeps `dynasmith.migrations.Migration`."""

    def __init__(
        self,
        steps: StepLog,
        world: World,
        jobs: ItemSteps,
        begun: MigrationEvent,
        direction: Direction,
        *,
        folder: Path,
        exports: Path,
        told: Callable[[str], None],
        listener: Listener,
        allowed: Callable[[str], None],
    ) -> None:
        """``allowed`` is asked before a step that destroys items of a table, and raises where it may not."""
        self._steps, self._world, self._jobs, self._begun = steps, world, jobs, begun
        self.allowed = allowed
        self._folder, self._exports = folder, exports
        self._told, self._listener = told, listener
        self.lines: list[str] = []
        self.undo: dict[int, AnyTransform] = {}
        self.version = begun.version or begun.name
        self.direction = direction
        self.dry_run = False
        self.environment = world.settings.environment
        self.now: datetime = begun.at

    def over_records(self, steps: StepLog) -> RunningMigration:
        """The same over steps that answer from their records: it says nothing, and its ``undo`` is filled."""
        return RunningMigration(
            steps,
            self._world,
            self._jobs,
            self._begun,
            "up",
            folder=self._folder,
            exports=self._exports,
            told=lambda _: None,
            listener=silent,
            allowed=self.allowed,
        )

    # --- words

    def log(self, message: str, **values: Any) -> None:
        """A line for the person who looks, kept with the event."""
        self._steps.enter()
        self.note(" ".join([message, *(f"{name}={value!r}" for name, value in values.items())]))

    def note(self, line: str) -> None:
        """A line, masked."""
        line = self._world.masks(line)
        self.lines = [*self.lines, cut_text(line)][-LOG_LINES_MAX:]
        self._told(line.encode("utf-8", "backslashreplace").decode())

    def progress(self, done: int, total: int | None = None) -> None:
        """How far code of its own is; not kept."""
        self._steps.enter()
        self._told(f"{done:,} of {total:,}" if total is not None else f"{done:,}")

    # --- what decides, and what is free

    def check(self, predicate: Callable[[], bool] | bool, message: str) -> None:
        """Fail where ``predicate`` is false. Raises RunError with ``message``."""

        def work(_record: StepRecord, _goes_on: bool) -> None:
            if not (predicate() if callable(predicate) else predicate):
                raise RunError(message)

        self._steps.step("check", work, arguments={"message": message})

    def once(self, name: str, work: Callable[[], T]) -> T:
        """Free writes, at least once; the result is kept."""
        kept: T = self._steps.step("once", lambda _record, _goes_on: work(), arguments={"name": name})
        return kept

    def read(self, name: str, fn: Callable[[], T]) -> T:
        """What decides; the result is kept."""
        kept: T = self._steps.step("read", lambda _record, _goes_on: fn(), arguments={"name": name})
        return kept

    def uuid(self, name: str) -> uuid.UUID:
        """An id, the same one after each interruption."""
        self._steps.enter()
        begun = self._begun
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{begun.run}/{self.version}/{begun.number}/{name}")

    def client(self, service: str = "dynamodb") -> Any:
        """A boto3 client of the environment."""
        if self._steps.is_inside:
            return self._world.session.client(service)
        self._steps.step("client", lambda _record, _goes_on: None, arguments={"service": service})
        if self._steps.replay.finished_ahead:
            self.note(f"m.client({service!r}): what it reads before a step that is done may differ from the first time")
        return self._world.session.client(service)

    def db(self) -> Any:
        """Items of model classes."""
        if not self._steps.is_inside:
            self._steps.step("db", lambda _record, _goes_on: None)
        from dynasmith.project.verbs.models import open_db

        return open_db(self._world)

    # --- tables

    def create_table(self, table: Any) -> None:
        """Create a table, or find it as it is defined."""
        wanted = self._table(table)

        def work(record: StepRecord, _goes_on: bool) -> Any:
            create_table(self._world, wanted, self._listener)
            return record.result

        self._steps.step(
            "create_table",
            work,
            table=wanted.name,
            arguments={"table": repr(wanted)},
            before=lambda: not exists(self._world, wanted),
        )

    def drop_table(self, name: str, *, backup: bool = True) -> None:
        """Delete a table; its items can be restored from what is made before, unless ``backup`` is false."""

        def work(_record: StepRecord, _goes_on: bool) -> None:
            for line in drop_table(self._jobs.items.world, name):
                self.note(line)

        safety: Callable[[StepRecord], str] = self.safe(name) if backup else lambda _: ""
        self._steps.step(
            "drop_table",
            work,
            table=name,
            arguments={"backup": backup},
            before=lambda: self.allowed(name),
            safety=safety,
        )

    def safe(self, table: str) -> Callable[[StepRecord], str]:
        """What makes a safety point of a table before a step destroys its items, and says so in the log."""

        def make(record: StepRecord) -> str:
            name = f"migration-{self.version}-{self._begun.number}-{record.ordinal}"
            point = make_safety_point(self._jobs.items, table, name, self._exports, self._listener, self._told)
            if point is None:
                return ""
            self.note(f"before step {record.ordinal} the items of {table} can be restored from {point}")
            return str(point)

        return make

    def table(self, name: str) -> TableSteps:
        """The operations on one table."""
        self._steps.enter()
        return TableSteps(self, self._steps, self._world, self._jobs, name, self._folder, self._listener)

    def _table(self, table: Any) -> Table:
        if isinstance(table, Table):
            return table
        if isinstance(table, str):
            return self._world.tables([table])[0]
        from dynasmith.project.verbs.migrations.model_tables import table_of_class

        return table_of_class(self._world, table)


class TableSteps:
    """Keeps `dynasmith.migrations.TableOperations`."""

    def __init__(
        self,
        m: RunningMigration,
        steps: StepLog,
        world: World,
        jobs: ItemSteps,
        name: str,
        folder: Path,
        listener: Listener,
    ) -> None:
        self._m, self._steps, self._world, self._jobs = m, steps, world, jobs
        self._name, self._folder, self._listener = name, folder, listener

    # --- items

    def backfill(
        self,
        transform: Any,
        *,
        undo: Any = None,
        where: str = "",
        max_write_units: float | None = None,
        on_error: Literal["stop", "dead-letter"] = "stop",
    ) -> Counts:
        """Change items in place, with an undo journal."""
        options = TransferOptions(
            condition=where, max_write_units=max_write_units, on_error="stop" if on_error == "stop" else "dead"
        )
        if undo is not None:
            function_digest(undo, self._steps.title)
            self._m.undo[self._steps.replay.asked + 1] = undo
        said = {"where": where, "on_error": on_error}
        return self._backfill("backfill", transform, options, said, transform, undo=undo is not None)

    def rename(self, old: str, new: str, *, keep_old: bool = False) -> Counts:
        """Rename an attribute in every item."""
        operation = Rename(old, new, keep_old=keep_old)
        said = {"old": old, "new": new, "keep_old": keep_old}
        return self._backfill("rename", operation, TransferOptions(), said)

    def remove(self, *names: str) -> Counts:
        """Remove attributes from every item."""
        if not names:
            raise UsageError("remove() names no attribute.", hint='remove("legacy")')
        return self._backfill("remove", [Remove(name) for name in names], TransferOptions(), {"names": names})

    def add(self, name: str, value: Any) -> Counts:
        """Give an attribute to every item that lacks it."""
        return self._backfill("add", Add(name, value), TransferOptions(), {"name": name, "value": value})

    def delete_where(self, condition: str) -> Counts:
        """Delete the items that meet a condition, after a safety point, with an undo journal."""
        if not condition.strip():
            raise UsageError("delete_where() needs a condition.", hint="delete_all() deletes every item")
        parse_condition(condition)
        return self._delete("delete_where", condition)

    def delete_all(self) -> Counts:
        """Delete every item, after a safety point, with an undo journal."""
        return self._delete("delete_all", "")

    def _delete(self, operation: str, condition: str) -> Counts:
        options = TransferOptions(condition=condition)

        def work(record: StepRecord, goes_on: bool) -> Any:
            return counts_json(self._jobs.delete(record, goes_on, self._name, options))

        said = {"condition": condition}
        return self._job(
            operation,
            "delete-items",
            work,
            said,
            before=lambda: self._m.allowed(self._name),
            safety=self._m.safe(self._name),
        )

    def copy_to(
        self, target: str, transform: Any = None, *, mode: Literal["skip-existing", "overwrite"] = "skip-existing"
    ) -> Counts:
        """Copy the items into another table."""
        options = TransferOptions(mode=mode_of(mode))

        def work(record: StepRecord, goes_on: bool) -> Any:
            return counts_json(self._jobs.copy(record, goes_on, (self._name, target), transform, options))

        said = {"target": target, "mode": mode}
        return self._job("copy_to", "copy", work, said, transform)

    def populate(self, file: str, *, mode: Literal["skip-existing", "overwrite"] = "skip-existing") -> Counts:
        """Write the items of a file."""
        path = file if Path(file).is_absolute() else str(self._folder / file)
        options = TransferOptions(mode=mode_of(mode))

        def work(record: StepRecord, goes_on: bool) -> Any:
            return counts_json(self._jobs.populate(record, goes_on, self._name, path, options))

        return self._job("populate", "populate", work, {"file": file, "mode": mode})

    def _backfill(
        self,
        operation: str,
        transform: AnyTransform,
        options: TransferOptions,
        said: Mapping[str, Any],
        function: AnyTransform | None = None,
        *,
        undo: bool = False,
    ) -> Counts:
        def work(record: StepRecord, goes_on: bool) -> Any:
            return counts_json(self._jobs.backfill(record, goes_on, self._name, transform, options))

        return self._job(operation, "backfill", work, said, function, undo=undo)

    def _job(
        self,
        operation: str,
        verb: str,
        work: Callable[[StepRecord, bool], Any],
        said: Mapping[str, Any],
        function: AnyTransform | None = None,
        *,
        undo: bool = False,
        before: Callable[[], None] = lambda: None,
        safety: Callable[[StepRecord], str] = lambda _: "",
    ) -> Counts:
        kept = self._steps.step(
            operation,
            work,
            table=self._name,
            arguments=said,
            function=function,
            jobs=self._jobs.of(verb),
            before=before,
            safety=safety,
            undo=undo,
        )
        return counts_of(kept)

    # --- the table itself

    def add_index(
        self,
        name: str,
        *,
        partition_key: str | tuple[str, ...],
        sort_key: str | tuple[str, ...] | None = None,
        types: Mapping[str, Literal["S", "N", "B"]] | None = None,
        projection: Any = "ALL",
    ) -> None:
        """Add a global index and wait for it."""
        partition, sort = _names(partition_key), _names(sort_key or ())
        said = {"name": name, "partition": partition, "sort": sort, "types": types, "projection": projection}

        def work(record: StepRecord, _goes_on: bool) -> Any:
            add_index(
                self._world,
                self._name,
                name,
                partition=partition,
                sort=sort,
                types=types or {},
                projection=projection,
                listener=self._listener,
            )
            return record.result

        def before() -> str | None:
            return name if index_as_it_is(self._world, self._name, name) is None else None

        self._steps.step("add_index", work, table=self._name, arguments=said, before=before)

    def drop_index(self, name: str) -> None:
        """Remove a global index."""

        def work(record: StepRecord, _goes_on: bool) -> Any:
            drop_index(self._world, self._name, name, self._listener)
            return record.result

        self._steps.step(
            "drop_index",
            work,
            table=self._name,
            arguments={"name": name},
            before=lambda: index_as_it_is(self._world, self._name, name),
        )

    def put_back_index(self, index: Mapping[str, Any]) -> None:
        """Add an index as it was before `drop_index`."""

        def work(_record: StepRecord, _goes_on: bool) -> None:
            put_back_index(self._world, self._name, index, self._listener)

        self._steps.step("put_back_index", work, table=self._name, arguments={"index": index})

    def set(self, **settings: Any) -> None:
        """Change settings, in the words of a definition."""
        if not settings:
            raise UsageError("set() names no setting.", hint="set(deletion_protection=True)")
        self._set("set", settings, prune=False)

    def put_back_settings(self, settings: Mapping[str, Any]) -> None:
        """Make settings as they were before `set`: what it added goes."""
        self._set("put_back_settings", settings, prune=True)

    def _set(self, operation: str, settings: Mapping[str, Any], *, prune: bool) -> None:
        def work(record: StepRecord, _goes_on: bool) -> Any:
            change_settings(self._world, self._name, settings, self._listener, prune=prune)
            return record.result

        self._steps.step(
            operation,
            work,
            table=self._name,
            arguments=settings,
            before=lambda: settings_as_they_are(self._world, self._name, settings),
        )


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
