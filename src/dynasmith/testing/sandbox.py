"""A project whose every call goes to an endpoint of the test, and whose files of jobs go into a folder of the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from dynasmith.aws.control.session import Session
from dynasmith.errors import ConsentRequired, ProjectError, UsageError
from dynasmith.files.project import environment_of, load_project
from dynasmith.plans.consent import Consent
from dynasmith.ports.access import ISOLATED_REGION, is_aws, is_loopback
from dynasmith.ports.clock import Clock
from dynasmith.project.factory import load_world
from dynasmith.project.project import Project, world_of
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.testing.shell_variables import ACCESS_KEY, SECRET_KEY

if TYPE_CHECKING:
    from dynasmith import Table
    from dynasmith.project.world import World

ENVIRONMENT = "local"
"""The environment of tests where none is named."""


def _answered(required: ConsentRequired) -> Consent:
    """Every answer that was asked for."""
    return Consent(yes=True, confirm={need.name for need in required.needs})


def open_project(
    path: str | Path | None,
    *,
    endpoint: str,
    work: Path,
    env: str = ENVIRONMENT,
    directory: str | Path | None = None,
    clock: Clock | None = None,
) -> Project:
    """The project of ``path`` (or of the folder ``directory``) at ``endpoint``, whatever its file, its environment and
    the shell say; role and account of the environment are left out. Every question is answered; jobs, journals and
    exports are in the folder ``work``; other environments cannot be opened.

    Raises UsageError for an endpoint of AWS and for tables of the project that are there already, ProjectError for a
    section that sends a service elsewhere.
    """
    refuse_aws(endpoint)
    folder, file = (path, None) if path is not None and Path(path).is_dir() else (directory, path)
    section = environment_of(load_project(file, folder), env)
    world = load_world(
        file,
        directory=folder,
        env=env,
        endpoint=endpoint,
        region=section.region or ISOLATED_REGION,
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        clock=clock,
        consent=Consent(yes=True, ask=_answered),
    )
    elsewhere = [url for url in world.session.access.endpoints.values() if not is_loopback(url)]
    if elsewhere:
        raise ProjectError(
            f"Environment {env} sends a service to {elsewhere[0]}, and a test must reach nothing but its engine.",
            hint="name another environment for tests: dynasmith_env = ...",
        )
    settings = structs.replace(
        world.settings,
        protected=False,
        protected_places=(),
        dry_run_role="",
        ledger=str(work / "jobs"),
        journal=str(work / "journal"),
        exports=str(work / "exports"),
    )
    access = structs.replace(world.session.access, account="", role_arn="", external_id="", ca_bundle="")
    own = replace(world, session=Session(access), settings=settings, reopen=None)
    _refuse_leftovers(own, endpoint)
    return Project(own)


def region_of(project: Project) -> str:
    """The Region of a project."""
    return world_of(project).session.region


def create_tables(project: Project) -> tuple[Table, ...]:
    """Create the tables of the definitions, and give them. Raises DefinitionError, UsageError where there are none, and
    what a creation raises."""
    tables = project.tables()
    for error in project.ensure_tables(tables).failures.values():
        raise error
    return tables


def creates_tables(project: Project) -> bool:
    """Whether a file in the folder of migrations calls ``create_table``."""
    folder = MigrationHome(world_of(project)).folder
    texts = (path.read_text("utf-8", errors="replace") for path in folder.glob("*.py") if path.is_file())
    return any("create_table(" in text for text in texts)


def refuse_aws(endpoint: str) -> None:
    """Raise UsageError for an address of AWS."""
    if is_aws(endpoint):
        raise UsageError(f"{endpoint} is AWS, and tests write and delete.", hint="give them an engine on this machine")


def _refuse_leftovers(world: World, endpoint: str) -> None:
    history = world.settings.new_name(world.settings.history_table)
    own = {table.name for table in world.defined_tables()} | {history}
    found: Sequence[str] = sorted(own.intersection(world.control.names()))
    if found:
        raise UsageError(
            f"{', '.join(found)} {'is' if len(found) == 1 else 'are'} at {endpoint} already: left by another run, or"
            " used by another program.",
            hint="give the tests an engine of their own, or delete what was left",
        )
