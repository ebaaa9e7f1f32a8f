"""`ModelTable`: the table of a model class under a name of its own, with the verbs of a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace as changed

from dynasmith.engine.waiter import StopFlag
from dynasmith.files.definitions import Definitions
from dynasmith.plans.consent import Consent
from dynasmith.project.project_verbs import ProjectVerbs
from dynasmith.project.verbs.argument_kinds import optional, text
from dynasmith.project.verbs.arguments import checked, named_table
from dynasmith.project.verbs.arguments import table as table_check
from dynasmith.project.world import World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.models import Model


class ModelTable(ProjectVerbs):
    """The verbs of a project, for which the table of one class has another name, and is all that is defined.

    Made by `Project.in_table`. ``ensure()``, ``plan()``, ``delete()``, ``exists()``, ``describe()`` and ``count()`` are
    about that table; ``db()`` reads and writes its items; every other verb takes the class. It shares the connections
    of the project that it is of, which ends them.
    """

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world)
        self._name = name

    @classmethod
    def of(cls, world: World, model: type[Model], name: str) -> Self:
        """The table of ``model`` in a world, under that physical name. Raises DefinitionError."""
        own = world.model_table(model)
        classes = tuple(dict.fromkeys((model, *world.definitions_with((model,)).models)))
        shared = {each: name for each in classes if world.model_table(each) == own}

        def load(further: Sequence[type[Model]]) -> Definitions:
            found = world.definitions_with((model, *further))
            tables = [changed(table, name=name) for table in found.tables if table.name == own]
            wanted = {world.model_table(each) for each in further} - {own}
            tables += [table for table in found.tables if table.name in wanted]
            return changed(found, tables=tuple(tables), models=(*shared, *further))

        return cls(replace(world, load=load, model_tables={**world.model_tables, **shared}), name)

    def _over(self, world: World) -> Self:
        return type(self)(world, self._name)

    @property
    def name(self) -> str:
        """The name of the table in the service."""
        return self._name

    def close(self) -> None:
        """End what it opened itself; the project that it is of ends the connections."""
        if (dry := self._world.__dict__.get("dry")) is not None and dry is not self._world:
            dry.close()

    @checked(table=optional(table_check))
    def describe(self, table: str | Table | type[Model] | None = None) -> TableDescription:
        """The live table with every setting. Costs about eight calls.

        Raises TableNotFound where there is no such table, UsageError for what is not a table.
        """
        return super().describe(self._name if table is None else table)

    @checked(table=optional(table_check))
    def exists(self, table: str | Table | type[Model] | None = None) -> bool:
        """Whether the table is there (in any state). Costs one call.

        Raises UsageError for what is not a table.
        """
        return super().exists(self._name if table is None else table)

    @checked(table=optional(named_table), index=optional(text))
    def count(self, table: str | type[Model] | None = None, *, index: str | None = None) -> int:
        """How many items the table has, or an index of it, by reading them all. See `Project.count`.

        Raises TableNotFound and UsageError.
        """
        return super().count(self._name if table is None else table, index=index)

    @checked(table=optional(table_check))
    def delete(
        self,
        table: str | Table | type[Model] | None = None,
        *,
        missing_ok: bool = False,
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        consent: Consent | None = None,
        stopped: StopFlag | None = None,
    ) -> bool:
        """Delete the table with its items; True when it was there. It needs its name as consent.

        Raises ConsentRequired, TableNotFound, WaitTimeout and UsageError as `delete_tables` does.
        """
        return super().delete(
            self._name if table is None else table,
            missing_ok=missing_ok,
            wait=wait,
            wait_timeout=wait_timeout,
            consent=consent,
            stopped=stopped,
        )
