"""`ensure` in a function."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dynasmith.errors import Interrupted
from dynasmith.lambdas.replies import error_of
from dynasmith.lambdas.request_run import RequestRun
from dynasmith.plans.explain import explain
from dynasmith.plans.plan import encode_plan
from dynasmith.project.project import Project
from dynasmith.remote.protocol import RemoteProgress, Reply


class EnsureArguments(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arguments of ``ensure``."""

    tables: tuple[str, ...] = ()


class EnsureCommand:
    """Creates the tables that are absent; run again it goes on."""

    def __init__(self, run: RequestRun) -> None:
        self._run = run

    def reply(self) -> Reply:
        """What it gives back. Raises DynasmithError."""
        run = self._run
        if run.request.command == "ensure.progress":
            return run.reply("continue", progress=RemoteProgress(name="ensure"))
        arguments = run.arguments(EnsureArguments)
        if run.request.dry_run:
            plan = Project(run.world.dry).plan(arguments.tables)
            return run.reply("done", result={"plan": msgspec.json.decode(encode_plan(plan))})
        try:
            done = Project(run.world).ensure(arguments.tables)
        except Interrupted:
            if not run.deadline.reached:
                raise
            return self._waiting()
        if run.deadline.reached and any(isinstance(each, Interrupted) for each in done.failures.values()):
            return self._waiting()
        return run.reply(
            "done",
            result={
                "created": list(done.created),
                "existing": list(done.existing),
                "differing": {
                    table.table: [explain(change).path for change in table.changes] for table in done.differing
                },
                "unfinished": done.unfinished,
                "failures": {name: msgspec.to_builtins(error_of(error)) for name, error in done.failures.items()},
            },
        )

    def _waiting(self) -> Reply:
        return self._run.reply("continue", progress=RemoteProgress(name="ensure", waiting=True))
