"""The switch from one table to the other: a fence before the one in use, everything that was written in the other one,
then the pointer. Until the pointer is switched everything can be taken back, and is where something fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from dynasmith.engine.replacement.late_watch import LateWatch
from dynasmith.engine.replacement.session import ReplacementSession
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.errors import AccessError, ChangeConflict, PointerError, RunError, ServiceError, ServiceUnavailable
from dynasmith.jobs.replacement_progress import ReplacementProgress, ReplacementState
from dynasmith.jobs.spec import Replace
from dynasmith.pointer.place import Pointer
from dynasmith.ports.clock import Clock
from dynasmith.ports.fences import WriteFence


@dataclass(frozen=True, slots=True)
class SwitchStates:
    """Where a switch is while it is under way, where it is when it failed, and where it leads."""

    under_way: ReplacementState
    failed: ReplacementState
    done: ReplacementState


CUTOVER: Final = SwitchStates("cutover", "following", "following back")
BACK: Final = SwitchStates("cutover back", "following back", "following")


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchParts:
    """What a switch moves: ``fence`` is that of the table in use, ``other`` that of the table that will be."""

    states: SwitchStates
    fence: WriteFence
    other: WriteFence
    pointer: Pointer
    clock: Clock


class CutoverRun(Protocol):
    """What a cut-over needs of the run that it is part of."""

    spec: Replace
    permit: RunPermit

    def enter(self, state: ReplacementState) -> None:
        """Keep a state before its first effect."""
        ...

    def keep(self, **changes: object) -> None:
        """Keep a part of the progress."""
        ...

    def verify(self, session: ReplacementSession) -> bool:
        """Compare both tables until they are equal; whether they are."""
        ...

    def keep_conflicts(self, watch: LateWatch) -> None:
        """Keep what others wrote to the table that is not in use."""
        ...

    def await_stream(self, session: ReplacementSession) -> None:
        """Wait until every write of the table that will be in use is in its stream."""
        ...

    def recheck(self, session: ReplacementSession) -> None:
        """Compare the keys that changed since."""
        ...


def cut_over(run: CutoverRun, session: ReplacementSession, parts: SwitchParts) -> None:
    """Do it, or go on with one whose pointer was about to be switched. Raises RunError where writes could not be
    stopped, or not for as short as was said; ChangeConflict where somebody else switched the pointer. The fence is off
    again then, and the replacement follows as before."""
    states, progress = parts.states, run.spec.progress
    source, target = session.direction.source.name, session.direction.target.name
    if not (resumed := progress.switches):
        if not _prepare(run, session, parts):
            return
        try:
            _refuse_switched(parts.pointer, source, target)
            _stop_writes(run, session, parts)
            run.recheck(session)
            _refuse_late(run, session, parts)
            _end_following(run, session)
        except BaseException:
            take_back(run, source, parts.fence, states)
            raise
        run.keep(switches=True)
    kept = run.spec.progress.fences.get(target)
    try:
        standing = _named(parts.pointer, source, target)
        if standing is None and (said := run.spec.progress.pointer_said):
            raise ChangeConflict(
                f"The pointer says nothing, and said {said} before.",
                hint="go on where the application reads it: a file is on one machine",
            )
        if resumed:
            parts.fence.put()
            parts.fence.prove()
            session.follower.catch_up(quiet=True)
            _end_following(run, session)
        if kept:
            parts.other.lift()
            run.keep(fences=_without(run.spec.progress.fences, target))
        run.permit.check_lease()  # a file and a command are not asked for it
        parts.pointer.switch(standing, target)
    except (ChangeConflict, PointerError, AccessError, ServiceError, RunError) as error:
        # Where the reply was lost it may be switched in a moment, whatever it says now.
        if not isinstance(error, ServiceUnavailable) and parts.pointer.read().table != target:
            take_back(run, source, parts.fence, states)
            if session.watch is not None:  # it has been in use, and was fenced since
                run.keep(fences=run.spec.progress.fences | _fenced(target, kept or run.spec.progress.fence))
                parts.other.put()
        raise
    end_switch(run, states, parts.clock)


def end_switch(run: CutoverRun, states: SwitchStates, clock: Clock) -> None:
    """Keep that the pointer is switched."""
    now = clock.now()
    fenced_at = run.spec.progress.fenced_at or now
    run.keep(
        state=states.done,  # with the rest: without it a run that comes after would take back what is switched
        switched_at=now,
        fence_seconds=round((now - fenced_at).total_seconds(), 3),
        fenced_at=None,
        switches=False,
        accepts_conflicts=False,
        been_back=run.spec.progress.been_back or states is BACK,
        conflicts=0,
        late_keys=(),
    )
    run.enter(states.done)


def _prepare(run: CutoverRun, session: ReplacementSession, parts: SwitchParts) -> bool:
    """Everything that can be known before writes are stopped; whether both tables are equal."""
    if why := parts.fence.refusal():
        raise RunError(why, hint="--fence hook:COMMAND stops the writers in another way")
    source = session.direction.source.name
    said = _refuse_switched(parts.pointer, source, session.direction.target.name)
    run.await_stream(session)
    _refuse_conflicts(run, session)
    if not run.verify(session):
        return False
    fences = run.spec.progress.fences | _fenced(source, run.spec.progress.fence)
    run.keep(fenced_at=parts.clock.now(), fences=fences, pointer_said=said or "")
    run.enter(parts.states.under_way)
    return True


def _refuse_conflicts(run: CutoverRun, session: ReplacementSession) -> None:
    """Raise RunError where others wrote to the table that is not in use, and what they wrote did not come over."""
    if session.watch is None:
        return
    session.watch.look()
    run.keep_conflicts(session.watch)
    refuse_conflicts(run.spec.progress, session.direction.target.name)


def refuse_conflicts(progress: ReplacementProgress, table: str) -> None:
    """Raise RunError where there are conflicts in ``table``, which is not in use, and they are not accepted."""
    if not progress.conflicts or progress.accepts_conflicts:
        return
    one = progress.conflicts == 1
    raise RunError(
        f"{progress.conflicts:,} {'key' if one else 'keys'} of {table} {'was' if one else 'were'} written when it was "
        "not in use any more, and did not come over.",
        hint="dynasmith replace status shows them; write to the table in use what is missing there, then add "
        "--accept-conflicts",
    )


def _fenced(table: str, kind: str) -> dict[str, str]:
    return {} if kind == "none" else {table: kind}


def _without(fences: dict[str, str], table: str) -> dict[str, str]:
    return {each: kind for each, kind in fences.items() if each != table}


def _named(pointer: Pointer, source: str, target: str) -> str | None:
    """What the pointer says: one of the two tables, or nothing yet. Raises ChangeConflict where it says another."""
    found = pointer.read().table
    if found not in (source, target, None):
        raise ChangeConflict(
            f"The pointer says {found}, and not {source}.", hint="somebody else switched it: look who reads which table"
        )
    return found


def _refuse_switched(pointer: Pointer, source: str, target: str) -> str | None:
    """What the pointer says. Raises ChangeConflict where somebody else switched it: what the application writes to the
    other table before is made equal to this one."""
    if (found := _named(pointer, source, target)) == target:
        raise ChangeConflict(
            f"The pointer says {target} already.",
            hint=f"set it to {source} again; what was written to {target} meanwhile gives way to items of {source}, so "
            "keep a copy of it first",
        )
    return found


def _stop_writes(run: CutoverRun, session: ReplacementSession, parts: SwitchParts) -> None:
    """Put the fence, prove it, and have everything in the other table."""
    late = _late(run, session, parts)
    parts.fence.put()
    parts.fence.prove()
    session.follower.catch_up(quiet=True, late=late)
    _refuse_blocked(session)
    if session.passing is not None:
        session.passing.await_quiet()
        while not session.passing.quiet:
            session.follower.check()
            session.passing.check()
            late()
            session.follower.pause()


def _end_following(run: CutoverRun, session: ReplacementSession) -> None:
    """Have everything that was read in the other table, and read neither stream any more. From here on the stream of
    the table in use is that of one that is not: what comes there is a late write, and the other one is followed."""
    session.follower.end()
    _refuse_blocked(session)
    _refuse_conflicts(run, session)
    if session.passing is not None:
        session.passing.close()
    if session.watch is not None:
        session.watch.capture.close()


def _refuse_blocked(session: ReplacementSession) -> None:
    if blocked := session.follower.figures.blocked:
        raise RunError(
            f"{blocked:,} keys cannot be made equal, so nothing was switched.",
            hint="dynasmith replace status shows them with their reasons",
        )


def _late(run: CutoverRun, session: ReplacementSession, parts: SwitchParts) -> Callable[[], None]:
    return lambda: _refuse_late(run, session, parts)


def _refuse_late(run: CutoverRun, session: ReplacementSession, parts: SwitchParts) -> None:
    progress = run.spec.progress
    if progress.fenced_at is None:
        return
    seconds = (parts.clock.now() - progress.fenced_at).total_seconds()
    if seconds > progress.max_fence_seconds:
        raise RunError(
            f"Writes of {session.direction.source.name} were stopped for {seconds:.0f} seconds, and "
            f"{progress.max_fence_seconds:.0f} are allowed: nothing was switched, and they go on.",
            hint="try it when less is written, or raise --max-fence",
        )


def take_back(run: CutoverRun, table: str, fence: WriteFence, states: SwitchStates) -> None:
    """Let writes of a table go on, and follow as before. Raises LeaseLost where the fence may be another run's."""
    run.permit.check_lease()
    fence.lift()
    run.keep(fenced_at=None, switches=False, fences=_without(run.spec.progress.fences, table))
    run.enter(states.failed)
