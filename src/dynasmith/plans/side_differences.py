"""Where a file of another tool, a definition and a live table differ, each difference with its sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType, to_builtins
from msgspec.structs import replace

from dynasmith.plans.change import Change
from dynasmith.plans.explain import change_json
from dynasmith.plans.make import make_table_plan
from dynasmith.plans.plan import TablePlan
from dynasmith.plans.simulate import simulate_all
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import SAID_ONLY, Table

SideName = Literal["file", "definition", "live"]
_ABSENT: Final = "no such table"


class SideDifference(Struct, frozen=True, kw_only=True):
    """One setting of a table on which two or three sides do not agree.

    ``sides`` has what each of the differing sides says, in the form of a plan's ``from`` and ``to``; None is off or not
    there. ``agree`` names the sides that agree with each other, where two do."""

    table: str
    path: str
    sides: dict[SideName, Any]
    agree: tuple[SideName, ...] = ()


def side_differences(
    table: str,
    file: Table | None,
    definition: Table | None,
    file_plan: TablePlan | None,
    definition_plan: TablePlan | None,
) -> tuple[SideDifference, ...]:
    """The differences of one table. The plans are those of file and definition against what is live; a side that does
    not mention a setting agrees with the others."""
    if file is None or definition is None:
        there: dict[SideName, Any] = {"file": file and "defined", "definition": definition and "defined"}
        return (SideDifference(table=table, path="", sides={name: each or _ABSENT for name, each in there.items()}),)
    of_file, of_definition = _by_path(table, file_plan), _by_path(table, definition_plan)
    between = {
        each["path"]: each
        for each in _rows(table, _between(_placed(file, file_plan), _placed(definition, definition_plan)))
    }
    if "" in of_file or "" in of_definition:
        absent = SideDifference(
            table=table,
            path="",
            sides={"file": "defined", "definition": "defined", "live": _ABSENT},
            agree=("file", "definition"),
        )
        return (absent, *(_of_two(table, path, each) for path, each in sorted(between.items())))
    paths = sorted({*of_file, *of_definition, *between})
    return tuple(_difference(table, at, of_file.get(at), of_definition.get(at), between.get(at)) for at in paths)


def _difference(
    table: str,
    path: str,
    file: Mapping[str, Any] | None,
    definition: Mapping[str, Any] | None,
    between: Mapping[str, Any] | None,
) -> SideDifference:
    """``file`` and ``definition`` go from what is live to their side, ``between`` from the definition to the file."""
    live = next((each["from"] for each in (file, definition) if each is not None), None)
    if file is not None and definition is not None:
        sides: dict[SideName, Any] = {"file": file["to"], "definition": definition["to"], "live": live}
        agree: tuple[SideName, ...] = ("file", "definition") if between is None else ()
        return SideDifference(table=table, path=path, sides=sides, agree=agree)
    if file is not None:
        if between is None:  # the definition does not mention it
            return SideDifference(table=table, path=path, sides={"file": file["to"], "live": live})
        said: dict[SideName, Any] = {"file": file["to"], "definition": between["from"], "live": live}
        return SideDifference(table=table, path=path, sides=said, agree=("definition", "live"))
    if definition is not None:
        if between is None:  # the file does not mention it
            return SideDifference(table=table, path=path, sides={"definition": definition["to"], "live": live})
        said = {"file": between["to"], "definition": definition["to"], "live": live}
        return SideDifference(table=table, path=path, sides=said, agree=("file", "live"))
    assert between is not None
    return _of_two(table, path, between)


def _of_two(table: str, path: str, between: Mapping[str, Any]) -> SideDifference:
    return SideDifference(table=table, path=path, sides={"file": between["to"], "definition": between["from"]})


def _placed(table: Table, plan: TablePlan | None) -> Table:
    """A side with the ARNs that its policy has words for, where the table is there."""
    return table if plan is None else replace(table, resource_policy=plan.desired.resource_policy)


def _between(file: Table, definition: Table) -> tuple[Change, ...]:
    """What would change if a table that is just as the definition says became what the file says, of all that both
    mention."""
    made = simulate_all(make_table_plan(definition, None).steps, None)
    assert made is not None
    unmentioned = {
        field: UNSET
        for field in Table.__struct_fields__
        if field not in ("name", "key") and (field in _NEVER or isinstance(getattr(definition, field), UnsetType))
    }
    wish = replace(file, **unmentioned)
    return make_table_plan(wish, TableDescription(table=made, status="ACTIVE"), prune=True).changes


_NEVER: Final = ("items", *SAID_ONLY)


def _by_path(table: str, plan: TablePlan | None) -> dict[str, Mapping[str, Any]]:
    return {} if plan is None else {each["path"]: each for each in _rows(table, plan.changes)}


def _rows(table: str, changes: tuple[Change, ...]) -> Iterator[Mapping[str, Any]]:
    for change in changes:
        yield to_builtins(change_json(table, change, None))
