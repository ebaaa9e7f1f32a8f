"""The two tables of a replacement, wired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from msgspec import UNSET, structs

from dynasmith.aws.control.change_stream import AwsChangeStream
from dynasmith.aws.control.model_items import AwsModelItems
from dynasmith.aws.control.policy_fence import PolicyFence
from dynasmith.engine.apply import apply_plan
from dynasmith.engine.replacement.direction import LOG_SEGMENTS
from dynasmith.engine.run import run
from dynasmith.engine.transfer.copy import begin_copy
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.events import FlowNote
from dynasmith.engine.transfer.long_job import JobCancelled
from dynasmith.engine.transfer.replacement_world import TableSide
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import CheckpointError, RunError, TableNotFound
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Transform
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job
from dynasmith.jobs.journal import JournalHead
from dynasmith.jobs.spec import Copy, Replace, TransformRef
from dynasmith.jobs.table_identity import TableIdentities, TableIdentity, check_table
from dynasmith.pointer import Pointer
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.clock import Clock
from dynasmith.ports.fences import WriteFence
from dynasmith.ports.items import DeadLetter
from dynasmith.ports.journal import SegmentedJournal
from dynasmith.ports.listener import Listener
from dynasmith.ports.model_items import ModelItems
from dynasmith.ports.streams import StreamReader
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_resume import resume
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.journals import journals_of
from dynasmith.project.verbs.migrations.safety_point import make_safety_point
from dynasmith.project.verbs.plan import make_plan
from dynasmith.project.verbs.replacements.hooks import HOOK, HookFence, NoFence, hook_words
from dynasmith.project.verbs.replacements.pointers import pointer_of
from dynasmith.project.verbs.tables import ensure
from dynasmith.project.verbs.transforms import function_of
from dynasmith.tables.table import StreamView, Table

SETTLE_SECONDS = 60.0
"""How long after a stream was enabled a write may still be missing from it, on AWS."""
SETTLE_SECONDS_ENGINE = 0.1
"""The same on an engine, which has one process."""


@dataclass
class ProjectReplacementWorld:
    """Keeps `dynasmith.engine.transfer.replacement_world.ReplacementWorld`."""

    world: ItemWorld
    spec: Replace
    listener: Listener
    items: ModelItems
    commanded: bool = False

    @classmethod
    def of(
        cls, world: ItemWorld, spec: Replace, listener: Listener, *, commanded: bool = False
    ) -> ProjectReplacementWorld:
        """The tables of a job, in the environment of a project."""
        return cls(world, spec, listener, AwsModelItems(world.world.session), commanded)

    def fence(self, spec: Replace, table: str) -> WriteFence:
        """The table's own policy, a command, or none."""
        session, kind = self.world.world.session, spec.progress.fences.get(table, spec.progress.fence)
        if kind.startswith(HOOK):
            return HookFence(hook_words(kind), table)
        if kind == "none":
            return NoFence()
        described = self.world.world.control.describe(table, ("replicas", "time_to_live"))
        return PolicyFence(session, self.clock, described, spec.progress.max_fence_seconds)

    def pointer(self, spec: Replace) -> Pointer:
        """A file, a parameter, or a command."""
        return pointer_of(spec.progress.pointer, self.world.folder, self.world.world.session)

    def finish_target(self) -> None:
        """What the definition of the old or of the new name says; time to live and protection as the old table has
        them, where it says nothing about them."""
        world = self.world.world
        source, target = self.spec.source.table, self.spec.target.table
        by_name = {table.name: table for table in world.defined_tables()}
        wanted = by_name.get(target) or by_name.get(source) or self.definition
        kept = [field for field in ("time_to_live", "deletion_protection") if getattr(wanted, field) is UNSET]
        if kept:  # nobody said that items do not expire any more
            live = world.control.describe(source, kept).table
            wanted = structs.replace(wanted, **{field: getattr(live, field) for field in kept})
        plan = make_plan(world, [structs.replace(wanted, name=target)])
        report = apply_plan(plan, world.control, world.clock, listener=self.listener)
        for error in report.failures.values():
            raise error

    @property
    def clock(self) -> Clock:
        """The project's."""
        return self.world.world.clock

    @property
    def settle_seconds(self) -> float:
        """A minute on AWS."""
        return SETTLE_SECONDS_ENGINE if self.world.world.session.access.isolated else SETTLE_SECONDS

    @property
    def definition(self) -> Table:
        """The new table, as it is created."""
        return msgspec.json.decode(self.spec.definition, type=Table)

    def source(self) -> TableEnd:
        """The source now."""
        return self.world.end(self.spec.source)

    def target(self) -> TableEnd:
        """The target now."""
        return self.world.end(self.spec.target)

    def identities(self, job: str) -> TableIdentities:
        """Which tables they are; the same as before, where that is known."""
        found = TableIdentities(source=self.source().identity, target=self.target().identity)
        for before, now in ((self.spec.tables.source, found.source), (self.spec.tables.target, found.target)):
            if before is not None and now is not None:
                check_table(job, before, now)
        return found

    def is_there(self, side: TableSide, job: str) -> bool:
        """By its name, its ARN and its id; one that is not there tells its environment alone."""
        place, before = getattr(self.spec, side), getattr(self.spec.tables, side)
        try:
            now = self.world.end(place).identity
        except TableNotFound:
            now = TableIdentity(where=self.world.end_of(place, self.definition).access.where)
        try:
            check_table(job, before or TableIdentity(), now)
        except CheckpointError:
            return False
        return bool(now.name)

    def transform(self, spec: Replace) -> Transform | None:
        """The transform as the copy job calls it."""
        return self._bound(spec, spec.transform, self.source(), self.target())

    def inverse(self, spec: Replace) -> Transform | None:
        """The same of the way back."""
        return self._bound(spec, spec.inverse, self.target(), self.source())

    def _bound(self, spec: Replace, ref: TransformRef | None, source: TableEnd, target: TableEnd) -> Transform | None:
        if ref is None:
            return None
        function = function_of(ref.name, self.world.folder, keys=self.world.world.cipher)
        return Transform(function, Context(spec.began, spec.progress.copy_job, source.key), target=target.key)

    def safety_point(self) -> str:
        """Point-in-time recovery where it is on, else a backup, else an export."""
        exports = Path(self.world.folder) / ".dynasmith" / "replacements"
        name = f"before-replace-{self.spec.began:%Y%m%d-%H%M%S}"

        def told(sentence: str) -> None:
            self.listener(FlowNote(table=self.spec.source.table, sentence=f"{sentence[0].upper()}{sentence[1:]}."))

        made = make_safety_point(self.world, self.spec.source.table, name, exports, self.listener, told)
        return "no item to restore" if made is None else str(made)

    def create_target(self) -> None:
        """Create it; what a killed run left of it is finished."""
        done = ensure(self.world.world, [self.definition], listener=self.listener)
        for error in done.failures.values():
            raise error

    def set_stream(self, table: TableEnd, view: StreamView | None) -> None:
        """Through a plan of that one setting; one with another view is turned off first."""
        world, live = self.world.world, table.description.table
        if live.stream == view:
            return
        wanted = Table(name=live.name, key=live.key, stream=view)
        plan = make_plan(world, [wanted], only=("stream",))
        report = apply_plan(plan, world.control, world.clock, listener=self.listener)
        for error in report.failures.values():
            raise error

    def stream(self, table: TableEnd) -> StreamReader:
        """The stream that a table has now."""
        described = table.description
        if not described.stream_arn:
            raise RunError(
                f"Table {described.table.name} has no stream any more.", hint="dynasmith replace abort, and begin again"
            )
        return AwsChangeStream(self.world.world.session, described.stream_arn, described.table.name)

    def new_journal(self, job: str) -> SegmentedJournal:
        """A journal beside the undo journals."""
        source = self.source()
        head = JournalHead(job=job, table=source.name, where=source.access.where, segments=LOG_SEGMENTS)
        return journals_of(self.world.world).create(head)

    def journal(self, job: str) -> SegmentedJournal:
        """The journal of the job."""
        try:
            return journals_of(self.world.world).reopen(job)
        except RunError as error:
            if not self.world.world.settings.journal.startswith("s3://"):
                error.hint = (
                    "go on where the job began, or end it with dynasmith replace abort; with a journal in S3 ([jobs] "
                    "journal) every machine can go on with the next one"
                )
            raise

    def copy(self, spec: Replace, claim: Claim, stop: StopRequest) -> Counts:
        """The copy as a job of its own, which is paused and cancelled with the replacement."""
        copy_job = spec.progress.copy_job
        items = replace(self.world, job_id=copy_job, origin=f"replace:{claim.job.id}", parent=claim, stop=stop)
        known = self._known(copy_job)
        if known is not None and known.state == "done":
            return known.counts
        if known is None:
            world = ProjectJobWorld(items, self.listener)
            asked = Copy(
                source=spec.source,
                target=spec.target,
                tables=spec.tables,
                transform=spec.transform,
                options=spec.options,
            )
            begun = begin_copy(asked, world, only_new=spec.transform is not None, began=spec.began)
            report = run(asked, begun, world)
        else:
            report = resume(items, copy_job, transform=None, accept_changed_transform=False, listener=self.listener)
        if report.job.state != "done":
            if claim.control().wish == "cancel":
                raise JobCancelled
            raise RunError(
                f"The copy {copy_job} was {report.job.state}.", hint=f"dynasmith replace abort {claim.job.id}"
            )
        return report.counts

    def copy_dead(self, spec: Replace) -> Sequence[DeadLetter]:
        """The dead letters of the copy."""
        return self.world.ledger.dead_letters(spec.progress.copy_job)

    def _known(self, job_id: str) -> Job | None:
        return next((job for job in self.world.ledger.jobs() if job.id == job_id), None)
