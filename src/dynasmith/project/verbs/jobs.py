"""Jobs: what became of runs of copy, export, populate and backfill, and how to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dynasmith.engine.transfer import copy as flow_copy
from dynasmith.engine.transfer import export as flow_export
from dynasmith.engine.transfer import jobs as flow_jobs
from dynasmith.engine.transfer import populate as flow_populate
from dynasmith.engine.transfer.options import asked_again
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import CheckpointError, ProjectError, RunError
from dynasmith.files.items.layout import layout_of
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.files.removing import refuse_link
from dynasmith.items.transform import Function
from dynasmith.jobs.choice import chosen, is_whole_id, older_than
from dynasmith.jobs.job import Job
from dynasmith.jobs.report import Report
from dynasmith.plans.consent import Consent, question
from dynasmith.plans.where import Where
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.databases import Database
from dynasmith.project.identity import check_tables
from dynasmith.project.locations import ExportOptions, Location, ReadOptions
from dynasmith.project.transform_fingerprint import check_transform, with_transform_as_it_is
from dynasmith.project.transforms import AnyTransform
from dynasmith.project.verbs.populate import database_origin, drop_spool, files_from
from dynasmith.project.verbs.populate_files import check_digest, check_files, check_key_of

if TYPE_CHECKING:
    from dynasmith.project.verbs.backfill import Backfills
    from dynasmith.project.verbs.items import ItemFlow

SIDES = ("source", "target")


class Jobs:
    """The jobs of a project's ledger. Reading them costs no call."""

    def __init__(self, items: ItemFlow, backfills: Backfills) -> None:
        self._items = items
        self._backfills = backfills

    def list(self, *, unreadable: Callable[[str], None] | None = None) -> Sequence[Job]:
        """Every job of the ledger, oldest first. ``unreadable`` is told of each that is left out, being damaged."""
        return self._items.ledger.jobs(unreadable)

    def find(self, said: str) -> str:
        """The id of the job that is meant: an id, the beginning of one, or ``last`` for the one that began last.

        RunError where there is none, UsageError where several begin so. A whole id is not looked for.
        """
        return said if is_whole_id(said) else chosen(said, self.list())

    def older_than(self, age: timedelta) -> Sequence[Job]:
        """The jobs that have been over for longer than ``age``, oldest first: what `prune` may remove."""
        return older_than(self.list(), age, self._items.now())

    def show(self, job_id: str) -> Job:
        """One job. Raises RunError where there is none of that id."""
        return self._items.ledger.show(job_id)

    def written_in(self, job: Job) -> Where | None:
        """The environment, Region, and account or endpoint of the table that a job writes; None for an export. May cost
        a call (of STS)."""
        if "target" not in job.parameters:
            return None
        return self._items.at(msgspec.convert(job.parameters["target"], Location)).where

    def cancel(self, job_id: str) -> Job:
        """End a job for good; what it wrote stays."""
        return flow_jobs.cancel(self._items.ledger, job_id, self._items.now)

    def pause(self, job_id: str) -> None:
        """Let a job that runs wait."""
        flow_jobs.pause(self._items.ledger, job_id)

    def proceed(self, job_id: str) -> None:
        """Let a paused job go on in the process that runs it."""
        flow_jobs.proceed(self._items.ledger, job_id)

    def pace(self, job_id: str, *, read_units: float | None = None, write_units: float | None = None) -> None:
        """Another pace, in units a second, at once where the job runs."""
        flow_jobs.pace(self._items.ledger, job_id, read_units=read_units, write_units=write_units)

    def undo(self, job_id: str, *, consent: Consent | None = None, listener: Listener = silent) -> Report:
        """Put back what a backfill changed. See `Backfills.undo`."""
        return self._backfills.undo(job_id, consent=consent, listener=listener)

    def prune(self, *job_ids: str, consent: Consent | None = None) -> None:
        """Remove what is kept of jobs that are over, dead letters and undo journals too: they hold customers' data.

        An undo journal needs the consent `yes`, and the name of a protected environment whose table it is of; else
        ConsentRequired is raised before anything is removed. Raises RunError for a job that is not over.
        """
        for job_id in job_ids:
            self._check_prunable(job_id)
        for side, jobs in self._with_journals(job_ids).items():
            try:
                at = self._items.at(side)
            except ProjectError:  # the environment of the job is gone
                at = self._items.at(Location(table=""))
            ids = ", ".join(job.id for job in jobs)
            tables = [at.physical(msgspec.convert(job.parameters["target"], Location).table) for job in jobs]
            asks = question(f"Remove the undo {'journal' if len(jobs) == 1 else 'journals'} of {ids} in {{where}}?")
            at.granted(self._items.consent(consent), tables, asks)
        for job_id in sorted(job_ids, key=lambda job_id: self.show(job_id).over):  # one that is not over is refused
            self._prune(job_id)

    def _with_journals(self, job_ids: Sequence[str]) -> dict[Location, tuple[Job, ...]]:
        """The jobs that keep an undo journal, by the place of their table."""
        found: dict[Location, tuple[Job, ...]] = {}
        for job in map(self.show, job_ids):
            if job.over and job.verb == "backfill" and job.parameters.get("journal", True):
                side = msgspec.convert(job.parameters["target"], Location)
                place = msgspec.structs.replace(side, table="")
                found[place] = (*found.get(place, ()), job)
        return found

    def _check_prunable(self, job_id: str) -> None:
        ledger = self._items.ledger
        for job in ledger.jobs():
            if job.verb == "undo" and job.parameters.get("of") == job_id and not job.over:
                raise RunError(
                    f"Job {job_id} is being taken back by {job.id}, which needs its undo journal.",
                    hint=f"resume {job.id} to its end, or cancel it, and prune then",
                )

        if isinstance(ledger, FolderLedger):  # before the journal: what is refused removes nothing
            refuse_link(ledger.folder / job_id, f"The folder of job {job_id}")

    def _prune(self, job_id: str) -> None:
        ledger = self._items.ledger
        if ledger.show(job_id).over:  # the journal first: once the job is gone, nobody would find it
            self._backfills.remove_journal(job_id)
        ledger.prune(job_id)

    def resume(
        self,
        job_id: str,
        *,
        transform: AnyTransform | None = None,
        changed_transform: bool = False,
        listener: Listener = silent,
    ) -> Report:
        """Continue a job from its checkpoints, under its own id. Raises Locked while another process runs it.

        ``transform`` is needed again only for a function that the job could not remember by name. An operations file or
        a module that changed since the job began is refused with ConsentRequired, unless ``changed_transform``.
        """
        ledger = self._items.ledger
        job = ledger.show(job_id)
        function, _ = self._items.function(
            job.parameters.get("transform") if transform is None else transform, in_place=job.verb == "backfill"
        )
        if transform is None and not changed_transform:
            check_transform(job, self._items.folder)
        ends = self._ends(job)
        claim = ledger.claim(job_id)
        try:
            around = self._items.around(listener)
            if changed_transform:
                if job.verb == "backfill":  # before it is kept: one that is refused was not accepted
                    self._backfills.look_again(claim.job, ends["target"], function, around)
                kept = with_transform_as_it_is(claim.job.parameters, self._items.folder)
                claim.change(msgspec.structs.replace(claim.job, parameters=kept))
            return self._items.priced(self._again(claim, ends, function, around))
        except KeyError as error:
            raise CheckpointError(f"Job {job_id} does not say {error}.", hint="start a new job") from error
        finally:
            claim.release()

    def _ends(self, job: Job) -> dict[str, TableEnd]:
        """The tables of a job as they are now, each the one that the job began with: looked at before it is claimed."""
        sides = {name: msgspec.convert(job.parameters[name], Location) for name in SIDES if name in job.parameters}
        ends = {name: self._items.end(side) for name, side in sides.items()}
        if job.verb in ("backfill", "undo") and "target" in ends:
            self._backfills.check_same(job, ends["target"])
        else:
            check_tables(job, ends)
        return ends

    def _again(self, claim: Claim, ends: dict[str, TableEnd], function: Function | None, around: RunContext) -> Report:
        job = claim.job
        match job.verb:
            case "copy":
                return flow_copy.copy_again(claim, ends["source"], ends["target"], transform=function, around=around)
            case "export":
                how = msgspec.convert(job.parameters["how"], ExportOptions)
                side = msgspec.convert(job.parameters["source"], Location)
                files = self._items.files(side, Path(job.parameters["dest"]), how)
                return flow_export.export_again(claim, ends["source"], files, around=around)
            case "populate":
                return self._populate_again(claim, job, ends["target"], function, around)
            case "backfill" | "undo":
                return self._backfills.again(claim, ends["target"], function, around)
            case verb:
                raise CheckpointError(f"Job {job.id} is a {verb}, which this version cannot resume.")

    def _populate_again(
        self, claim: Claim, job: Job, target: TableEnd, function: Function | None, around: RunContext
    ) -> Report:
        check_key_of(job, target.name, target.key)
        page_items = asked_again(job.parameters).batch_size
        if "from" in job.parameters:
            database = msgspec.convert(job.parameters["from"], Database)
            origin = database_origin(self._items, database, target, page_items)
            report = flow_populate.populate_again(claim, origin, target, transform=function, around=around)
            drop_spool(self._items, report)
            return report
        if "files" not in job.parameters:
            raise CheckpointError(
                f"Job {job.id} was populated from an iterable that this process does not have.",
                hint="start it again: items that are there already are told apart",
            )
        check_files(job.parameters)
        layout = layout_of(job.parameters["files"])
        how = msgspec.convert(job.parameters["how"], ReadOptions)
        origin = files_from(self._items, layout, target, how, page_items)
        report = flow_populate.populate_again(claim, origin, target, transform=function, around=around)
        if function is None:
            check_digest(report, layout)
        return report
