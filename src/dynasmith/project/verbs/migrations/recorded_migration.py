"""``m`` of a dry run: it writes down which steps there are, and does none of them. Runs in the guarded process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from dynasmith.aws.control.guard.child_process import client_of_variables
from dynasmith.errors import DynasmithError, RunError
from dynasmith.files.migrations.loader import loaded, refuse_deferred
from dynasmith.items.condition.condition import parse_condition
from dynasmith.jobs.counts import Counts
from dynasmith.migrations.event import Direction, cut_text
from dynasmith.migrations.path import PathStep
from dynasmith.project.verbs.migrations.step_log import function_digest

_REVERSED: Final = "the reverse of its steps"


class RecordedStep(Struct, frozen=True, kw_only=True):
    """A step as it would be: ``words`` say it to a person."""

    operation: str
    table: str = ""
    words: str = ""


class RecordedPath(Struct, frozen=True, kw_only=True):
    """The steps of one migration. ``stopped`` says why it could not be rehearsed to its end; ``log`` what it said."""

    key: str
    direction: Direction
    steps: tuple[RecordedStep, ...] = ()
    stopped: str = ""
    log: tuple[str, ...] = ()


class PathRecorder:
    """What the guarded process does: calls each migration of a path with an ``m`` that writes down. Can be pickled."""

    def __init__(self, folder: Path, path: Sequence[PathStep], environment: str, now: datetime) -> None:
        self._folder, self._path, self._environment, self._now = folder, tuple(path), environment, now

    def __call__(self, _body: bytes) -> bytes:
        """The recorded paths as JSON."""
        return msgspec.json.encode([self._recorded(step) for step in self._path])

    def _recorded(self, step: PathStep) -> RecordedPath:
        m = RecordedMigration(step, self._environment, self._now)
        stopped = ""
        try:
            with loaded(self._folder, step.file) as migration:
                function = migration.function(step.direction)
                if function is None:
                    return RecordedPath(
                        key=step.file.key,
                        direction=step.direction,
                        steps=(RecordedStep(operation="reverse", words=_REVERSED),),
                    )
                refuse_deferred(function(m), step.file.file, step.direction)
        except DynasmithError as error:
            stopped = error.message
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001, RUF100  # user code meets a world in which nothing was done
            stopped = f"{type(error).__name__}: {error}"
        return RecordedPath(
            key=step.file.key,
            direction=step.direction,
            steps=tuple(m.steps),
            stopped=cut_text(stopped),
            log=tuple(map(cut_text, m.lines)),
        )


class RecordedMigration:
    """Keeps `dynasmith.migrations.Migration`: writes down, and does nothing. What `read` reads is read."""

    def __init__(self, step: PathStep, environment: str, now: datetime) -> None:
        self.version = step.file.key
        self.direction = step.direction
        self.dry_run = True
        self.environment = environment
        self.now = now
        self.steps: list[RecordedStep] = []
        self.lines: list[str] = []
        self._is_inside = False

    def add(self, operation: str, table: str = "", words: str = "") -> None:
        """Write down a step."""
        self.steps.append(RecordedStep(operation=operation, table=table, words=words))

    def log(self, message: str, **values: Any) -> None:
        """What it says."""
        self.lines.append(" ".join([message, *(f"{name}={value!r}" for name, value in values.items())]))

    def progress(self, done: int, total: int | None = None) -> None:
        """Nothing."""

    def check(self, predicate: Callable[[], bool] | bool, message: str) -> None:
        """Ask it, and say where it does not hold now."""
        self.add("check", words=message)
        if not (self._inside(predicate) if callable(predicate) else predicate):
            raise RunError(f"its check does not hold now: {message}")

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """Not called: nothing is known of its result."""
        del work
        self.add("once", words=name)

    def read(self, name: str, fn: Callable[[], Any]) -> Any:
        """What it reads now."""
        self.add("read", words=name)
        return self._inside(fn)

    def _inside(self, function: Callable[[], Any]) -> Any:
        self._is_inside = True
        try:
            return function()
        finally:
            self._is_inside = False

    def uuid(self, name: str) -> uuid.UUID:
        """An id."""
        return uuid.uuid5(uuid.NAMESPACE_URL, f"dry/{self.version}/{name}")

    def client(self, service: str = "dynamodb") -> Any:
        """A client whose calls go to the guard."""
        if not self._is_inside:
            self.add("client", words=service)
        return client_of_variables(service)

    def db(self) -> Any:
        """Not offered in a dry run."""
        raise RunError("m.db() is not offered in a dry run")

    def create_table(self, table: Any) -> None:
        """A step."""
        name = table if isinstance(table, str) else getattr(table, "name", None) or getattr(table, "__name__", "")
        self.add("create_table", str(name))

    def drop_table(self, name: str, *, backup: bool = True) -> None:
        """A step."""
        self.add("drop_table", name, "after a safety point" if backup else "without a backup")

    def table(self, name: str) -> RecordedTable:
        """The operations on one table."""
        return RecordedTable(self, name)


class RecordedTable:
    """Keeps `dynasmith.migrations.TableOperations`: writes down."""

    def __init__(self, m: RecordedMigration, name: str) -> None:
        self._m, self._name = m, name

    def backfill(self, transform: Any, *, undo: Any = None, where: str = "", **_: Any) -> Counts:
        """A step; a transform that could not be found again is refused."""
        del undo
        function_digest(transform, f"Migration {self._m.version}")
        return self._counts("backfill", f"where {where}" if where else "")

    def rename(self, old: str, new: str, *, keep_old: bool = False) -> Counts:
        """A step."""
        return self._counts("rename", f"{old} to {new}{', and keep it' if keep_old else ''}")

    def remove(self, *names: str) -> Counts:
        """A step."""
        return self._counts("remove", ", ".join(names))

    def add(self, name: str, value: Any) -> Counts:
        """A step."""
        return self._counts("add", f"{name} = {value!r}")

    def delete_where(self, condition: str) -> Counts:
        """A step."""
        parse_condition(condition)
        return self._counts("delete_where", condition)

    def delete_all(self) -> Counts:
        """A step."""
        return self._counts("delete_all", "every item")

    def copy_to(self, target: str, transform: Any = None, *, mode: str = "skip-existing") -> Counts:
        """A step."""
        if transform is not None:
            function_digest(transform, f"Migration {self._m.version}")
        return self._counts("copy_to", f"{target}, {mode}")

    def populate(self, file: str, *, mode: str = "skip-existing") -> Counts:
        """A step."""
        return self._counts("populate", f"{file}, {mode}")

    def add_index(
        self,
        name: str,
        *,
        partition_key: str | tuple[str, ...],
        sort_key: str | tuple[str, ...] | None = None,
        types: Mapping[str, Literal["S", "N", "B"]] | None = None,
        projection: Any = "ALL",
    ) -> None:
        """A step."""
        del types, projection
        self._m.add("add_index", self._name, f"{name} on {partition_key}{f', {sort_key}' if sort_key else ''}")

    def drop_index(self, name: str) -> None:
        """A step."""
        self._m.add("drop_index", self._name, name)

    def set(self, **settings: Any) -> None:
        """A step."""
        self._m.add("set", self._name, ", ".join(f"{name}={value!r}" for name, value in settings.items()))

    def _counts(self, operation: str, words: str) -> Counts:
        self._m.add(operation, self._name, words)
        return Counts()
