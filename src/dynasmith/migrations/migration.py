"""``m``: what a migration is given. A Protocol, so that a file of migrations needs nothing but types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from dynasmith.jobs.counts import Counts
from dynasmith.migrations.event import Direction

T = TypeVar("T")


class Suspended(BaseException):
    """A migration is asked to stop at its next call of ``m``, and goes on later. Let it pass."""


class TableOperations(Protocol):
    """Operations on one table, each a step of the migration.

    A job of items keeps checkpoints: stopped halfway it goes on where it was. ``where`` and ``condition`` are those of
    ``--filter``. Each raises what the verb of its name raises.
    """

    def backfill(
        self,
        transform: Any,
        *,
        undo: Any = None,
        where: str = "",
        max_write_units: float | None = None,
        on_error: Literal["stop", "dead-letter"] = "stop",
    ) -> Counts:
        """Change items in place, with an undo journal; ``undo`` is the transform of a `down`."""
        ...

    def rename(self, old: str, new: str, *, keep_old: bool = False) -> Counts:
        """Rename an attribute in every item; ``keep_old`` copies it."""
        ...

    def remove(self, *names: str) -> Counts:
        """Remove attributes from every item."""
        ...

    def add(self, name: str, value: Any) -> Counts:
        """Give an attribute to every item that lacks it."""
        ...

    def delete_where(self, condition: str) -> Counts:
        """Delete the items that meet ``condition``; `written` counts them.

        Destroys items: the run needs the name of the table (`--confirm`). Before it begins point-in-time recovery is
        on, or a backup is made; an undo journal keeps every item, so that a `down` without code puts them back. Each
        is deleted while the condition still holds. Costs a read of the table and a write for each item deleted.
        """
        ...

    def delete_all(self) -> Counts:
        """Delete every item, as `delete_where` does. The table stays, with its indexes and settings."""
        ...

    def copy_to(
        self, target: str, transform: Any = None, *, mode: Literal["skip-existing", "overwrite"] = "skip-existing"
    ) -> Counts:
        """Copy the items into another table."""
        ...

    def populate(self, file: str, *, mode: Literal["skip-existing", "overwrite"] = "skip-existing") -> Counts:
        """Write the items of a file, found from the folder of the migrations."""
        ...

    def add_index(
        self,
        name: str,
        *,
        partition_key: str | tuple[str, ...],
        sort_key: str | tuple[str, ...] | None = None,
        types: Mapping[str, Literal["S", "N", "B"]] | None = None,
        projection: Any = "ALL",
    ) -> None:
        """Add a global index and wait for it. Types of keys come from the definition of the table, else ``types``."""
        ...

    def drop_index(self, name: str) -> None:
        """Remove a global index."""
        ...

    def set(self, **settings: Any) -> None:
        """Change settings, in the words of a definition file."""
        ...


class Migration(Protocol):
    """``m``: each operation on it is a numbered step. After an interruption ``up`` is called again from its top, and a
    finished step answers from its record. Not to be used from another thread, nor after ``up`` has returned."""

    @property
    def version(self) -> str:
        """The version; the name of a migration without one."""
        ...

    @property
    def direction(self) -> Direction:
        """Whether this is ``up`` or ``down``."""
        ...

    @property
    def dry_run(self) -> bool:
        """Whether nothing is written."""
        ...

    @property
    def environment(self) -> str:
        """The name of the environment."""
        ...

    @property
    def now(self) -> datetime:
        """When the migration began, the same after each interruption; UTC."""
        ...

    def log(self, message: str, **values: Any) -> None:
        """A line for the person who looks, kept with the event (the last 100 of up to 1 KB)."""
        ...

    def progress(self, done: int, total: int | None = None) -> None:
        """How far code of its own is."""
        ...

    def create_table(self, table: Any) -> None:
        """Create a table from a `Table`, a model class, or the name of a definition; one that is there must fit."""
        ...

    def drop_table(self, name: str, *, backup: bool = True) -> None:
        """Delete a table. Unless ``backup`` is false its items can be restored: point-in-time recovery is on, or a
        backup is made (where there are none: a verified export). The run needs its name (`--confirm`)."""
        ...

    def check(self, predicate: Callable[[], bool] | bool, message: str) -> None:
        """Fail with ``message`` where ``predicate`` is false. One that held is not asked again."""
        ...

    def once(self, name: str, work: Callable[[], T]) -> T:
        """Free writes: done at least once, the result (JSON, 64 KB) kept. A kill between the two repeats it."""
        ...

    def read(self, name: str, fn: Callable[[], T]) -> T:
        """What decides: the result (JSON, 64 KB) is kept, so that the migration's own effects do not change it."""
        ...

    def uuid(self, name: str) -> UUID:
        """An id, the same one after each interruption."""
        ...

    def client(self, service: str = "dynamodb") -> Any:
        """A boto3 client. What it writes may be written again after an interruption: put it into `once`."""
        ...

    def db(self) -> Any:
        """Items of model classes, as ``project.db()`` gives."""
        ...

    def table(self, name: str) -> TableOperations:
        """The operations on one table."""
        ...
