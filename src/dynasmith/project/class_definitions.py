"""What model classes define, for a project: beside definition files, and beside tables that were given as values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.errors import DefinitionError
from dynasmith.tables.class_tables import same_setting
from dynasmith.tables.document import Node
from dynasmith.tables.findings import DefinitionFinding
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.models import Model


def class_documents(models: Sequence[type[Model]]) -> tuple[Node, ...]:
    """The definitions of these classes; none, and pydantic is not loaded, where there is no class."""
    if not models:
        return ()
    from dynasmith.models.table_definition import documents_of

    return documents_of(*models)


def tables_with_classes(tables: Sequence[Table], models: Sequence[type[Model]]) -> tuple[Table, ...]:
    """The given tables and those of the classes; one that both define is one, where they agree.

    Raises DefinitionError where they do not, or a class cannot be a table.
    """
    if not models:
        return tuple(tables)
    from dynasmith.models.table_definition import documents_of, tables_of

    joined = {table.name: table for table in tables}
    places = [document.file for document in documents_of(*models)]
    for place, table in zip(places, tables_of(*models), strict=True):
        given = joined.get(table.name)
        joined[table.name] = table if given is None else replace(given, **dict(_added(given, table, place)))
    return tuple(joined.values())


def _added(given: Table, table: Table, place: str) -> Iterator[tuple[str, Any]]:
    """The settings that only the class has. Raises DefinitionError for one of which both say something else."""
    for name in Table.__struct_fields__:
        own, other = getattr(given, name), getattr(table, name)
        if own is UNSET and other is not UNSET:
            yield name, other
        elif other is not UNSET and not same_setting(own, other):
            message = f"is not what the Table {given.name} of tables= says"
            hint = "a class and a Table of one name must agree; remove it from one of them"
            raise DefinitionError([DefinitionFinding(code="D016", file=place, path=name, message=message, hint=hint)])
