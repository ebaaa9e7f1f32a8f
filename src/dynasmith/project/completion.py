"""What a shell completes: names of tables, environments and jobs, from files first, and never waiting for long."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from dynasmith.errors import DynasmithError
from dynasmith.files.definitions import load_definitions
from dynasmith.files.project import environment_of, load_project
from dynasmith.ports.access import AccessOptions, is_loopback, resolve_access
from dynasmith.project.factory import load_world, section_of

WAIT_SECONDS = 0.8
"""How long an engine on this machine may take to list its tables, when no definition names any."""


class CompletionPlace:
    """The project, environment and endpoint that the words so far name."""

    def __init__(self, config: str = "", env: str = "", directory: str = "", endpoint: str = "") -> None:
        self._config, self._env, self._directory = config or None, env or None, directory or None
        self._endpoint = endpoint

    def tables(self) -> tuple[str, ...]:
        """The tables of the definition files; where there are none, those of an engine on this machine. Raises nothing:
        what cannot be read has no names."""
        return _quietly(self._defined) or _quietly(self._live)

    def environments(self) -> tuple[str, ...]:
        """The environments of the project file, and those that are built in."""
        return _quietly(lambda: load_project(self._config, self._directory).environments) or ("local", "aws")

    def jobs(self) -> tuple[str, ...]:
        """The ids of the jobs in a ledger that is a folder, the newest first, and ``last``."""
        return _quietly(self._jobs)

    def _defined(self) -> tuple[str, ...]:
        file = load_project(self._config, self._directory)
        environment = environment_of(file, self._env)
        known = file.known(os.environ)
        found = load_definitions(file.definitions, environment.name, known, prefix="", suffix="")
        return tuple(table.name for table in found.tables)

    def _live(self) -> tuple[str, ...]:
        file = load_project(self._config, self._directory)
        section = section_of(environment_of(file, self._env))
        access = resolve_access(AccessOptions(endpoint=self._endpoint), file.known(os.environ), section)
        if not is_loopback(access.endpoint):
            return ()
        found: list[str] = []
        asking = threading.Thread(target=lambda: found.extend(_quietly(self._asked)), daemon=True)
        asking.start()
        asking.join(WAIT_SECONDS)
        return tuple(found)

    def _asked(self) -> tuple[str, ...]:
        world = load_world(self._config, env=self._env, directory=self._directory, endpoint=self._endpoint)
        return tuple(world.control.names())

    def _jobs(self) -> tuple[str, ...]:
        from dynasmith.project.project import Project

        file = load_project(self._config, self._directory)
        if file.jobs.ledger.startswith(("s3://", "table:")):
            return ()
        project = Project(load_world(self._config, env=self._env, directory=self._directory))
        ids = [job.id for job in project.jobs.list(unreadable=lambda _: None)]
        return (*reversed(ids), "last") if ids else ()


def _quietly(look: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """What a look finds; nothing where it fails: a shell that completes has no place for an error."""
    try:
        return look()
    except (DynasmithError, OSError, ValueError):
        return ()
