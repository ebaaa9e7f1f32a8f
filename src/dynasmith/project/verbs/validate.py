"""`validate`, wired: what is wished and what is there, read together and handed to the checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from dynasmith.engine.planner import CONCURRENT_TABLES
from dynasmith.errors import DynasmithError, Interrupted, TableNotFound, UsageError
from dynasmith.project.verbs.validate_live import watched_of_absent, with_live_facts
from dynasmith.project.world import TableName, World
from dynasmith.tables.definition_places import place_of
from dynasmith.tables.description import TableDescription
from dynasmith.tables.document import Node
from dynasmith.tables.table import Table
from dynasmith.validate import Finding, Surroundings, Verdict, examine, usual_tags


def validate(world: World, names: Sequence[TableName], *, offline: bool) -> Verdict:
    """The findings about these tables, or about all defined ones. See `Project.validate`. Where none of them can be
    described the error of the first is raised."""
    with world.control.sharing():
        return _validated(world, names, offline=offline)


def _validated(world: World, names: Sequence[TableName], *, offline: bool) -> Verdict:
    wished = {table.name: table for table in world.defined_tables(names)}
    wanted = [world.name_of(name) for name in names] or sorted(wished)
    if not wanted:
        raise UsageError("No table to validate.", hint="name one, or define some")
    live, failures = ({}, {}) if offline else _read(world, wanted)
    if failures and len(failures) == len(wanted):
        raise failures[wanted[0]]
    subjects = [(name, wished.get(name), live.get(name)) for name in wanted if name not in failures]
    around = Surroundings(
        environment=world.settings.environment,
        protected=world.settings.protected,
        quotas=world.settings.quotas,
        usual_tags=usual_tags([_judged(desired, seen) for _, desired, seen in subjects if desired or seen]),
    )
    facts = with_live_facts(world, around, live)
    if not offline:
        absent = [name for name, _, _ in subjects if name not in live]
        facts |= {name: replace(around, watched=watched_of_absent(world, name)) for name in absent}
    places = world.defined_places(names)
    verdicts = [_verdict(world, *subject, facts.get(subject[0], around), offline=offline) for subject in subjects]
    return Verdict(
        findings=tuple(placed(finding, places) for verdict in verdicts for finding in verdict.findings),
        accepted=tuple(
            replace(accepted, finding=placed(accepted.finding, places))
            for verdict in verdicts
            for accepted in verdict.accepted
        ),
        unknown={table: codes for verdict in verdicts for table, codes in verdict.unknown.items()},
        failures=failures,
    )


def placed(finding: Finding, places: Mapping[str, Node]) -> Finding:
    """The finding with its place in a definition file, where its table has one."""
    table = places.get(finding.table)
    if table is None:
        return finding
    node = place_of(table, finding.path)
    return replace(finding, file=node.file, line=node.line) if node.line else finding


def _read(world: World, names: Sequence[str]) -> tuple[dict[str, TableDescription], dict[str, DynasmithError]]:
    """The live ones of these tables, ten at a time, and the errors of those that cannot be described."""

    def described(name: str) -> TableDescription | DynasmithError | None:
        try:
            return world.control.describe(name)
        except TableNotFound:
            return None
        except Interrupted:
            raise
        except DynasmithError as error:
            return error

    with ThreadPoolExecutor(CONCURRENT_TABLES) as pool:
        found = dict(zip(names, pool.map(described, names), strict=True))
    live = {name: each for name, each in found.items() if isinstance(each, TableDescription)}
    return live, {name: each for name, each in found.items() if isinstance(each, DynasmithError)}


def _judged(desired: Table | None, seen: TableDescription | None) -> Table:
    """The live table where there is one."""
    if seen is not None:
        return seen.table
    assert desired is not None
    return desired


def _verdict(
    world: World,
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
        desired = world.control.resolve(desired)
    if description is not None:
        around = replace(
            around, unoffered=description.unread, scaling_without_policy=description.scaling_without_policy
        )
    return examine(desired, description, around, offline=offline)
