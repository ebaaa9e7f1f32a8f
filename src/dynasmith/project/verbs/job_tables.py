"""Whether the tables of a job are still the ones that it began with."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import RunError
from dynasmith.jobs.job import Job, readable
from dynasmith.jobs.spec import (
    UNKNOWN_TABLES,
    Backfill,
    Erase,
    Refresh,
    Replace,
    Restore,
    ServiceImport,
    Undo,
    sides_of,
)
from dynasmith.jobs.table_identity import TableIdentity, check_table
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.journals import Journals


def check_tables(job: Job, ends: Mapping[str, TableEnd | None]) -> None:
    """Raise where a side is not the table that it was when the job began; None is no table. What is unknown passes."""
    tables = readable(job).tables
    for side, before in (("source", tables.source), ("target", tables.target)):
        end = ends.get(side)
        if before is not None and end is not None:
            check_table(job.id, before, end.identity, over=job.over)


def check_sides(job: Job, world: ProjectJobWorld) -> None:
    """The same for every side of a job, as its table is now: each is described, and stays so for the run."""
    spec = readable(job)
    if isinstance(
        spec, ServiceImport | Restore | Refresh | Erase | Replace
    ):  # its table is not there yet, or each part has its own
        return
    ends = {name: world.table(side) for name, side in sides_of(spec).items()}
    if isinstance(spec, Backfill | Undo) and spec.tables == UNKNOWN_TABLES:
        _check_earlier(job, spec, ends["target"], world.journals)
    else:
        check_tables(job, ends)


def _check_earlier(job: Job, spec: Backfill | Undo, end: TableEnd, journals: Journals) -> None:
    """A job of an earlier version kept the place of its table at most; its journal may know the name."""
    name = ""
    with suppress(RunError):  # there is no journal, or none that can be read
        name = journals.kept(spec.of if isinstance(spec, Undo) else job.id, {}).head.table
    check_table(job.id, TableIdentity(name=name, where=spec.where), end.identity, over=job.over)
