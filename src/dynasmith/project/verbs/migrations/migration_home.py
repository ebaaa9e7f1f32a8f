"""`MigrationHome`: the folder of a project's migrations and their history in the environment."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from uuid import uuid4

from dynasmith.aws.stores.history.table import HistoryTable
from dynasmith.engine.migrations.runner import Stamp
from dynasmith.errors import ConsentNeed, UsageError
from dynasmith.files.migrations.folder import MigrationFolder, read_folder
from dynasmith.migrations.event import MigrationEvent
from dynasmith.migrations.path import Catalog, MigrationFile, PathStep
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import silent
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.item_steps import ItemSteps
from dynasmith.project.verbs.migrations.recorded_migration import RecordedStep
from dynasmith.project.verbs.migrations.reverse import refuse_irreversible, reverse_steps
from dynasmith.project.world import World
from dynasmith.version import __version__

LOCK_WAIT_SECONDS = 60.0
"""How long a run waits for another one."""


class MigrationHome:
    """Where a project's migrations are, and who runs them."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def folder(self) -> Path:
        """The folder of the files."""
        return Path(self.world.settings.folder) / self.world.settings.migrations

    @property
    def exports(self) -> Path:
        """Where the items of tables go that migrations delete."""
        return Path(self.world.settings.folder) / self.world.settings.exports

    @property
    def _table(self) -> str:
        return self.world.settings.new_name(self.world.settings.history_table)

    def history(self) -> HistoryTable:
        """The history of the environment."""
        world = self.world
        isolated = bool(world.session.access.endpoint)
        client = world.session.client("dynamodb")
        return HistoryTable(client, self._table, world.settings.environment, guarded=not isolated)

    def read(self, accepted: Sequence[str] = (), out_of_order: bool = False) -> tuple[MigrationFolder, Catalog]:
        """The folder, and its files with the history. Raises UsageError for broken files, and for an accepted version
        that no file has."""
        folder = read_folder(self.folder)
        if unknown := [key for key in accepted if folder.files.find(key) is None]:
            keys = ", ".join(each.key for each in folder.files.files)
            raise UsageError(
                f"No migration here is {' or '.join(unknown)}: nothing to accept.",
                hint=f"accept a version of {keys}" if keys else "name a version whose file is in the folder",
            )
        history = self.history().read()
        return folder, Catalog(
            files=folder.files, history=history, accepted=frozenset(accepted), out_of_order=out_of_order
        )

    def checked_path(self, catalog: Catalog, path: tuple[PathStep, ...]) -> tuple[PathStep, ...]:
        """The path, each of whose downs exists or can be derived. Raises UsageError."""
        for step in path:
            if step.direction == "up" or step.file.has_down:
                continue
            state = catalog.states.get(step.file.key)
            begun = None if state is None else state.begun_up
            if begun is None:
                raise UsageError(
                    f"{step.file.file} has no function down, and the history does not know what its up did.",
                    hint="write def down(m), or `dynasmith migrate mark --undo` it",
                )
            jobs = ItemSteps(ItemWorld(self.world), "", silent)
            refuse_irreversible(step.file.file, self.history().recorded(begun), jobs.is_known)
        return path

    def reverse_of(self, step: PathStep) -> list[RecordedStep]:
        """The steps of a down that nobody wrote, from what the history knows of its up."""
        history = self.history()
        state = history.read().states.get(step.file.key)
        begun = None if state is None else state.begun_up
        return [] if begun is None else reverse_steps(history.recorded(begun))

    def granted(self, consent: Consent | None, *needs: ConsentNeed) -> Consent:
        """Ask for the consent to questions about the environment; the consent with the answers. Raises
        ConsentRequired."""
        return self.world.granted(consent, [self._table], *needs)

    def stamp(self) -> Stamp:
        """A new run, by whoever this is."""
        where = self.world.where
        now = self.world.clock.now().astimezone(UTC)
        return Stamp(
            run=f"{now:%Y%m%dT%H%M%S}-{uuid4().hex[:6]}",
            who=f"{_user()}@{socket.gethostname()}:{os.getpid()}",
            host=socket.gethostname(),
            tool=__version__,
            account=where.account,
            region=where.region,
        )

    def marked(self, file: MigrationFile, stamp: Stamp, *, undo: bool) -> MigrationEvent:
        """The event that says that a file is, or with ``undo`` is not, applied."""
        return MigrationEvent(
            number=0,
            kind="unmarked" if undo else "marked",
            version=file.version,
            name=file.name,
            run=stamp.run,
            at=self.world.clock.now(),
            checksum=file.checksum,
            who=stamp.who,
            host=stamp.host,
            tool=stamp.tool,
            account=stamp.account,
            region=stamp.region,
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
