"""`Migrator`: runs the migrations of a project in a test, and looks at what they did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynasmith.errors import RunError, TableNotFound, UsageError
from dynasmith.items.value import decode_tree
from dynasmith.migrations.version import parse_version
from dynasmith.project.project import Project, world_of
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.testing.table_snapshot import TableSnapshots, read_snapshots, wire_items

if TYPE_CHECKING:
    from dynasmith.migrations import MigrationEvent


class Migrator:
    """Runs migrations of ``project``, with every consent.

    Each verb returns the events of what it ran, and raises what `Migrations.run` raises.
    """

    def __init__(self, project: Project) -> None:
        self.project = project

    # --- what there is

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version that has a file, in order. Raises UsageError for broken files."""
        rows = self.project.migrations.list()
        return tuple(row.key for row in rows if "missing" not in row.flags)

    @property
    def current(self) -> str:
        """The version that the tables are at; 0.0.0 where none is applied. Raises UsageError for broken files."""
        return self.project.migrations.status().current

    @property
    def events(self) -> tuple[MigrationEvent, ...]:
        """Everything that the history says, oldest first."""
        return MigrationHome(world_of(self.project)).history().read().events

    # --- run

    def up(self, count: int = 1) -> tuple[MigrationEvent, ...]:
        """Apply the next ``count``. Raises UsageError, RunError."""
        return self._run("up", str(count))

    def down(self, count: int = 1) -> tuple[MigrationEvent, ...]:
        """Take back the last ``count``. Raises UsageError, RunError."""
        return self._run("down", str(count))

    def to(self, version: str) -> tuple[MigrationEvent, ...]:
        """Up or down to a version. Raises UsageError, RunError."""
        return self._run("to", version)

    def before(self, version: str) -> tuple[MigrationEvent, ...]:
        """Up or down to the version before this one, so that a test can write the items that it will find. Raises
        UsageError for a version that no file has, RunError."""
        wanted, versions = str(parse_version(version) or version), self.versions
        if wanted not in versions:
            raise UsageError(f"There is no migration {version}.", hint=f"there are: {', '.join(versions) or 'none'}")
        place = versions.index(wanted)
        return self._run("to", versions[place - 1] if place else "0.0.0")

    def all(self) -> tuple[MigrationEvent, ...]:
        """Apply everything that is outstanding. Raises UsageError, RunError."""
        return self._run("all")

    def repeat(self) -> tuple[MigrationEvent, ...]:
        """Take back the last one and apply it again. Raises UsageError, RunError."""
        return self._run("repeat")

    def reset(self) -> tuple[MigrationEvent, ...]:
        """Run latest.py. Raises UsageError, RunError."""
        return self._run("reset")

    def run(self, name: str) -> tuple[MigrationEvent, ...]:
        """Run a named migration. Raises UsageError, RunError."""
        return self._run("run", name)

    def _run(self, command: Any, argument: str = "") -> tuple[MigrationEvent, ...]:
        try:
            return self.project.migrations.run(command, argument)
        except RunError as error:
            if not isinstance(error.__cause__, TableNotFound):
                raise
            hint = "override dynasmith_baseline where migrations find tables that they do not create"
            raise RunError(error.message, hint=hint) from error

    # --- items and tables

    def put(self, table: str, *items: Mapping[str, Any]) -> None:
        """Write items (plain Python) into a table; one with the same key is replaced. Raises RunError, UsageError."""
        self.project.populate(table, list(items), mode="overwrite")

    def items(self, table: str) -> list[dict[str, Any]]:
        """Every item of a table as plain Python, numbers as Decimal; no order. A call for each MB. Raises
        TableNotFound."""
        world = world_of(self.project)
        return [
            {name: decode_tree(value) for name, value in item.items()}
            for item in wire_items(world, world.physical(table))
        ]

    def snapshots(self) -> TableSnapshots:
        """Every table of the endpoint but the history, as it is now: settings, and the digest of its items."""
        return read_snapshots(world_of(self.project))


def seed(migrator: Migrator, tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Write the items of each table."""
    for table, items in tables.items():
        chosen: Sequence[Mapping[str, Any]] = list(items)
        if chosen:
            migrator.put(table, *chosen)
