"""Jobs: what became of runs of copy, export, populate and backfill, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from dynasmith.engine.transfer import jobs as engine_jobs
from dynasmith.errors import ProjectError, RunError, UsageError
from dynasmith.files.folder_removal import refuse_link
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.jobs.activity import JobActivity
from dynasmith.jobs.choice import older_than
from dynasmith.jobs.cluster import WorkerPlace
from dynasmith.jobs.job import Job
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.replacement_report import Replacement
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import (
    Backfill,
    BulkPut,
    DeleteItems,
    Replace,
    RollBack,
    ServiceExport,
    ServiceImport,
    Undo,
    UnreadableSpec,
    sides_of,
)
from dynasmith.plans.consent import Consent, question
from dynasmith.plans.where import Where
from dynasmith.ports.items import DeadLetter
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.argument_kinds import instance
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.backfill import Backfills
from dynasmith.project.verbs.job_resume import resume
from dynasmith.project.verbs.job_ticks import JobTicks
from dynasmith.project.verbs.journals import journals_of
from dynasmith.project.verbs.migrations.jobs_of_migrations import migration_of, refuse_job_of_migration
from dynasmith.project.verbs.refreshes.parts import refresh_world
from dynasmith.project.verbs.replacements.cancellation import cancel_replacement
from dynasmith.project.verbs.replacements.definition_patch import with_definition
from dynasmith.project.verbs.replacements.replacement_world import ProjectReplacementWorld
from dynasmith.project.verbs.transforms import AnyTransform
from dynasmith.project.world import World


class Jobs(JobTicks):
    """The jobs of a project's ledger: a folder, a table, or a prefix in S3. Reading those of a folder costs no call.

    A job is named by its id, by the beginning of one, or as ``last``: RunError where there is none, UsageError where
    several begin so.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._backfills = Backfills(self._items)

    @checked()
    def older_than(self, age: timedelta) -> Sequence[Job]:
        """The jobs that have been over for longer than ``age``, oldest first: what `prune` may remove.

        Raises UsageError where ``age`` is not a duration.
        """
        return older_than(self.list(), age, self._items.now())

    @checked()
    def show(self, job: str) -> Job:
        """One job, without its checkpoints. Raises JobNotFound where there is none, UsageError where several begin
        so."""
        return self._items.ledger.show(self.find(job))

    @checked()
    def activity(self, job: str) -> JobActivity | None:
        """What a job did over time: counts up to now, samples of them, limits of its pace, segments part by part.

        None for a job of a verb that keeps none (a refresh, an erasure, an apply, what the service does), or of an
        earlier version. At most a second old while it runs, in a ledger in a table or in S3 five. Costs one read of the
        ledger, whoever runs the job. Raises JobNotFound where there is no such job, UsageError where several begin so.
        """
        return self._items.ledger.activity(self.find(job))

    @checked()
    def dead_letters(self, job: str) -> tuple[DeadLetter, ...]:
        """The items of a job that could not be moved, each with its reason; they hold customers' data.

        All of them are in memory at once. Costs a read of the ledger. Raises JobNotFound where there is no such job,
        UsageError where several begin so.
        """
        return tuple(self._items.ledger.dead_letters(self.find(job)))

    @checked()
    def of_service(self, arn: str) -> Mapping[str, Any]:
        """An export or import of the service by its ARN, as it describes it now: one call. Stable keys, JSON values.

        Raises UsageError for an ARN of anything else, ServiceError where there is none.
        """
        from dynasmith.project.verbs.service_transfers import described_by_arn

        return described_by_arn(self._items, arn)

    @checked(job=instance("a Job", Job))
    def written_in(self, job: Job) -> Where | None:
        """The environment, Region, and account or endpoint of the table that a job writes; None for an export. May cost
        a call (of STS). Raises UsageError where ``job`` is not a Job."""
        if isinstance(job.spec, UnreadableSpec) or (target := sides_of(job.spec).get("target")) is None:
            return None
        return self._items.at(target).where

    @checked()
    def cancel(self, job: str) -> Job:
        """End a job for good; what it wrote stays. A migration whose job is cancelled fails at that step. The process
        that runs a replacement ends it as `Replacements.abort` does.

        Raises JobNotFound where there is no such job, RunError for one that is over, and for a replacement that no
        process runs and that has turned on a stream or stopped writes (`Replacements.abort` takes it back) or whose new
        table is in use; UsageError where several jobs begin so.
        """
        job_id = self.find(job)
        if isinstance(self.show(job_id).spec, Replace):
            return cancel_replacement(self._items, job_id)
        state = migration_of(self._items, self.show(job_id))
        if state is not None and state.state == "running":  # its lock holds the job, which has no lease of its own
            return engine_jobs.ask_to_cancel(self._items.ledger, job_id)
        return engine_jobs.cancel(self._items.ledger, job_id, self._items.now)

    @checked()
    def pause(self, job: str) -> None:
        """Let a job that runs wait, within a second.

        Raises JobNotFound where there is no such job, RunError for one that is over, UsageError where several begin so.
        """
        self._refuse_of_service(self.find(job), "be paused")
        engine_jobs.pause(self._items.ledger, self.find(job))

    @checked()
    def proceed(self, job: str) -> None:
        """Let a paused job go on in the process that runs it.

        Raises JobNotFound where there is no such job, RunError for one that is over, UsageError where several begin so.
        """
        engine_jobs.proceed(self._items.ledger, self.find(job))

    @checked()
    def pace(self, job: str, *, max_read_units: float | None = None, max_write_units: float | None = None) -> None:
        """Another pace, in capacity units a second, at once where the job runs. Raises UsageError where none is given,
        RunError for a job that is over, JobNotFound where there is none."""
        if max_read_units is None and max_write_units is None:
            raise UsageError("No pace was given.", hint="give max_read_units or max_write_units")
        self._refuse_of_service(self.find(job), "get another pace")
        engine_jobs.pace(self._items.ledger, self.find(job), read_units=max_read_units, write_units=max_write_units)

    def _refuse_of_service(self, job_id: str, what: str) -> None:
        """What the service does by itself goes at its own pace."""
        if isinstance(self._items.ledger.show(job_id).spec, ServiceExport | ServiceImport | BulkPut):
            raise RunError(
                f"Job {job_id} waits for the service and cannot {what}.",
                hint=f"Ctrl-C ends the wait and dynasmith jobs resume {job_id} goes on; jobs cancel ends the job",
            )

    @checked()
    def undo(
        self,
        job: str,
        *,
        processes: int | None = None,
        on: WorkerPlace | None = None,
        max_write_units: float | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Put back what a backfill changed; what others changed since stays and is reported as dead letters.

        A backfill that could be resumed is cancelled first. Raises ConsentRequired, Locked while it runs, UsageError
        for a job that is no backfill, JobNotFound, RunError where it has no journal. Costs the write units of what is
        put back. Stopped halfway it is a job that `resume` continues. RunError for the job of a migration that is
        applied or began: `migrate down` takes it back. ``processes`` is how many processes put items back, ``on`` where
        workers elsewhere do.
        """
        options = TransferOptions(processes=processes or 0, max_write_units=max_write_units)
        job_id = self.find(job)
        refuse_job_of_migration(self._items, self.show(job_id), "undo")
        return Backfills(self._items.placed(on)).undo(job_id, asked=options, consent=consent, listener=listener)

    @checked()
    def prune(self, *jobs: str, consent: Consent | None = None) -> None:
        """Remove what is kept of jobs that are over, dead letters and undo journals too: they hold customers' data.

        An undo journal needs the consent `yes`, and the name of a protected environment whose table it is of; else
        ConsentRequired is raised before anything is removed. Raises JobNotFound, RunError for a job that is not
        over, or that belongs to a migration which began and did not end; UsageError where several jobs begin so.
        """
        job_ids = list(dict.fromkeys(map(self.find, jobs)))
        for job_id in job_ids:
            self._check_prunable(job_id)
        given = self._items.world.consent if consent is None else consent
        for place, journals in self._with_journals(job_ids).items():
            try:
                at = self._items.at(place)
            except ProjectError:  # the environment of the job is gone
                at = self._items.world
            ids, word = ", ".join(journals), "journal" if len(journals) == 1 else "journals"
            tables = [at.physical(table) for table in journals.values()]
            asks = question(f"Remove the undo {word} of {ids} in {{where}}?")
            at.granted(given, tables, asks)
        for job_id in sorted(job_ids, key=lambda job_id: self.show(job_id).over):  # one that is not over is refused
            self._prune(job_id)

    def _with_journals(self, job_ids: Sequence[str]) -> dict[Side, dict[str, str]]:
        """The ids of the jobs that keep an undo journal, each with its table, by the place of the table."""
        found: dict[Side, dict[str, str]] = {}
        for job in map(self.show, job_ids):
            if job.over and isinstance(job.spec, Backfill | DeleteItems | RollBack) and job.spec.journal:
                found.setdefault(replace(job.spec.target, table=""), {})[job.id] = job.spec.target.table
        return found

    def _check_prunable(self, job_id: str) -> None:
        ledger = self._items.ledger
        refuse_job_of_migration(self._items, ledger.show(job_id), "prune")
        for job in ledger.jobs():
            if isinstance(job.spec, Undo) and job.spec.of == job_id and not job.over:
                raise RunError(
                    f"Job {job_id} is being undone by {job.id}, which needs its undo journal.",
                    hint=f"resume {job.id} to its end, or cancel it, and prune then",
                )
        if isinstance(ledger, FolderLedger):  # before the journal: what is refused removes nothing
            refuse_link(ledger.folder / job_id, f"The folder of job {job_id}")

    def _prune(self, job_id: str) -> None:
        ledger = self._items.ledger
        if ledger.show(job_id).over:  # the journal first: once the job is gone, nobody would find it
            journals_of(self._items.world).remove(job_id)
        ledger.prune(job_id)

    @checked()
    def resume(
        self,
        job: str,
        *,
        transform: AnyTransform | None = None,
        accept_changed_transform: bool = False,
        on: WorkerPlace | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Continue a job from its checkpoints, under its own id. Never needs a consent.

        ``transform`` is needed again only for a function that the job could not remember by name. An operations file or
        a module that changed since the job began is refused with ConsentRequired, unless ``accept_changed_transform``.
        ``on`` is where its workers are from now on, whatever it began with; without it they are here.
        Raises Locked while another process runs it, JobNotFound, RunError for a job that is over or belongs to a
        migration that began and did not end, CheckpointError where a table of it was made again, UsageError where
        several jobs begin so, TransformError where the transform of a backfill changes an item again that it has
        changed (nothing is written then) or an item stops the job. What was written stays; a page of each segment may
        be written once more.
        """
        job_id = self.find(job)
        refuse_job_of_migration(self._items, self.show(job_id), "resume")
        report = resume(
            self._items.placed(on),
            job_id,
            transform=transform,
            accept_changed_transform=accept_changed_transform,
            listener=listener,
            refreshing=lambda spec: refresh_world(self._items, spec, listener),
            replacing=lambda spec: ProjectReplacementWorld.of(self._items, spec, listener),
        )
        return with_definition(self._items, report) if isinstance(report, Replacement) else report
