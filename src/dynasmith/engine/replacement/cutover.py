"""The switch from the old table to the new one: a fence before the old one, everything that was written in the new one,
then the pointer. Until the pointer is switched everything can be taken back, and is where something fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dynasmith.engine.replacement.session import ReplacementSession
from dynasmith.errors import AccessError, ChangeConflict, PointerError, RunError, ServiceError, ServiceUnavailable
from dynasmith.jobs.replacement_progress import ReplacementState
from dynasmith.jobs.spec import Replace
from dynasmith.pointer.place import Pointer
from dynasmith.ports.clock import Clock
from dynasmith.ports.fences import WriteFence


class CutoverRun(Protocol):
    """What a cut-over needs of the run that it is part of."""

    spec: Replace

    def enter(self, state: ReplacementState) -> None:
        """Keep a state before its first effect."""
        ...

    def keep(self, **changes: object) -> None:
        """Keep a part of the progress."""
        ...


def cut_over(
    run: CutoverRun,
    session: ReplacementSession,
    fence: WriteFence,
    pointer: Pointer,
    clock: Clock,
    verify: Callable[[], None],
) -> None:
    """Do it, or go on with it; what was verified is so by this very process. Raises RunError where writes could not be
    stopped, or not for as short as was said; ChangeConflict where somebody else switched the pointer. The fence is off
    again then, and the replacement follows as before."""
    source, target = run.spec.source.table, run.spec.target.table
    if run.spec.progress.state != "cutover":
        if why := fence.refusal():
            raise RunError(why, hint="--fence hook:COMMAND stops the writers in another way")
        _refuse_switched(pointer, source, target)
        verify()
        if run.spec.progress.state != "verified":
            return
        run.keep(fenced_at=clock.now(), switches=False)
        run.enter("cutover")
    if not (resumed := run.spec.progress.switches):
        try:
            _refuse_switched(pointer, source, target)
            _stop_writes(run, session, fence, clock)
            _refuse_late(run, clock)
        except BaseException:
            _back(run, fence)
            raise
        run.keep(switches=True)
    try:
        standing = _named(pointer, source, target)
        if resumed and standing != target:  # else the application writes to the target, and nobody else may
            _stop_writes(run, session, fence, clock)
        pointer.switch(standing, target)
    except (ChangeConflict, PointerError, AccessError, ServiceError) as error:
        # Where the reply was lost it may be switched in a moment, whatever it says now.
        if not isinstance(error, ServiceUnavailable) and pointer.read().table != target:
            _back(run, fence)
        raise
    now = clock.now()
    fenced_at = run.spec.progress.fenced_at or now
    run.keep(switched_at=now, fence_seconds=round((now - fenced_at).total_seconds(), 3))
    run.enter("following back")


def _named(pointer: Pointer, source: str, target: str) -> str | None:
    """What the pointer says: one of the two tables, or nothing yet. Raises ChangeConflict where it says another."""
    found = pointer.read().table
    if found not in (source, target, None):
        raise ChangeConflict(
            f"The pointer says {found}, and not {source}.", hint="somebody else switched it: look who reads which table"
        )
    return found


def _refuse_switched(pointer: Pointer, source: str, target: str) -> None:
    """Raise ChangeConflict where somebody else switched the pointer: what the application writes to the new table
    before the cut-over is made equal to the old one."""
    if _named(pointer, source, target) == target:
        raise ChangeConflict(
            f"The pointer says {target} before the cut-over.",
            hint=f"set it to {source} again; what was written to {target} meanwhile gives way to items of {source}, so "
            "keep a copy of it first",
        )


def _stop_writes(run: CutoverRun, session: ReplacementSession, fence: WriteFence, clock: Clock) -> None:
    """Put the fence, prove it, and have everything in the new table."""
    fence.put()
    fence.prove()
    session.follower.catch_up(quiet=True, late=lambda: _refuse_late(run, clock))
    session.follower.capture.keep((), session.follower.check)  # so that a run after this one handles no key again
    if blocked := session.follower.figures.blocked:
        raise RunError(
            f"{blocked:,} keys cannot be made equal, so nothing was switched.",
            hint="dynasmith replace status shows them with their reasons",
        )


def _refuse_late(run: CutoverRun, clock: Clock) -> None:
    progress = run.spec.progress
    if progress.switches or progress.fenced_at is None:
        return
    seconds = (clock.now() - progress.fenced_at).total_seconds()
    if seconds > progress.max_fence_seconds:
        raise RunError(
            f"Writes of {run.spec.source.table} were stopped for {seconds:.0f} seconds, and "
            f"{progress.max_fence_seconds:.0f} are allowed: nothing was switched, and they go on.",
            hint="try it when less is written, or raise --max-fence",
        )


def _back(run: CutoverRun, fence: WriteFence) -> None:
    """Let writes go on, and follow as before."""
    fence.lift()
    run.keep(fenced_at=None, switches=False)
    run.enter("following")
