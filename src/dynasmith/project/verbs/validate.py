"""`validate`, wired: what is wished and what is there, read together and handed to the checks."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dynasmith.engine.planner import CONCURRENT_TABLES
from dynasmith.errors import TableNotFound, UsageError
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table
from dynasmith.validate import Surroundings, Verdict, examine, usual_tags

if TYPE_CHECKING:
    from dynasmith.project.project import Project


def validate(project: Project, names: Sequence[str], *, offline: bool) -> Verdict:
    """The findings about these tables, or about all defined ones. See `Project.validate`."""
    wished = {table.name: table for table in project.wished()}
    wanted = [project.physical(name) for name in names] or sorted(wished)
    if not wanted:
        raise UsageError("No table to validate.", hint="name one, or define some")
    live = {} if offline else _read(project, wanted)
    subjects = [(name, wished.get(name), live.get(name)) for name in wanted]
    around = Surroundings(
        environment=project.environment,
        protected=project.protected,
        quotas=project.place.quotas,
        usual_tags=usual_tags([_judged(desired, seen) for _, desired, seen in subjects if desired or seen]),
    )
    verdicts = [_verdict(project, *subject, around, offline=offline) for subject in subjects]
    return Verdict(
        findings=tuple(finding for verdict in verdicts for finding in verdict.findings),
        accepted=tuple(accepted for verdict in verdicts for accepted in verdict.accepted),
    )


def _read(project: Project, names: Sequence[str]) -> dict[str, TableDescription]:
    """The live ones of these tables, ten at a time."""

    def described(name: str) -> TableDescription | None:
        try:
            return project.control.describe(name)
        except TableNotFound:
            return None

    with ThreadPoolExecutor(CONCURRENT_TABLES) as pool:
        found = zip(names, pool.map(described, names), strict=True)
        return {name: description for name, description in found if description is not None}


def _judged(desired: Table | None, seen: TableDescription | None) -> Table:
    """The live table where there is one."""
    if seen is not None:
        return seen.table
    assert desired is not None
    return desired


def _verdict(
    project: Project,
    name: str,
    desired: Table | None,
    description: TableDescription | None,
    around: Surroundings,
    *,
    offline: bool,
) -> Verdict:
    if desired is None and description is None:
        raise UsageError(f"No definition has a table {name}.") if offline else TableNotFound(name)
    if desired is not None and not offline:
        desired = project.control.resolve(desired)
    if description is not None:
        around = replace(
            around, unoffered=description.unread, scaling_without_policy=description.scaling_without_policy
        )
    return examine(desired, description, around, offline=offline)
