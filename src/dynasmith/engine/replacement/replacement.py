"""replace: each state is kept before its first effect, and each effect may be done again, so that a run that was killed
anywhere goes on from its state.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec

from dynasmith.engine.replacement.cutover import (
    BACK,
    CUTOVER,
    SwitchParts,
    SwitchStates,
    cut_over,
    end_switch,
    refuse_conflicts,
    take_back,
)
from dynasmith.engine.replacement.dead_keys import dead_keys
from dynasmith.engine.replacement.direction import Direction, backward, forward
from dynasmith.engine.replacement.goal import has_reached, resumed_goal
from dynasmith.engine.replacement.late_watch import LateWatch
from dynasmith.engine.replacement.marks import BY_COPY, Mark
from dynasmith.engine.replacement.session import ReplacementSession, RunParts, opened_session, opened_watch
from dynasmith.engine.replacement.table_streams import TableStreams
from dynasmith.engine.replacement.verification import COMPARISONS_MAX, Verification
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.events import FlowNote
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.long_job import JobCancelled, check_wish, kept_state
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.replacement_world import TableSide
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import DynasmithError, Interrupted, Locked, RunError
from dynasmith.jobs.job import Job, State, moved
from dynasmith.jobs.replacement_progress import KeyFigures, ReplacementState
from dynasmith.jobs.replacement_report import Replacement
from dynasmith.jobs.spec import Replace
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.permit import sent_under

SIDES: Final[tuple[TableSide, ...]] = ("source", "target")
ENDED: Final[Mapping[ReplacementState, State]] = {"finished": "done", "aborted": "cancelled"}
"""What a job is in the states in which a replacement is over."""


def begin_replacement(spec: Replace, world: JobWorld) -> Claim:
    """Enter a replacement in the ledger. Raises Locked where another one of the same table is not over, and RunError
    where what is captured cannot be kept.

    What it captures into is made before it is entered, so that one that was killed can go on. It looks again once it is
    entered, so that of two that begin at once never both go on.
    """
    job = new_job(spec, world.context, 1)
    refuse_second(job, world)
    asyncio.run(world.replacing(spec).new_journal(job.id).close())
    claim = world.ledger.begin(job)
    try:
        refuse_second(job, world)
    except BaseException:
        claim.change(moved(claim.job, "cancelled", world.context.now(), reason="it could not begin"))
        claim.release()
        world.ledger.prune(claim.job.id)
        raise
    return claim


def refuse_second(own: Job, world: JobWorld) -> None:
    """Raise Locked where another replacement of the same table is not over."""
    assert isinstance(own.spec, Replace)
    for job in world.ledger.jobs():
        same = isinstance(job.spec, Replace) and job.spec.source == own.spec.source and job.id != own.id
        if same and not job.over:
            raise Locked(
                f"Job {job.id} replaces {own.spec.source.table}, and is not over.",
                hint=f"dynasmith jobs resume {job.id} goes on with it; dynasmith replace abort {job.id} ends it",
            )


def replace(spec: Replace, claim: Claim, world: JobWorld) -> Replacement:
    """Go on with a replacement to where its run is to end; give the report. The job is ``waiting`` then: nobody follows
    the source until somebody goes on. One that is cancelled meanwhile is aborted by this run.

    Raises Interrupted, LeaseLost, and what a state raises; a resume does that state again.
    """
    run = _Run(spec, claim, world)
    sentence = f"Job {claim.job.id} was interrupted; what it did stays, and changes are in the stream for 24 hours."
    with kept_state(claim, world.context, sentence) as end:
        end.state = "waiting"
        end.counts = claim.job.counts
        try:
            with sent_under(run.permit.check_lease):
                run.go()
        except JobCancelled:
            run.abort()
        finally:
            end.counts = run.counts
        if run.state in ENDED:
            end.state = ENDED[run.state]
    job, progress = claim.job, run.spec.progress
    return Replacement(
        job,
        job.counts,
        job.ran_seconds,
        source_table=spec.source.table,
        target_table=spec.target.table,
        progress=progress,
        reached=has_reached(run.spec),
        goes_back=spec.goes_back,
    )


class _Run:
    """One run: the job, its state, and its two tables."""

    def __init__(self, spec: Replace, claim: Claim, world: JobWorld) -> None:
        self.spec, self.claim, self.context = spec, claim, world.context
        self.at = world.replacing(spec)
        self.permit = RunPermit(claim.job.id, claim.lease)
        self.counts, self.stop = claim.job.counts, StopRequest()
        self.streams = TableStreams(self, self.at, claim.job.id)

    @property
    def state(self) -> ReplacementState:
        """Where it is."""
        return self.spec.progress.state

    def check(self) -> None:
        """Raise where the run must not go on; wait while it is paused."""
        check_wish(self.claim, self.permit, self.at.clock, StopFlag())

    def go(self) -> None:
        """From its state to where the run is to end."""
        self.check()
        if not self.at.commanded:
            self.spec = msgspec.structs.replace(self.spec, until=resumed_goal(self.spec))
        if self.spec.until == "aborted":
            self.abort()
            return
        if self.state == "planned":
            self.keep(safety=self.spec.progress.safety or self.at.safety_point())
            self.enter("target")
        if self.state == "target":
            self.at.create_target()
            self.spec = msgspec.structs.replace(self.spec, tables=self.at.identities(self.claim.job.id))
            self.enter("capturing")
        if self.state in ("finished", "aborted"):
            return
        self.at.identities(self.claim.job.id)
        back = self.state in ("following back", "cutover back")
        target, progress = self.streams.name_of("source" if back else "target"), self.spec.progress
        is_open = progress.switches and target not in progress.fences
        if is_open and self.at.pointer(self.spec).read().table == target:
            end_switch(self, BACK if back else CUTOVER, self.at.clock)
        elif progress.finishes:
            self.finish()
        elif back:
            self.follow_back()
        else:
            self.follow()

    def parts(self) -> RunParts:
        """What the run lends to a session."""
        return RunParts(
            job=self.claim.job.id,
            world=self.at,
            context=self.context,
            permit=self.permit,
            check=self.check,
            kept=self.keep_keys,
            failed=self.stop.ask,
            heals=self.spec.progress.heals,
        )

    # --- the old table is in use

    def follow(self) -> None:
        """The states in which the new table follows the old one."""
        settles = self.streams.turned_on("source", begins=self.state == "capturing")
        switches = self.state == "cutover" or (self.spec.until == "following back" and self.at.commanded)
        passed = self.opened_way_back() if switches and not self.spec.progress.switches else None
        if been_in_use := self.spec.progress.been_back:
            self.streams.turned_on("target")
        there = forward(self.spec, self.at)
        self.admit(there)
        with opened_session(
            self.parts(),
            there,
            watched=backward(self.spec, self.at) if been_in_use else None,
            passed=None if been_in_use else passed,
        ) as session:
            if settles:
                self.streams.settle(session, session.follower.capture, "source")
            self.follow_with(session, switches=switches)

    def follow_with(self, session: ReplacementSession, *, switches: bool) -> None:
        """The same, with what is open for it."""
        if self.state == "capturing":
            self.enter("copying")
        if self.state == "copying":
            self.copy(session)
            self.enter("draining")
        if self.state == "cutover":
            self.cut_over(session, CUTOVER)
            return
        session.follower.catch_up()
        if self.state == "draining":
            self.enter("following")
        if session.watch is not None:
            session.watch.look()
            self.keep_conflicts(session.watch)
        if switches:
            self.cut_over(session, CUTOVER)
        elif self.spec.until == "verified" and (self.state == "following" or self.spec.progress.heals):
            self.verify(session)

    def opened_way_back(self) -> Direction | None:
        """The direction that begins with the cut-over, its stream on; None where there is no way back."""
        if not self.spec.goes_back:
            return None
        self.streams.turn_on("target")
        return backward(self.spec, self.at)

    def await_stream(self, session: ReplacementSession) -> None:
        """Wait until every write of the new table is in its stream."""
        if session.passing is not None:
            self.streams.settle(session, session.passing, "target")

    def cut_over(self, session: ReplacementSession, states: SwitchStates) -> None:
        """Switch to the table that is made equal. What a run left that was stopped before the pointer was to be
        switched is taken back first, so that writes go on while this one compares."""
        direction, at = session.direction, self.at
        source = direction.source.name
        if self.state == states.under_way and not self.spec.progress.switches:
            take_back(self, source, at.fence(self.spec, source), states)
        parts = SwitchParts(
            states=states,
            fence=at.fence(self.spec, source),
            other=at.fence(self.spec, direction.target.name),
            pointer=at.pointer(self.spec),
            clock=at.clock,
        )
        cut_over(self, session, parts)

    # --- the new table is in use

    def follow_back(self) -> None:
        """The states in which the old table follows the new one; where there is no way back it is only watched."""
        self.streams.turned_on("source")
        settles = self.spec.goes_back and self.streams.turned_on("target")
        there = forward(self.spec, self.at)
        if not self.spec.goes_back:
            with opened_watch(self.parts(), there, drained=None) as (watch, _):
                watch.look()
                self.keep_conflicts(watch)
                read = msgspec.structs.replace(self.spec.progress.keys, captured_at=self.at.clock.now())
                self.keep(keys=read)
                self.finish_where_asked()
            return
        back = backward(self.spec, self.at)
        self.admit(back)
        with opened_session(self.parts(), back, watched=there) as session:
            assert session.watch is not None
            if settles:
                self.streams.settle(session, session.follower.capture, "target")
            if self.state == "cutover back":
                self.cut_over(session, BACK)
                return
            session.follower.catch_up()
            session.watch.look()
            self.keep_conflicts(session.watch)
            if self.spec.until == "back" and self.at.commanded:
                self.cut_over(session, BACK)
            elif self.spec.progress.heals:
                self.verify(session)
            self.finish_where_asked()

    def finish_where_asked(self) -> None:
        """End it where that is the goal: both streams are as they were, and the definition is applied."""
        if self.spec.until == "finished":
            refuse_conflicts(self.spec.progress, self.spec.source.table)
            self.finish()

    def finish(self) -> None:
        """The same, where nobody looks for late writes any more."""
        self.keep(finishes=True)
        self.streams.put_back("target")
        self.at.finish_target()
        self.streams.put_back("source")
        self.enter("finished")

    # --- states

    def admit(self, direction: Direction) -> None:
        """Let this run write to a table that is fenced."""
        if direction.target.name in self.spec.progress.fences:
            self.at.fence(self.spec, direction.target.name).admit()

    def abort(self) -> None:
        """End it: the fences are off, the streams as they were. Both tables stay as they are."""
        if self.state in ("following back", "cutover back"):
            raise RunError(
                f"{self.spec.target.table} is in use already.",
                hint="dynasmith replace back goes back to the old table, dynasmith replace finish ends the replacement",
            )
        if self.spec.progress.switches and self.at.pointer(self.spec).read().table == self.spec.target.table:
            raise RunError("The pointer is switched already.", hint=f"dynasmith jobs resume {self.claim.job.id}")
        for side in SIDES:
            table = self.streams.name_of(side)
            if table in self.spec.progress.fences and self.streams.is_there(side):
                self.at.fence(self.spec, table).lift()
        self.keep(fences={}, fenced_at=None)
        self.streams.put_back("source")
        self.streams.put_back("target")
        self.enter("aborted")

    def copy(self, session: ReplacementSession) -> None:
        """Copy everything; what could not be written is dirty."""
        try:
            self.counts = self.at.copy(self.spec, self.claim, self.stop)
        except (Interrupted, DynasmithError):
            session.follower.capture.check()  # what ended the capture ended the copy
            raise
        if keys := dead_keys(self.at.copy_dead(self.spec), session.direction.mapping):
            session.follower.capture.keep([Mark(key=key, by=BY_COPY) for key in keys], session.follower.check)

    def verify(self, session: ReplacementSession) -> bool:
        """Compare until two comparisons in a row find nothing that the stream does not explain; whether the table that
        is not in use is equal then, as far as it can be."""
        clean, verification, is_back = 0, self.verification(session), session.direction.is_back
        for _ in range(COMPARISONS_MAX):
            found = verification.compare()
            foreign = 0 if is_back else found.foreign  # the old table may hold items that the new one never had
            self.keep(differences=found.differences, foreign=foreign)
            if session.follower.figures.blocked or foreign:
                if not is_back:
                    self.enter("following")
                return False
            clean = clean + 1 if not found.differences else 0
            if clean == 2:
                arn = self.streams.end_of("target" if is_back else "source").description.stream_arn
                self.keep(**{"target_stream_arn" if is_back else "stream_arn": arn})
                self.keep(verified_at=self.context.now(), heals=False)
                if not is_back:
                    self.enter("verified")
                return True
        raise RunError(
            f"{session.direction.target.name} still differs from {session.direction.source.name} after "
            f"{COMPARISONS_MAX} looks.",
            hint="does something else write to it? dynasmith verify shows where they differ",
        )

    def recheck(self, session: ReplacementSession) -> None:
        """Compare the keys that changed since the last comparison."""
        self.verification(session).recheck()

    def verification(self, session: ReplacementSession) -> Verification:
        """Comparisons, at the pace that is wanted now."""

        def limit() -> float | None:
            return self.claim.control().read_units_per_second

        return Verification(session, self.spec.options, self.context, limit, self.say)

    # --- what is kept

    def enter(self, state: ReplacementState) -> None:
        """Keep a state before its first effect, and say so."""
        self.keep(state=state)
        self.say(f"Replacing {self.spec.source.table}: {state}.")

    def keep(self, **changes: object) -> None:
        """Keep a part of the progress."""
        self.permit.check_lease()
        progress = msgspec.structs.replace(self.spec.progress, **changes)
        self.spec = msgspec.structs.replace(self.spec, progress=progress)
        self.claim.change(msgspec.structs.replace(self.claim.job, spec=self.spec))

    def keep_keys(self, figures: KeyFigures) -> None:
        """Keep what is known of the keys."""
        self.keep(keys=figures)

    def keep_conflicts(self, watch: LateWatch) -> None:
        """Keep what others wrote to the table that is not in use, and that did not come over."""
        if (found := len(watch.conflicts())) != self.spec.progress.conflicts:
            self.keep(conflicts=found, late_keys=watch.shown())

    def say(self, sentence: str) -> None:
        """Tell who listens."""
        self.context.listener(FlowNote(table=self.spec.source.table, sentence=sentence))
