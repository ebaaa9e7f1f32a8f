"""What `validate` asks other services than DynamoDB: CloudTrail, AWS Backup, CloudWatch. What one refuses is said, the
rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from dynasmith.aws.control.access_roles import access_roles
from dynasmith.aws.control.backup_jobs import AwsBackupJobs
from dynasmith.aws.control.backup_role import AwsBackupRoom
from dynasmith.aws.control.backup_selections import backup_selections
from dynasmith.aws.control.trails import trails_here
from dynasmith.aws.control.trigger_roles import trigger_roles
from dynasmith.aws.settings.alarms import all_alarms, watched_metrics
from dynasmith.engine.planner import CONCURRENT_TABLES
from dynasmith.errors import DynasmithError, Interrupted, UsageError
from dynasmith.ports.backup_jobs import BackupJob
from dynasmith.project.verbs.table_triggers import read_ages
from dynasmith.project.verbs.validate_traffic import load, throttles
from dynasmith.project.world import World
from dynasmith.tables.description import TableDescription, WatchedMetric
from dynasmith.tables.settings.trigger_parts import function_key
from dynasmith.tables.table import known
from dynasmith.validate import Surroundings
from dynasmith.validate.backup_coverage import BackupRun
from dynasmith.validate.live_facts import (
    AccessRoleFacts,
    BackupRunFacts,
    LiveFact,
    LoadFacts,
    SelectionFacts,
    ThrottleFacts,
    TrailFacts,
    TriggerAgeFacts,
    TriggerRoleFacts,
)

F = TypeVar("F", bound=LiveFact)
_OF_BACKUPS = "backup_plan"


def with_live_facts(
    world: World, around: Surroundings, live: Mapping[str, TableDescription]
) -> dict[str, Surroundings]:
    """The surroundings of each live table. Of the Region it costs one call and two for each trail, and one and some
    for each backup plan; of each table one page of its backup jobs, four calls of CloudWatch (six where it has
    triggers), and three for each of its triggers."""
    around = replace(around, now=world.clock.now())
    if not live:
        return {}
    no_backups = world.control.unoffered((_OF_BACKUPS,)).get(_OF_BACKUPS, "")
    trails = _fact(world, TrailFacts, partial(_trails, world))
    selections = _fact(world, SelectionFacts, partial(_selections, world), no_backups)
    around = replace(around, trails=trails, selections=selections)

    def of_table(described: TableDescription) -> Surroundings:
        roles = _fact(world, TriggerRoleFacts, partial(_roles, world, described)) if described.triggers else None
        ages = _fact(world, TriggerAgeFacts, partial(_ages, world, described)) if described.triggers else None
        return replace(
            around,
            backup_runs=_fact(world, BackupRunFacts, partial(_runs, world, described.arn), no_backups),
            throttles=_fact(world, ThrottleFacts, partial(throttles, world, described)),
            load=_fact(world, LoadFacts, partial(load, world, described)),
            trigger_roles=roles,
            trigger_ages=ages,
            access_roles=_access_roles(world, described),
        )

    with ThreadPoolExecutor(CONCURRENT_TABLES) as pool:
        return dict(zip(live, pool.map(of_table, live.values()), strict=True))


def watched_of_absent(world: World, table: str) -> tuple[WatchedMetric, ...]:
    """The metrics that alarms watch of a table that is not there; none where CloudWatch cannot be asked. One call for
    each 100 alarms of the Region."""
    try:
        return tuple(each for said in all_alarms(world.session) for each in watched_metrics(said, table))
    except (Interrupted, UsageError):
        raise
    except DynasmithError:
        return ()


def _fact(world: World, kind: type[F], read: Callable[[], F], unoffered: str = "") -> F:
    """What was read, or why it was not."""
    if unoffered:
        return kind(unknown=unoffered)
    try:
        return read()
    except (Interrupted, UsageError):
        raise
    except DynasmithError as error:
        return kind(unknown=world.masks(error.message.rstrip(".")))


def _access_roles(world: World, described: TableDescription) -> AccessRoleFacts | None:
    if not known(described.table.access, ()):
        return None
    return _fact(world, AccessRoleFacts, lambda: AccessRoleFacts(roles=access_roles(world.session, described)))


def _trails(world: World) -> TrailFacts:
    return TrailFacts(trails=trails_here(world.session))


def _selections(world: World) -> SelectionFacts:
    found = backup_selections(world.session)
    by_pattern = any(not each.is_explicit for each in found)
    return SelectionFacts(selections=found, opted_in=not by_pattern or AwsBackupRoom(world.session).opted_in())


def _runs(world: World, arn: str) -> BackupRunFacts:
    return BackupRunFacts(runs=tuple(_run(job) for job in AwsBackupJobs(world.session).list(arn)))


def _roles(world: World, described: TableDescription) -> TriggerRoleFacts:
    return TriggerRoleFacts(roles=trigger_roles(world.session, described))


def _ages(world: World, described: TableDescription) -> TriggerAgeFacts:
    names = [function_key(each.function) for each in described.triggers if each.on_current_stream]
    return TriggerAgeFacts(ages_ms=read_ages(world, described.table.name, names))


def _run(job: BackupJob) -> BackupRun:
    return BackupRun(id=job.id, state=job.state, reason=job.reason, bad=job.is_bad, started_at=job.started_at)
