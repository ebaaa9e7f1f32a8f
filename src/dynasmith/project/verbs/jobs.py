"""Jobs: what became of runs of copy, export, populate and backfill, and how to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from msgspec.structs import replace

from dynasmith.engine.backfill.backfill import look_again
from dynasmith.engine.run import run
from dynasmith.engine.transfer import jobs as engine_jobs
from dynasmith.errors import ProjectError, RunError
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.files.removing import refuse_link
from dynasmith.jobs.choice import chosen, is_whole_id, older_than
from dynasmith.jobs.job import Job, readable
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Backfill, Undo, UnreadableSpec, sides_of, transform_of
from dynasmith.plans.consent import Consent, question
from dynasmith.plans.where import Where
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.backfill import Backfills
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_tables import check_sides
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.journals import journals_of
from dynasmith.project.verbs.transform_fingerprint import check_transform, with_current_transform
from dynasmith.project.verbs.transforms import AnyTransform


class Jobs:
    """The jobs of a project's ledger. Reading them costs no call."""

    def __init__(self, items: ItemWorld, backfills: Backfills) -> None:
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
        if isinstance(job.spec, UnreadableSpec) or (target := sides_of(job.spec).get("target")) is None:
            return None
        return self._items.at(target).where

    def cancel(self, job_id: str) -> Job:
        """End a job for good; what it wrote stays."""
        return engine_jobs.cancel(self._items.ledger, job_id, self._items.now)

    def pause(self, job_id: str) -> None:
        """Let a job that runs wait."""
        engine_jobs.pause(self._items.ledger, job_id)

    def proceed(self, job_id: str) -> None:
        """Let a paused job go on in the process that runs it."""
        engine_jobs.proceed(self._items.ledger, job_id)

    def pace(self, job_id: str, *, read_units: float | None = None, write_units: float | None = None) -> None:
        """Another pace, in units a second, at once where the job runs."""
        engine_jobs.pace(self._items.ledger, job_id, read_units=read_units, write_units=write_units)

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
        given = self._items.world.consent if consent is None else consent
        for place, jobs in self._with_journals(job_ids).items():
            try:
                at = self._items.at(place)
            except ProjectError:  # the environment of the job is gone
                at = self._items.world
            ids = ", ".join(jobs)
            tables = [at.physical(table) for table in jobs.values()]
            asks = question(f"Remove the undo {'journal' if len(jobs) == 1 else 'journals'} of {ids} in {{where}}?")
            at.granted(given, tables, asks)
        for job_id in sorted(job_ids, key=lambda job_id: self.show(job_id).over):  # one that is not over is refused
            self._prune(job_id)

    def _with_journals(self, job_ids: Sequence[str]) -> dict[Side, dict[str, str]]:
        """The ids of the jobs that keep an undo journal, each with its table, by the place of the table."""
        found: dict[Side, dict[str, str]] = {}
        for job in map(self.show, job_ids):
            if job.over and isinstance(job.spec, Backfill) and job.spec.journal:
                found.setdefault(replace(job.spec.target, table=""), {})[job.id] = job.spec.target.table
        return found

    def _check_prunable(self, job_id: str) -> None:
        ledger = self._items.ledger
        for job in ledger.jobs():
            if isinstance(job.spec, Undo) and job.spec.of == job_id and not job.over:
                raise RunError(
                    f"Job {job_id} is being taken back by {job.id}, which needs its undo journal.",
                    hint=f"resume {job.id} to its end, or cancel it, and prune then",
                )
        if isinstance(ledger, FolderLedger):  # before the journal: what is refused removes nothing
            refuse_link(ledger.folder / job_id, f"The folder of job {job_id}")

    def _prune(self, job_id: str) -> None:
        ledger = self._items.ledger
        if ledger.show(job_id).over:  # the journal first: once the job is gone, nobody would find it
            journals_of(self._items.world).remove(job_id)
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
        items, job = self._items, self._items.ledger.show(job_id)
        spec = readable(job)
        world = ProjectJobWorld(items, listener, transform=transform, in_place=isinstance(spec, Backfill))
        function = world.function(transform_of(spec))
        if transform is None and not changed_transform:
            check_transform(job_id, spec, items.folder)
        check_sides(job, world)
        claim = items.ledger.claim(job_id)
        try:
            spec = readable(claim.job)
            if changed_transform:
                if (
                    isinstance(spec, Backfill) and function is not None
                ):  # before it is kept: a refused one was not accepted
                    look_again(spec, claim.job, function, world)
                spec = with_current_transform(spec, items.folder)
                claim.change(replace(claim.job, spec=spec))
            return items.priced(run(spec, claim, world))
        finally:
            claim.release()
