"""replace: each state is kept before its first effect, and each effect may be done again, so that a run that was killed
anywhere goes on from its state.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec

from dynasmith.engine.replacement.cutover import cut_over
from dynasmith.engine.replacement.marks import BY_COPY, Mark
from dynasmith.engine.replacement.session import ReplacementSession, opened_session
from dynasmith.engine.replacement.table_comparison import TableComparison
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.events import FlowNote
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.long_job import JobCancelled, check_wish, kept_state
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.waiter import StopFlag, rest
from dynasmith.errors import DynasmithError, Interrupted, ItemInvalid, Locked, RunError
from dynasmith.items.key import canonical_key
from dynasmith.items.wire import RawItem
from dynasmith.jobs.job import State, moved
from dynasmith.jobs.replacement_progress import STATES, KeyFigures, ReplacementState
from dynasmith.jobs.replacement_report import Replacement
from dynasmith.jobs.spec import Replace
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import DeadLetter

COMPARISONS_MAX: Final = 6
"""Comparisons of one run: what still differs then is no matter of time."""
ENDED: Final[Mapping[ReplacementState, State]] = {"finished": "done", "aborted": "cancelled"}
"""What a job is in the states in which a replacement is over."""


def begin_replacement(spec: Replace, world: JobWorld) -> Claim:
    """Enter a replacement in the ledger. Raises Locked where another one of the same table is not over, and RunError
    where what is captured cannot be kept.

    It is entered first and looks then, so that of two that begin at once never both go on.
    """
    claim = world.ledger.begin(new_job(spec, world.context, 1))
    try:
        refuse_second(claim, world)
        asyncio.run(world.replacing(spec).new_journal(claim.job.id).close())
    except BaseException:
        claim.change(moved(claim.job, "cancelled", world.context.now(), reason="it could not begin"))
        claim.release()
        world.ledger.prune(claim.job.id)
        raise
    return claim


def refuse_second(claim: Claim, world: JobWorld) -> None:
    """Raise Locked where another replacement of the same table is not over."""
    own = claim.job.spec
    assert isinstance(own, Replace)
    for job in world.ledger.jobs():
        same = isinstance(job.spec, Replace) and job.spec.source == own.source and job.id != claim.job.id
        if same and not job.over:
            raise Locked(
                f"Job {job.id} replaces {own.source.table}, and is not over.",
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
    )


def has_reached(spec: Replace) -> bool:
    """Whether a replacement is where its runs are to end, or further; one that was cancelled on its way is not."""
    if spec.progress.state == "aborted":
        return spec.until == "aborted"
    return STATES.index(spec.progress.state) >= STATES.index(spec.until)


class _Run:
    """One run: the job, its state, and its two tables."""

    def __init__(self, spec: Replace, claim: Claim, world: JobWorld) -> None:
        self.spec, self.claim, self.context = spec, claim, world.context
        self.at = world.replacing(spec)
        self.permit = RunPermit(claim.job.id, claim.lease)
        self.counts = claim.job.counts
        self.stop = StopRequest()

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
        cuts_over = self.state in ("cutover", "following back") or self.at.commanded
        if self.spec.until == "following back" and not cuts_over:  # one that was refused is commanded again
            self.spec = msgspec.structs.replace(self.spec, until="verified")
        if self.spec.until == "aborted":
            self.abort()
            return
        if self.state == "planned":
            self.keep(safety=self.spec.progress.safety or self.at.safety_point())
            self.enter("target")
        if self.state == "target":
            self.at.create_target()
            self.spec = msgspec.structs.replace(self.spec, tables=self.at.identities())
            self.enter("capturing")
        if self.state in ("finished", "aborted"):
            return
        self.at.identities()
        if self.state == "capturing":
            self.turn_on()
        with opened_session(
            self.spec,
            self.claim.job.id,
            self.at,
            self.context,
            self.permit,
            check=self.check,
            kept=self.keep_keys,
            failed=self.stop.ask,
        ) as session:
            self.follow(session)

    def follow(self, session: ReplacementSession) -> None:
        """The states in which the stream is read."""
        if self.state == "capturing":
            self.settle(session)
            self.enter("copying")
        if self.state == "copying":
            self.copy(session)
            self.enter("draining")
        if self.state == "following back":
            self.after_cutover(session)
            return
        if self.state == "cutover":
            self.cut_over(session)
            return
        session.follower.catch_up()
        if self.state == "draining":
            self.enter("following")
        if self.spec.until == "verified" and (self.state == "following" or self.spec.progress.heals):
            self.verify(session)
        if self.spec.until == "following back" and self.at.commanded:
            self.cut_over(session)

    # --- states

    def cut_over(self, session: ReplacementSession) -> None:
        """Switch to the new table: see `cutover.cut_over`."""
        fence, pointer = self.at.fence(self.spec), self.at.pointer(self.spec)
        cut_over(self, session, fence, pointer, self.at.clock, lambda: self.verify(session))

    def after_cutover(self, session: ReplacementSession) -> None:
        """Look for what was written to the old table after the switch: it is counted and shown, and never applied."""
        session.follower.look()
        switched_at = self.spec.progress.switched_at or self.context.now()
        self.keep(conflicts=session.follower.captured_after(switched_at.timestamp()))
        if self.spec.until != "finished":
            return
        late = self.spec.progress.conflicts
        if late and not self.spec.progress.heals:
            keys = "1 key" if late == 1 else f"{late:,} keys"
            raise RunError(
                f"{keys} of {self.spec.source.table} {'was' if late == 1 else 'were'} written after the cut-over.",
                hint="dynasmith replace status shows them; copy by hand what is worth it, then add --accept-conflicts",
            )
        self.at.finish_target()
        if self.spec.progress.streams:
            self.at.disable_stream()
        self.enter("finished")

    def abort(self) -> None:
        """End it: the fence is off, the stream as it was. Both tables stay as they are."""
        if self.state == "following back":
            raise RunError(
                f"{self.spec.target.table} is in use already.", hint="dynasmith replace finish ends the replacement"
            )
        if self.spec.progress.switches and self.at.pointer(self.spec).read().table == self.spec.target.table:
            raise RunError("The pointer is switched already.", hint=f"dynasmith jobs resume {self.claim.job.id}")
        if self.spec.progress.fenced_at is not None:
            self.at.fence(self.spec).lift()
            self.keep(fenced_at=None)
        if self.spec.progress.streams:
            self.at.disable_stream()
        self.enter("aborted")

    def turn_on(self) -> None:
        """The stream of the source; it is remembered before that it was off."""
        name = self.at.source().name
        if self.at.source().description.table.stream is None:
            self.keep(streams=(name,))
        self.at.enable_stream()
        self.keep(stream_arn=self.at.source().description.stream_arn)

    def settle(self, session: ReplacementSession) -> None:
        """Wait until a record came, or so long that every write is in the stream. A stream that was on is not waited
        for."""
        if not self.spec.progress.streams:
            return
        clock = self.at.clock
        until = clock.monotonic() + self.at.settle_seconds
        while not session.follower.capture.capture.records and clock.monotonic() < until:
            session.follower.check()
            rest(0.25, clock, StopFlag())

    def copy(self, session: ReplacementSession) -> None:
        """Copy everything; what could not be written is dirty."""
        try:
            self.counts = self.at.copy(self.spec, self.claim, self.stop)
        except (Interrupted, DynasmithError):
            session.follower.capture.check()  # what ended the capture ended the copy
            raise
        dead = self.at.copy_dead(self.spec)
        keys = dict.fromkeys(key for letter in dead if (key := self._key(letter, session)) is not None)
        if keys:
            session.follower.capture.keep([Mark(key=key, by=BY_COPY) for key in keys], session.follower.check)

    @staticmethod
    def _key(letter: DeadLetter, session: ReplacementSession) -> bytes | None:
        """The source key of a dead letter: that of an item as it was read, or as it should be written."""
        item = RawItem(letter.item)
        if letter.code != "transform" and (owner := session.mapping.owner(item)) is not None:
            return owner
        try:
            return canonical_key(item, session.mapping.source)
        except ItemInvalid:
            return None

    def verify(self, session: ReplacementSession) -> None:
        """Compare until two comparisons in a row find nothing that the stream does not explain."""
        clean = 0
        for _ in range(COMPARISONS_MAX):
            found = self.compare(session)
            if session.follower.figures.blocked or self.spec.progress.foreign:
                self.enter("following")
                return
            clean = clean + 1 if not found else 0
            if clean == 2:
                arn = self.at.source().description.stream_arn
                self.keep(verified_at=self.context.now(), heals=False, stream_arn=arn)
                self.enter("verified")
                return
        raise RunError(
            f"{self.spec.target.table} still differs from {self.spec.source.table} after {COMPARISONS_MAX} looks.",
            hint="does something else write to the new table? dynasmith verify shows where they differ",
        )

    def compare(self, session: ReplacementSession) -> int:
        """Compare every item; what differs is made equal. How many differed that the stream says nothing about."""
        follower, capture = session.follower, session.follower.capture
        source, target = self.at.source(), self.at.target()
        self.say(f"Comparing {source.name} with {target.name}.")
        capture.capture.seen = set()
        follower.drain.counts.changed.clear()
        comparison = TableComparison(
            source,
            target,
            session.mapping,
            self.spec.options,
            self.context,
            lambda: self.claim.control().read_units_per_second,
        )
        comparison.run(lambda marks: capture.keep(marks, follower.check), follower.step)
        follower.catch_up()
        changed = list(follower.drain.counts.changed)
        found = follower.unexplained(changed) if changed else 0
        capture.capture.seen = None
        self.keep(differences=found, foreign=comparison.foreign)
        if found:
            self.say(f"{found:,} keys differed and are equal now.")
        return found

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

    def say(self, sentence: str) -> None:
        """Tell who listens."""
        self.context.listener(FlowNote(table=self.spec.source.table, sentence=sentence))
