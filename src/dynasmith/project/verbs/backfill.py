"""Backfills of a project's tables, wired: run, rehearse, check, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from dynasmith.engine.backfill.backfill import begin_backfill
from dynasmith.engine.backfill.dry_run import (
    SAMPLED_ITEMS,
    SHOWN_KEYS_MAX,
    BackfillDryRun,
    CheckResult,
    check_backfill,
    rehearse_backfill,
)
from dynasmith.engine.backfill.undo import UndoDryRun, begin_undo, rehearse_undo
from dynasmith.engine.run import run
from dynasmith.engine.transfer.jobs import cancel
from dynasmith.errors import UsageError
from dynasmith.jobs.job import Job, readable
from dynasmith.jobs.options import FirstRunLimits, TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Backfill, DeleteItems, RollBack, Undo
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.dry_run import rehearsed, unguarded
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_tables import check_sides
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.model_transforms import change_transform
from dynasmith.project.verbs.personal_data import is_protected
from dynasmith.project.verbs.transforms import AnyTransform, function_of

if TYPE_CHECKING:
    from dynasmith.models import Model


class Backfills:
    """Items changed in place, and put back. Blocking; each run is a job in the ledger, resumable after any kill."""

    def __init__(self, items: ItemWorld) -> None:
        self._items = items

    def run(
        self,
        table: str | Side | type[Model],
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
        world = ProjectJobWorld(self._items, listener, transform=self._given(transform, table), in_place=True)
        ref, side = world.transform_ref(), self._items.side(table)
        name, kept = world.table(side).name, "with an undo journal" if journal else "without an undo journal"
        self._items.granted(consent, side, name, f"Backfill {name} in place in {{where}}, {kept}?")
        spec = Backfill(
            target=side,
            journal=journal,
            tables=world.identities(target=side),
            transform=ref,
            careful=careful or FirstRunLimits(),
            canary_items=0,
            options=self._items.moved_by(asked),
        )
        claim = begin_backfill(spec, world)
        return self._items.priced(run(readable(claim.job), claim, world))

    def rehearse(
        self,
        table: str | Side | type[Model],
        transform: AnyTransform,
        *,
        asked: TransferOptions | None = None,
        careful: FirstRunLimits | None = None,
        sample: int | None = SAMPLED_ITEMS,
    ) -> BackfillDryRun:
        """What `run` would change, cost and take, from a sample or from every item (``sample`` None)."""
        dry = self._items.dry
        place = (dry.folder, dry.world.session, dry.transport)
        function, keeping = rehearsed(self._given(transform, table), *place, in_place=True, keys=dry.world.cipher)
        assert function is not None
        side = dry.side(table)
        end, around, prices = dry.end(side), dry.context(silent), dry.prices()
        found = rehearse_backfill(
            end, function, asked, careful=careful, keeping=keeping, sample=sample, prices=prices, around=around
        )
        return replace(found, protected=is_protected(dry, side, end.name))

    def check(
        self,
        table: str | Side | type[Model],
        transform: AnyTransform,
        *,
        asked: TransferOptions | None = None,
        limit: int = SHOWN_KEYS_MAX,
    ) -> CheckResult:
        """Read the whole table and say which items are not in the shape that the transform makes.

        User code runs in this process, unguarded; in a project that is `dry` it is guarded as in `rehearse`.
        """
        items = self._items
        if items.only_reads:
            place = (items.folder, items.world.session, items.transport)
            function, keeping = rehearsed(self._given(transform, table), *place, in_place=True, keys=items.world.cipher)
        else:
            function = function_of(self._given(transform, table), items.folder, in_place=True, keys=items.world.cipher)
            keeping = unguarded(function)
        assert function is not None
        end, around = items.end(items.side(table)), items.context(silent)
        return check_backfill(end, function, asked, keeping=keeping, limit=limit, around=around)

    def undo(
        self,
        job_id: str,
        *,
        asked: TransferOptions | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Put back what a backfill changed or a deletion deleted; what others changed since stays and is reported as
        dead letters.

        Needs the consent `yes`, and the name of a protected environment that the table is in; else ConsentRequired. A
        backfill that could be resumed is cancelled first. Raises Locked while it runs, UsageError for a job of
        another verb, RunError where it has no journal.
        """
        items, world = self._items, ProjectJobWorld(self._items, listener)
        job, side = self._backfill(job_id)
        check_sides(job, world)  # before the claim, which would already change the job
        world.kept_journal(job_id)  # one without a journal is refused before anything is asked
        name = world.table(side).name
        items.granted(consent, side, name, f"Undo the changes of {job_id} to {name} in {{where}}?")
        claim = items.ledger.claim(job_id)
        claim.release()  # nobody runs it
        if not claim.job.over:
            cancel(items.ledger, job_id, items.now)
        spec = Undo(
            target=side,
            of=job_id,
            tables=world.identities(target=side),
            options=items.moved_by(asked),
        )
        return items.priced(run(spec, begin_undo(spec, world), world))

    def rehearse_undo(self, job_id: str, *, asked: TransferOptions | None = None) -> UndoDryRun:
        """What `undo` would send, counted from the journal. No call but one DescribeTable, and no lock."""
        world = ProjectJobWorld(self._items)
        job, side = self._backfill(job_id)
        check_sides(job, world)
        kept = world.kept_journal(job_id)
        end, options = world.table(side), asked or TransferOptions()
        found = rehearse_undo(end, kept, kept.head.segments, options, self._items.prices())
        return replace(found, protected=is_protected(self._items, side, end.name))

    def _backfill(self, job_id: str) -> tuple[Job, Side]:
        job = self._items.ledger.show(job_id)
        if not isinstance(job.spec, Backfill | DeleteItems | RollBack):
            raise UsageError(
                f"Job {job_id} is of {job.verb}, and only a backfill, a deletion of items and a restore in place can "
                "be undone.",
                hint="dynasmith jobs list",
            )
        return job, job.spec.target

    def _given(self, transform: AnyTransform | None, table: object) -> AnyTransform:
        if transform is None:
            raise UsageError("A backfill needs a transform.", hint="an operations file, or module:function")
        return change_transform(transform, table, self._items.folder)
