"""Backfills of a project's tables, wired: run, rehearse, check, resume, undo."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from dynasmith.aws.data.updates import table_updates
from dynasmith.engine.backfill import backfill as engine
from dynasmith.engine.backfill import undo as engine_undo
from dynasmith.engine.backfill.canary import FirstRunLimits
from dynasmith.engine.backfill.dry_run import (
    SAMPLED_ITEMS,
    SHOWN_KEYS_MAX,
    BackfillDryRun,
    CheckResult,
    check_backfill,
    rehearse_backfill,
)
from dynasmith.engine.transfer import jobs as flow_jobs
from dynasmith.engine.transfer.options import TransferOptions, asked_again
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import CheckpointError, RunError, UsageError
from dynasmith.items.transform import Function
from dynasmith.jobs.job import Job
from dynasmith.jobs.journal import JournalHead
from dynasmith.jobs.report import Report
from dynasmith.plans.consent import Consent, question
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.journal import UndoJournal
from dynasmith.ports.listener import Listener, silent
from dynasmith.ports.updates import OpenUpdates
from dynasmith.project.identity import (
    TABLES,
    TableIdentity,
    check_table,
    check_tables,
    identity_of,
    remembered_tables,
)
from dynasmith.project.journals import Journals, journals_of
from dynasmith.project.locations import Location, remembered
from dynasmith.project.transforms import AnyTransform
from dynasmith.project.verbs.dry_run import unguarded

if TYPE_CHECKING:
    from dynasmith.project.project import Project


class Backfills:
    """Items changed in place, and put back. Blocking; each run is a job in the ledger, resumable after any kill."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._items = project.items

    # --- the verbs

    def run(
        self,
        table: str | Location,
        transform: AnyTransform,
        *,
        asked: TransferOptions | None = None,
        careful: FirstRunLimits | None = None,
        journal: bool = True,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Bring every item of a table into a new shape, conditionally, with an undo journal. See `engine.backfill`.

        ``transform`` is an operations file, ``module:function``, or a function of ``(item, ctx)``. Needs the consent
        `yes`, and the name of a protected environment that the table is in; else ConsentRequired.
        """
        side, function, named = self._said(table, transform)
        end = self._items.end(side)
        kept = "with an undo journal" if journal else "without an undo journal"
        self._granted(consent, side, end, f"Backfill {end.name} in place in {{where}}, {kept}?")
        parameters = {"target": remembered(side), "journal": journal} | remembered_tables(target=end)
        report = engine.backfill(
            end,
            self._updates(side, end),
            self._items.ledger,
            self._opener(end, journal),
            function,
            asked,
            careful=careful,
            parameters=parameters | self._items.remembered_transform(named),
            around=self._items.around(listener),
        )
        return self._items.priced(report)

    def rehearse(
        self,
        table: str | Location,
        transform: AnyTransform,
        *,
        asked: TransferOptions | None = None,
        careful: FirstRunLimits | None = None,
        sample: int | None = SAMPLED_ITEMS,
    ) -> BackfillDryRun:
        """What `run` would change, cost and take, from a sample or from every item (``sample`` None)."""
        dry = self._items.dry
        function, keeping = dry.rehearsed(_given(transform), in_place=True)
        assert function is not None
        end, around, prices = dry.end(dry.side(table)), dry.around(silent), dry.prices()
        return rehearse_backfill(
            end, function, asked, careful=careful, keeping=keeping, sample=sample, prices=prices, around=around
        )

    def check(
        self,
        table: str | Location,
        transform: AnyTransform,
        *,
        asked: TransferOptions | None = None,
        limit: int = SHOWN_KEYS_MAX,
    ) -> CheckResult:
        """Read the whole table and say which items are not in the shape that the transform makes.

        User code runs in this process, unguarded; in a project that is `dry` it is guarded as in `rehearse`.
        """
        if self._project.session.only_reads:
            function, keeping = self._items.rehearsed(_given(transform), in_place=True)
        else:
            function, _ = self._items.function(_given(transform), in_place=True)
            keeping = unguarded(function)
        assert function is not None
        end, around = self._items.end(self._items.side(table)), self._items.around(silent)
        return check_backfill(end, function, asked, keeping=keeping, limit=limit, around=around)

    def undo(
        self,
        job_id: str,
        *,
        asked: TransferOptions | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Put back what a backfill changed; what others changed since stays and is reported as dead letters.

        Needs the consent `yes`, and the name of a protected environment that the table is in; else ConsentRequired. A
        backfill that could be resumed is cancelled first. Raises Locked while it runs, UsageError for a job that is
        no backfill, RunError where it has no journal.
        """
        job, side = self._backfill(job_id)
        end = self._same(side, job)  # before the claim, which would already change the job
        self._journals.kept(job_id, self._marks_of(job_id))  # one without a journal is refused before anything is asked
        self._granted(consent, side, end, f"Undo the changes of {job_id} to {end.name} in {{where}}?")
        claim = self._items.ledger.claim(job_id)
        claim.release()  # nobody runs it
        kept = self._journals.kept(job_id, self._marks_of(job_id))
        if not claim.job.over:
            flow_jobs.cancel(self._items.ledger, job_id, self._items.now)
        report = engine_undo.undo(
            end,
            self._updates(side, end),
            self._items.ledger,
            lambda: kept,
            kept.head.segments,
            asked,
            parameters={"target": remembered(side), "of": job_id} | remembered_tables(target=end),
            around=self._items.around(listener),
        )
        return self._items.priced(report)

    def rehearse_undo(self, job_id: str, *, asked: TransferOptions | None = None) -> engine_undo.UndoDryRun:
        """What `undo` would send, counted from the journal. No call but one DescribeTable, and no lock."""
        job, side = self._backfill(job_id)
        end = self._same(side, job)
        kept = self._journals.kept(job_id, self._marks_of(job_id))
        return engine_undo.rehearse_undo(
            end, kept, kept.head.segments, asked or TransferOptions(), self._items.prices()
        )

    def again(self, claim: Claim, end: TableEnd, function: Function | None, around: RunContext) -> Report:
        """Go on with a backfill, or with an undo, that this process holds; ``end`` is its table, checked to be so."""
        job = claim.job
        side = msgspec.convert(job.parameters["target"], Location)
        updates = self._updates(side, end)
        if job.verb == engine_undo.VERB:
            of = str(job.parameters["of"])
            kept = self._journals.kept(of, self._marks_of(of))
            return engine_undo.undo_again(claim, end, updates, lambda: kept, around=around)
        if function is None:
            raise CheckpointError(
                f"Job {job.id} ran a function that it could not remember by name.", hint="resume it with transform="
            )
        opener = self._opener(end, bool(job.parameters.get("journal", True)))
        return engine.backfill_again(claim, end, updates, opener, function, around=around)

    def look_again(self, job: Job, end: TableEnd, function: Function | None, around: RunContext) -> None:
        """Look at a transform that changed as at the beginning of a job: it has not been looked at. See `backfill`."""
        if function is not None:
            asked = asked_again(job.parameters)
            engine.look_first(end, engine.rewriter_of(end, function, asked, job), asked, around)

    def check_same(self, job: Job, end: TableEnd) -> None:
        """Raise where the table is not the one of the job. Of an earlier version's the journal may know its name."""
        if TABLES in job.parameters:
            check_tables(job, {"target": end})
            return
        name = ""
        with suppress(RunError):  # there is no journal, or none that can be read
            name = self._journals.kept(str(job.parameters.get("of", job.id)), {}).head.table
        check_table(job, TableIdentity(name=name, where=str(job.parameters.get("where", ""))), identity_of(end))

    def remove_journal(self, job_id: str) -> bool:
        """Remove the journal of a job, where there is one: it holds customers' items."""
        return self._journals.remove(job_id)

    # --- parts

    def _said(self, table: str | Location, transform: AnyTransform) -> tuple[Location, Function, str]:
        function, named = self._items.function(_given(transform), in_place=True)
        assert function is not None
        return self._items.side(table), function, named

    def _granted(self, consent: Consent | None, side: Location, end: TableEnd, text: str) -> None:
        self._items.at(side).granted(self._items.consent(consent), [end.name], question(text))

    def _updates(self, side: Location, end: TableEnd) -> OpenUpdates:
        at = self._project.elsewhere(side) if side.elsewhere else self._project
        client, table_id = at.session.client("dynamodb"), end.description.table_id
        return table_updates(client, end.name, end.key, transport=self._items.transport, table_id=table_id)

    @property
    def _journals(self) -> Journals:
        return journals_of(self._project.place, self._project.session)

    def _opener(self, end: TableEnd, kept: bool) -> engine.OpenJournal:
        def opened(job: Job, new: bool) -> UndoJournal | None:
            if not kept:
                return None
            head = JournalHead(job=job.id, table=end.name, where=end.access.where, segments=job.segments)
            return self._journals.create(head) if new else self._journals.reopen(job.id)

        return opened

    def _marks_of(self, job_id: str) -> Mapping[int, bytes]:
        """How long the journal of a backfill must be at least. Reads only."""
        checkpoints = self._items.ledger.checkpoints(job_id)
        return {segment: checkpoint.mark for segment, checkpoint in checkpoints.items()}

    def _backfill(self, job_id: str) -> tuple[Job, Location]:
        job = self._items.ledger.show(job_id)
        if job.verb != engine.VERB:
            raise UsageError(
                f"Job {job_id} is of {job.verb}, and only a backfill can be undone.", hint="dynasmith jobs list"
            )
        return job, msgspec.convert(job.parameters["target"], Location)

    def _same(self, side: Location, job: Job) -> TableEnd:
        """The table of a job. Raises what `check_table` raises where it is another one now."""
        end = self._items.end(side)
        self.check_same(job, end)
        return end


def _given(transform: AnyTransform | None) -> AnyTransform:
    if transform is None:
        raise UsageError("A backfill needs a transform.", hint="an operations file, or module:function")
    return transform
