"""`RemoteProject`: the verbs that a function does next to the tables, as `project.remote(FUNCTION)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import msgspec
from msgspec import Struct

from dynasmith.aws.control.functions import LambdaFunction
from dynasmith.engine.backfill.dry_run import BackfillDryRun
from dynasmith.engine.transfer.dry_run import DryRun
from dynasmith.errors import UsageError
from dynasmith.jobs.options import Database
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.plans.plan import Plan, decode_plan
from dynasmith.project.verbs.remote.remote_jobs import RemoteVerb, Told, report_of, side_parts, silent
from dynasmith.project.verbs.remote.remote_migrations import RemoteMigrations
from dynasmith.project.world import World
from dynasmith.remote.protocol import ReplyError

if TYPE_CHECKING:
    from dynasmith.project.verbs.method_options import BackfillOptions, CopyOptions, PopulateOptions


class RemoteTables(Struct, frozen=True, kw_only=True):
    """What `RemoteProject.ensure` did, as `Ensured` says it: ``differing`` are paths of settings by table."""

    created: tuple[str, ...] = ()
    existing: tuple[str, ...] = ()
    differing: dict[str, tuple[str, ...]] = {}
    unfinished: dict[str, str] = {}
    failures: dict[str, ReplyError] = {}


class RemoteProject:
    """A project whose verbs run in a function of Lambda that has the same files. Costs no call.

    Made from ``project.dry`` its verbs are dry runs there too. Each verb is an invocation at least, and as many as it
    takes. Raises RunError (`RemoteFailure`) for errors there, with the exit code that they have; Interrupted with the
    command that goes on.
    """

    def __init__(self, world: World, function: str = "") -> None:
        name = function or world.settings.remote
        if not name:
            raise UsageError(
                f"Environment {world.settings.environment} names no function.",
                hint='give its name or ARN, or write remote = "ARN" into the environment of the project file',
            )
        self._world = world
        self._verb = RemoteVerb(world, LambdaFunction(world.session, name))

    @property
    def function(self) -> str:
        """The function, as it was named."""
        return self._verb.function.name

    @cached_property
    def migrations(self) -> RemoteMigrations:
        """Versioned migrations: status, list, up, down, to and the like."""
        return RemoteMigrations(self._world, self._verb.function)

    def ensure(self, tables: Sequence[str] = (), *, told: Told = silent) -> RemoteTables:
        """Create what is absent, change nothing that exists, say where it differs. Needs no consent. Raises RunError
        for errors there. Stopped halfway it is run again."""
        result = self._verb.command("ensure", {"tables": list(tables)}, look="ensure.progress", told=told)
        return msgspec.convert(result, RemoteTables)

    def rehearse_ensure(self, tables: Sequence[str] = ()) -> Plan:
        """The plan of which `ensure` would do the creations, of a project that is dry. Raises UsageError, RunError for
        errors there, FileFormatError for a plan of another version."""
        self._check_dry()
        result = self._verb.command("ensure", {"tables": list(tables)})
        return decode_plan(msgspec.json.encode(msgspec.convert(result, dict[str, Any])["plan"]))

    def backfill(
        self, table: str | Side, transform: str, *, told: Told = silent, **options: Unpack[BackfillOptions]
    ) -> Report:
        """As `Project.backfill`, with a ``transform`` that the function has: an operations file or ``module:function``.

        ``limit``, ``canary`` and ``listener`` are refused. Raises UsageError, RunError for errors there,
        ConsentRequired, Locked and Interrupted; DataError and CheckpointError for a reply of another version. The
        ledger has the job: `Jobs` shows, resumes and undoes it here too.
        """
        return report_of(self._backfill(table, transform, told, options))

    def rehearse_backfill(
        self, table: str | Side, transform: str, *, sample: int | None = 1000, **options: Unpack[BackfillOptions]
    ) -> BackfillDryRun:
        """As `DryRuns.backfill`, of a project that is dry (`Project.dry`). Raises UsageError, RunError for errors
        there."""
        self._check_dry()
        return msgspec.convert(self._backfill(table, transform, silent, {**options, "sample": sample}), BackfillDryRun)

    def copy(
        self,
        source: str | Side,
        target: str | Side,
        transform: str | None = None,
        *,
        told: Told = silent,
        **options: Unpack[CopyOptions],
    ) -> Report:
        """As `Project.copy` between two tables. ``backup`` and ``listener`` are refused. Raises what `backfill`
        does: UsageError, RunError, ConsentRequired, Locked, Interrupted, DataError, CheckpointError."""
        return report_of(self._copy(source, target, transform, told, options))

    def rehearse_copy(
        self, source: str | Side, target: str | Side, transform: str | None = None, **options: Unpack[CopyOptions]
    ) -> DryRun:
        """As `DryRuns.copy`, of a project that is dry. Raises UsageError, RunError for errors there."""
        self._check_dry()
        return msgspec.convert(self._copy(source, target, transform, silent, options), DryRun)

    def populate(
        self,
        table: str | Side,
        files: str | Sequence[str | Mapping[str, Any]] | Database | None = None,
        *,
        told: Told = silent,
        **options: Unpack[PopulateOptions],
    ) -> Report:
        """As `Project.populate`, with files that the function has, ``s3://`` objects, items, a database that it
        reaches, or without ``files`` the items of the definition. Raises what `backfill` does: UsageError, RunError,
        ConsentRequired, Locked, Interrupted, DataError, CheckpointError."""
        return report_of(self._populate(table, files, told, options))

    def rehearse_populate(
        self,
        table: str | Side,
        files: str | Sequence[str | Mapping[str, Any]] | Database | None = None,
        **options: Unpack[PopulateOptions],
    ) -> DryRun:
        """As `DryRuns.populate`, of a project that is dry. Raises UsageError, RunError for errors there."""
        self._check_dry()
        return msgspec.convert(self._populate(table, files, silent, options), DryRun)

    # --- how

    def _check_dry(self) -> None:
        if not self._world.session.only_reads:
            raise UsageError("A rehearsal is of a project that is dry.", hint="project.dry.remote(FUNCTION)")

    def _backfill(self, table: str | Side, transform: str, told: Told, options: Mapping[str, Any]) -> object:
        places = {"table": side_parts(table), "transform": transform}
        return self._verb.job("backfill", places, options, files=[transform], told=told)

    def _copy(
        self, source: str | Side, target: str | Side, transform: str | None, told: Told, options: Mapping[str, Any]
    ) -> object:
        places = {"source": side_parts(source), "target": side_parts(target), "transform": transform}
        return self._verb.job("copy", places, options, files=[transform or ""], told=told)

    def _populate(self, table: str | Side, files: object, told: Told, options: Mapping[str, Any]) -> object:
        places: dict[str, object] = {"table": side_parts(table)}
        names: list[str] = [str(options.get("transform") or "")]
        if isinstance(files, Database):
            places["database"] = msgspec.to_builtins(files)
        elif isinstance(files, str):
            places["files"] = [files]
            names.append(files)
        elif isinstance(files, Sequence):
            places["files"] = list(files)
            names += [each for each in files if isinstance(each, str)]
        return self._verb.job("populate", places, options, files=names, told=told)
