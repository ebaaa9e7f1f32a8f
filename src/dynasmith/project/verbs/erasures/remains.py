"""What may still hold a person when the items are deleted: said, not removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynasmith.errors import DynasmithError
from dynasmith.jobs.spec import Backfill, DeleteItems, Export, RollBack, ServiceExport
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import known


def remaining(items: ItemWorld, name: str, table: str) -> tuple[str, ...]:
    """A sentence for each place that may hold deleted items of a table, ``name`` in the definition, ``table`` in the
    service. What cannot be read is said too. Costs four calls, and a reading of the ledger."""
    described = items.world.control.describe(table, ())
    return (*_of_service(items, table, described), *_of_jobs(items, {name, table}))


def _of_service(items: ItemWorld, table: str, described: TableDescription) -> Iterator[str]:
    answer = _asked(items, "DescribeContinuousBackups", table)
    if isinstance(answer, str):
        yield answer
    else:
        status = (answer.get("ContinuousBackupsDescription") or {}).get("PointInTimeRecoveryDescription") or {}
        if status.get("PointInTimeRecoveryStatus") == "ENABLED":
            days = status.get("RecoveryPeriodInDays", 35)
            yield f"Point-in-time recovery can bring the items back for {days} days."
    answer = _asked(items, "ListBackups", table)
    if isinstance(answer, str):
        yield answer
    elif backups := answer.get("BackupSummaries") or ():
        names = ", ".join(str(each.get("BackupName")) for each in backups)
        yield f"Backups may hold them until they are deleted: {names}."
    if known(described.table.stream, None):
        yield "The stream of the table shows the deleted items to its readers for 24 hours."
    answer = _asked(items, "DescribeKinesisStreamingDestination", table)
    if isinstance(answer, str):
        yield answer
    else:
        for each in answer.get("KinesisDataStreamDestinations") or ():
            if each.get("DestinationStatus") == "ACTIVE":
                yield f"{each.get('StreamArn')} keeps them as long as it keeps records."
    for replica in described.replicas:
        yield f"The replica in {replica.region} deletes them a moment later."


def _asked(items: ItemWorld, operation: str, table: str) -> Mapping[str, Any] | str:
    """The answer; a sentence where it could not be had."""
    try:
        return items.world.session.call("dynamodb", operation, {"TableName": table}, table=table)
    except DynasmithError as error:
        return f"Not known, because dynamodb:{operation} could not be asked: {error.message}"


def _of_jobs(items: ItemWorld, names: set[str]) -> Iterator[str]:
    for job in items.ledger.jobs():
        match job.spec:
            case Backfill() | DeleteItems() | RollBack() if job.spec.target.table in names and job.spec.journal:
                yield f"The undo journal of {job.id} may hold them: dynasmith jobs prune {job.id}."
            case Export() if job.spec.source.table in names:
                yield f"The export {job.spec.dest} of {job.id} may hold them."
            case ServiceExport() if job.spec.source.table in names:
                yield f"The export {job.spec.place} of {job.id} may hold them."
        if job.counts.dead:
            yield f"The dead letters of {job.id} may hold them: dynasmith jobs prune {job.id}."
