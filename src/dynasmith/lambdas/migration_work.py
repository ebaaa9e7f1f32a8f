"""Migrations that run in a function: their path is chosen once, and each invocation does as much of it as it can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from dynasmith.engine.migrations.runner import Stamp
from dynasmith.errors import ConsentRequired, DynasmithError, Interrupted, LeaseLost, Locked, RunError, UsageError
from dynasmith.lambdas.migration_plan import ask_about, plan_hash, rehearsed_in_time
from dynasmith.lambdas.migration_progress import Watch
from dynasmith.lambdas.replies import error_of
from dynasmith.lambdas.request_path import KeptRequest, RequestPath, path_of
from dynasmith.lambdas.request_run import RequestRun
from dynasmith.migrations.event import MigrationEvent, RunInvocation, WatchedLock
from dynasmith.migrations.path import Catalog, PathStep
from dynasmith.ports.history import HistoryHold
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.project.verbs.migrations.migration_run import MigrationRun, not_taken_back, taken_back
from dynasmith.project.verbs.migrations.path_choice import Command, chosen
from dynasmith.project.verbs.migrations.path_consent import may_destroy, needs_of_path
from dynasmith.remote.protocol import Reply, Status
from dynasmith.version import __version__


class MigrationWork:
    """One command that runs migrations, as far as this invocation gets."""

    def __init__(
        self,
        run: RequestRun,
        command: Command,
        argument: str,
        *,
        out_of_order: bool,
        restart_step: int,
        rollback_on_failure: bool,
    ) -> None:
        self._run, self._command, self._argument = run, command, argument
        self._accepted = run.request.consent.accept_changed
        self._out_of_order, self._restart_step = out_of_order, restart_step
        self._rollback_on_failure = rollback_on_failure
        self._home = MigrationHome(run.world)
        self._history = self._home.history()
        self._id = run.request.request_id
        self._kept = KeptRequest(self._history, self._id, run.work)
        self._watch = Watch(run)

    def reply(self) -> Reply:
        """Go on with what the request began, or begin it; the answer where it is over already."""
        if (answer := self._kept.answer()) is not None:
            return self._again(answer)
        if self._kept.path() is None:
            _, path = self._path()
            if not path:
                return self._run.reply("done", result=[])
            if (asked := self._asked(path)) is not None:
                return asked
        try:
            with self._history.hold(
                self._id, self._command, self._run.function, wait_seconds=0, invocation=self._invocation()
            ) as hold:
                return self._held(hold)
        except LeaseLost:
            raise
        except Locked:
            lock = self._history.lock()
            status: Status = "running" if lock.run == self._id else "locked"
            return self._run.reply(status, lock=msgspec.to_builtins(lock))

    # --- what is to be done

    def _again(self, answer: dict[str, Any]) -> Reply:
        """The answer that was given before."""
        return replace(msgspec.convert(answer, Reply), invocation=self._run.request.invocation)

    def _path(self) -> tuple[Catalog, tuple[PathStep, ...]]:
        _, catalog = self._home.read(self._accepted, self._out_of_order)
        path = self._home.checked_path(catalog, chosen(catalog, self._command, self._argument))
        settings = self._run.world.settings
        if path and self._command == "reset" and settings.protected:
            raise UsageError(
                f"Environment {settings.environment} is protected, and reset throws its items away.",
                hint="reset an environment that is not protected",
            )
        return catalog, path

    def _asked(self, path: Sequence[PathStep]) -> Reply | None:
        """The question, where the consent does not cover the path, or was given to another one."""
        plan = plan_hash(self._run, path)
        given = self._run.request.consent
        consent = self._run.consent
        if given.plan and given.plan != plan:
            consent = replace(consent, yes=False)
        rehearsal, note = None, ""
        if may_destroy(self._home.folder, path):
            rehearsal, note = rehearsed_in_time(self._run, path)
        try:
            self._home.granted(consent, *needs_of_path(path, rehearsal))
        except ConsentRequired as required:
            if rehearsal is None and not note:
                rehearsal, note = rehearsed_in_time(self._run, path)
            return self._run.reply("ask", ask=ask_about(path, plan, required, rehearsal, note))
        return None

    def _invocation(self) -> RunInvocation:
        request = self._run.request
        seen = request.watched
        watched = None
        if seen is not None:
            watched = WatchedLock(
                fence=seen.lock.fence, beat=seen.lock.beat, state=seen.lock.state, seconds=seen.seconds
            )
        return RunInvocation(id=request.invocation, over=request.over or "", watched=watched)

    # --- doing it

    def _held(self, hold: HistoryHold) -> Reply:
        """The same under the lock, where nobody else changes anything."""
        if (answer := self._kept.answer()) is not None:
            return self._again(answer)
        kept, restart_step = self._kept.path(), 0
        if kept is None:
            catalog, path = self._path()
            if not path:
                return self._run.reply("done", result=[])
            if (asked := self._asked(path)) is not None:
                return asked
            kept, restart_step = self._kept.keep_path(path_of(self._run.work, catalog, path)), self._restart_step
        try:
            events = self._went(hold, kept, restart_step)
        except Interrupted:
            if not self._run.deadline.reached:
                raise
            hold.park()
            progress = self._watch.progress(waiting=self._run.clock.waited)
            return self._run.reply("continue", progress=progress, log=self._watch.lines)
        except ConsentRequired as required:  # a step that destroys items is about to begin; what was done stays
            hold.park()
            return self._run.reply("ask", ask=ask_about((), "", required, None, ""), log=self._watch.lines)
        except LeaseLost:
            raise
        except DynasmithError as error:
            return self._over(self._run.reply("error", error=error_of(error), log=self._watch.lines))
        result = [_row(each) for each in events]
        return self._over(self._run.reply("done", result=result, log=self._watch.lines))

    def _over(self, reply: Reply) -> Reply:
        """Keep the answer, without the lines of the migrations."""
        self._kept.keep_answer(msgspec.to_builtins(replace(reply, log=[])))
        return reply

    def _went(self, hold: HistoryHold, kept: RequestPath, restart_step: int) -> Sequence[MigrationEvent]:
        """Do what is left of the path; the last event of each of its migrations, of earlier invocations too."""
        _, catalog = self._home.read(self._accepted, self._out_of_order)
        before = kept.ended(catalog, self._id)
        self._watch.done = len(before)
        run = self._migration_run(restart_step, takes_back=bool(kept.failure))
        try:
            done = run.under(hold, self._stamp(), catalog, kept.left(catalog, len(before)))
        except RunError as failure:
            if kept.failure:
                raise not_taken_back(kept.failure, failure) from failure
            if not self._rollback_on_failure:
                raise
            return self._taken_back(hold, failure)
        again = [each for event in before if event.covers for each in run.marks(hold, self._stamp(), event)]
        if kept.failure:
            raise taken_back(kept.failure, [step.key for step in kept.path])
        return [*before, *done, *again]

    def _taken_back(self, hold: HistoryHold, failure: RunError) -> Sequence[MigrationEvent]:
        """Take back all that the run did, also over several invocations. Always raises."""
        _, catalog = self._home.read()
        try:
            path = self._home.checked_path(catalog, catalog.rollback(self._id))
        except UsageError as refused:
            raise not_taken_back(failure.message, refused) from failure
        return self._went(hold, self._kept.keep_path(path_of(self._run.work, catalog, path, failure.message)), 0)

    def _migration_run(self, restart_step: int, *, takes_back: bool) -> MigrationRun:
        return MigrationRun(
            self._home,
            self._command,
            self._argument,
            accept_changed=self._accepted,
            out_of_order=self._out_of_order,
            restart_step=restart_step,
            rollback_on_failure=False,
            listener=self._watch.hears,
            told=self._watch.told,
            stop=self._run.stop,
            opened=self._watch.opened,
            consent=self._run.consent,
            takes_back=takes_back,
        )

    def _stamp(self) -> Stamp:
        where = self._run.world.where
        context = self._run.context
        return Stamp(
            run=self._id,
            who=self._run.function,
            host=str(getattr(context, "function_name", "") or ""),
            where="lambda",
            tool=__version__,
            account=where.account,
            region=where.region,
        )


def _row(event: MigrationEvent) -> dict[str, Any]:
    """What became of one migration."""
    return {
        "version": event.version or event.name,
        "name": event.name,
        "state": "outstanding" if event.kind in ("reverted", "unmarked") else event.kind,
        "direction": event.direction,
        "event": event.number,
        "elapsed_ms": event.elapsed_ms,
        "counts": msgspec.to_builtins(event.counts),
    }
