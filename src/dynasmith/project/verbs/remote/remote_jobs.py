"""Jobs of items that a function does: what goes there, and the report that comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from dynasmith.errors import ConsentNeed, RunError, UsageError
from dynasmith.items.digest import Digest
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import decode_job, encode_job
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.plans.consent import Consent, granted
from dynasmith.ports.functions import RemoteFunction
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.project.verbs.remote.conversation import Conversation, RemoteCommand
from dynasmith.project.verbs.remote.job_files import checksums_of
from dynasmith.project.world import World
from dynasmith.remote.protocol import RemoteProgress, RemoteQuestion

NOT_REMOTE = ("limit", "canary", "backup", "backup_first", "listener")
"""Options of the first run of a job, or of this process: a function does a job in several runs, elsewhere."""
Told = Callable[[RemoteProgress | str], None]


def silent(_: RemoteProgress | str) -> None:
    """Nobody listens."""


class RemoteReport(Struct, frozen=True, kw_only=True):
    """A `Report` as JSON."""

    job: msgspec.Raw
    counts: Counts
    seconds: float
    target: str
    dollars: float | None = None
    dead_letters: str = ""


def report_parts(report: Report) -> dict[str, Any]:
    """A report as a reply carries it."""
    return {
        "job": msgspec.json.decode(encode_job(report.job)),
        "counts": msgspec.to_builtins(report.counts),
        "seconds": report.seconds,
        "target": str(report.target),
        "dollars": report.dollars,
        "dead_letters": report.dead_letters,
    }


def report_of(parts: object) -> Report:
    """The report in a reply. Raises RunError."""
    try:
        read = msgspec.json.decode(msgspec.json.encode(parts), type=RemoteReport)
    except msgspec.ValidationError as error:
        raise RunError(
            f"The answer of the function cannot be read: {error}.",
            hint="use the same version of dynasmith here and in the function",
        ) from error
    return Report(
        decode_job(bytes(read.job)),
        read.counts,
        read.seconds,
        target=Digest.parse(read.target),
        dollars=read.dollars,
        dead_letters=read.dead_letters,
    )


class RemoteVerb(Struct, frozen=True):
    """What a verb needs of its project: the world and the function."""

    world: World
    function: RemoteFunction

    def job(
        self,
        verb: str,
        places: Mapping[str, object],
        options: Mapping[str, Any],
        *,
        files: Sequence[str],
        told: Told,
    ) -> object:
        """What a verb that runs as a job gives, in as many invocations as it takes. ``places`` are tables and files."""
        for name in NOT_REMOTE:
            if options.get(name) not in (None, False):
                raise UsageError(
                    f"{name} does nothing in a function.", hint=f"remove {name}, or run {verb} without a function"
                )
        given: Consent | None = options.get("consent")
        sent = {name: value for name, value in options.items() if name not in ("consent", *NOT_REMOTE)}
        run = MigrationHome(self.world).stamp().run
        return self.command(
            verb,
            {**places, "options": sent},
            run=run,
            look=f"{verb}.progress",
            again=f"dynasmith jobs resume {verb}-{run}",
            files=checksums_of(self.world.settings.folder, files),
            consent=given,
            told=told,
        )

    def command(
        self,
        name: str,
        arguments: Mapping[str, object],
        *,
        run: str = "",
        look: str = "",
        again: str = "run the same command again",
        files: Mapping[str, str] | None = None,
        consent: Consent | None = None,
        told: Told = silent,
    ) -> object:
        """What a command gives."""
        world = self.world
        given = world.consent if consent is None else consent
        command = RemoteCommand(
            name=name,
            arguments=arguments,
            environment=world.settings.environment,
            dry_run=world.session.only_reads,
            run=run or MigrationHome(world).stamp().run,
            files=files,
            look=look,
            again=again,
        )

        def agree(asked: RemoteQuestion, needs: list[ConsentNeed]) -> Consent:
            del asked  # a table and its question are one sentence
            return granted(given, needs, lambda: world.where)

        return Conversation(self.function, command, world.clock, consent=given, agree=agree, told=told).result()


def side_parts(table: str | Side) -> dict[str, str]:
    """A table as a request carries it."""
    side = table if isinstance(table, Side) else Side(table=table)
    parts: dict[str, str] = msgspec.to_builtins(side)
    return parts
