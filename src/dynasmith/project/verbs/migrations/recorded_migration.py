"""``m`` of a dry run: it writes down which steps there are, and does none of them. Runs in the guarded process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from dynasmith.errors import DynasmithError, RunError, TableNotFound
from dynasmith.files.migrations.loader import loaded, refuse_deferred
from dynasmith.items.condition.condition import parse_condition
from dynasmith.jobs.counts import Counts
from dynasmith.migrations import step_words as words
from dynasmith.migrations.event import Direction, cut_text
from dynasmith.migrations.path import PathStep
from dynasmith.project.settings import EnvironmentSettings
from dynasmith.project.verbs.migrations.guarded_clients import guarded_client, guarded_db
from dynasmith.project.verbs.migrations.step_log import function_digest
from dynasmith.project.verbs.transforms import name_of


class RecordedStep(Struct, frozen=True, kw_only=True):
    """A step as it would be: ``words`` say it to a person. What an estimate needs: the ``target`` of a copy, the
    ``file`` of a populate, the ``condition`` of a backfill or a deletion, its pace, the ``settings`` of a change, the
    ``items`` that a reverse puts back."""

    operation: str
    table: str = ""
    words: str = ""
    target: str = ""
    file: str = ""
    condition: str = ""
    mode: str = ""
    max_write_units: float | None = None
    settings: dict[str, Any] = {}
    backup: bool = True
    items: int | None = None


class RecordedPath(Struct, frozen=True, kw_only=True):
    """The steps of one migration. ``stopped`` says why it could not be rehearsed to its end; ``log`` what it said;
    ``is_derived`` that nobody wrote its down, so that its steps are those of the history."""

    key: str
    direction: Direction
    steps: tuple[RecordedStep, ...] = ()
    stopped: str = ""
    log: tuple[str, ...] = ()
    is_derived: bool = False


class PathRecorder:
    """What the guarded process does: calls each migration of a path with an ``m`` that writes down. Can be sent."""

    def __init__(self, folder: Path, path: Sequence[PathStep], settings: EnvironmentSettings, now: datetime) -> None:
        self._folder, self._path, self._settings, self._now = folder, tuple(path), settings, now

    def __call__(self, _body: bytes) -> bytes:
        """The recorded paths as JSON."""
        made: dict[str, str] = {}
        return msgspec.json.encode([self._recorded(step, made) for step in self._path])

    def _recorded(self, step: PathStep, made: dict[str, str]) -> RecordedPath:
        """``made`` are the tables that the path makes, each with the step that does."""
        m = RecordedMigration(step, self._settings, self._now)
        stopped = ""
        try:
            with loaded(self._folder, step.file) as migration:
                function = migration.function(step.direction)
                if function is None:
                    return RecordedPath(key=step.file.key, direction=step.direction, is_derived=True)
                refuse_deferred(function(m), step.file.file, step.direction)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001, RUF100  # user code meets a world in which nothing was done
            stopped = self._told(error, m, made)
        for number, each in enumerate(m.steps, 1):
            if each.operation == "create_table":
                made.setdefault(each.table, f"step {number} of {step.file.key}")
        return RecordedPath(
            key=step.file.key,
            direction=step.direction,
            steps=tuple(m.steps),
            stopped=cut_text(stopped),
            log=tuple(map(cut_text, m.lines)),
        )

    def _told(self, error: BaseException, m: RecordedMigration, made: Mapping[str, str]) -> str:
        """Why a migration could not be rehearsed further."""
        made = {**made} | {
            each.table: f"step {n}" for n, each in enumerate(m.steps, 1) if each.operation == "create_table"
        }
        missing = error.table if isinstance(error, TableNotFound) else ""
        if type(error).__name__ == "ResourceNotFoundException":
            missing = m.asked_table
        prefix, suffix = self._settings.prefix, self._settings.suffix
        for name, step in made.items():
            if missing and missing in (name, f"{prefix}{name}{suffix}"):
                return f"it reads {missing}, which {step} makes"
        if isinstance(error, DynasmithError):
            return error.message
        told = f"{type(error).__name__}: {error}"
        once = next((each for each in m.steps if each.operation == "once"), None)
        return f"{told} (m.once() gives None in a dry run)" if once is not None and "NoneType" in told else told


class RecordedMigration:
    """Keeps `dynasmith.migrations.Migration`: writes down, and does nothing. What `read` reads is read."""

    def __init__(self, step: PathStep, settings: EnvironmentSettings, now: datetime) -> None:
        self.version = step.file.key
        self.direction = step.direction
        self.dry_run = True
        self.environment = settings.environment
        self.now = now
        self.steps: list[RecordedStep] = []
        self.lines: list[str] = []
        self.asked_table = ""
        self._settings = settings
        self._is_inside = False

    def add(self, operation: str, table: str = "", words: str = "", **more: Any) -> None:
        """Write down a step."""
        self.steps.append(RecordedStep(operation=operation, table=table, words=words, **more))

    def log(self, message: str, **values: Any) -> None:
        """What it says."""
        self.lines.append(" ".join([message, *(f"{name}={value!r}" for name, value in values.items())]))

    def progress(self, done: int, total: int | None = None) -> None:
        """Nothing."""

    def check(self, predicate: Callable[[], bool] | bool, message: str) -> None:
        """Ask it, and say where it does not hold now."""
        self.add("check", words=f"check: {message}")
        if not (self._inside(predicate) if callable(predicate) else predicate):
            raise RunError(f"its check does not hold now: {message}")

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """Not called: nothing is known of its result."""
        del work
        self.add("once", words=f"run its own code once: {name}")

    def read(self, name: str, fn: Callable[[], Any]) -> Any:
        """What it reads now."""
        self.add("read", words=f"read {name}")
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
        """A client whose calls go to the guard: reads pass, writes of items are counted."""
        if not self._is_inside:
            self.add("client", words=f"use a client of {service}")
        return guarded_client(service, self._asked)

    def _asked(self, table: str) -> None:
        self.asked_table = table

    def db(self) -> Any:
        """Items of model classes, through the guard."""
        if not self._is_inside:
            self.add("db", words="use items of model classes")
        return guarded_db(self._settings)

    def create_table(self, table: Any) -> None:
        """A step."""
        name = str(table if isinstance(table, str) else getattr(table, "name", None) or getattr(table, "__name__", ""))
        self.add("create_table", name, words.create_table_words(name))

    def drop_table(self, name: str, *, backup: bool = True) -> None:
        """A step."""
        self.add("drop_table", name, words.drop_table_words(name, backup=backup), backup=backup)

    def table(self, name: str) -> RecordedTable:
        """The operations on one table."""
        return RecordedTable(self, name)


class RecordedTable:
    """Keeps `dynasmith.migrations.TableOperations`: writes down."""

    def __init__(self, m: RecordedMigration, name: str) -> None:
        self._m, self._name = m, name

    def backfill(
        self, transform: Any, *, undo: Any = None, where: str = "", max_write_units: float | None = None, **_: Any
    ) -> Counts:
        """A step; a transform that could not be found again is refused."""
        del undo
        function_digest(transform, f"Migration {self._m.version}")
        if where:
            parse_condition(where)
        said = words.backfill_words(self._name, _short(transform), where)
        return self._counts("backfill", said, condition=where, max_write_units=max_write_units)

    def rename(self, old: str, new: str, *, keep_old: bool = False) -> Counts:
        """A step."""
        return self._counts("rename", words.rename_words(self._name, old, new, keep_old=keep_old))

    def remove(self, *names: str) -> Counts:
        """A step."""
        return self._counts("remove", words.remove_words(self._name, names))

    def add(self, name: str, value: Any) -> Counts:
        """A step."""
        return self._counts("add", words.add_words(self._name, name, value))

    def delete_where(self, condition: str) -> Counts:
        """A step."""
        parse_condition(condition)
        return self._counts("delete_where", words.delete_words(self._name, condition), condition=condition)

    def delete_all(self) -> Counts:
        """A step."""
        return self._counts("delete_all", words.delete_words(self._name, ""))

    def copy_to(self, target: str, transform: Any = None, *, mode: str = "skip-existing") -> Counts:
        """A step."""
        if transform is not None:
            function_digest(transform, f"Migration {self._m.version}")
        said = words.copy_words(self._name, target, mode)
        return self._counts("copy_to", said, target=target, mode=mode)

    def populate(self, file: str, *, mode: str = "skip-existing") -> Counts:
        """A step."""
        return self._counts("populate", words.populate_words(self._name, file, mode), file=file, mode=mode)

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
        keys = [*_several(partition_key), *_several(sort_key or ())]
        self._m.add("add_index", self._name, words.add_index_words(self._name, name, keys))

    def drop_index(self, name: str) -> None:
        """A step."""
        self._m.add("drop_index", self._name, words.drop_index_words(self._name, name))

    def set(self, **settings: Any) -> None:
        """A step."""
        said = [f"{name} = {words.shown(value)}" for name, value in settings.items()]
        try:
            msgspec.json.encode(settings)
        except (TypeError, ValueError):  # the run itself refuses what no definition can say
            settings = {}
        self._m.add("set", self._name, words.set_words(self._name, said), settings=settings)

    def _counts(self, operation: str, said: str, **more: Any) -> Counts:
        self._m.add(operation, self._name, said, **more)
        return Counts()


def _several(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _short(transform: Any) -> str:
    """The name of a transform as a person knows it."""
    if callable(transform):
        return str(getattr(transform, "__name__", type(transform).__name__))
    return words.shown(name_of(transform)).strip("'\"") if transform is not None else "nothing"
