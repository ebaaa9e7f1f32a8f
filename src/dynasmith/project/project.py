"""`Project`: the one object that a library user, the command line, a Lambda handler and a test hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dynasmith.plans.consent import NO_CONSENT, Consent
from dynasmith.ports.clock import Clock
from dynasmith.ports.encryption import EncryptionKey
from dynasmith.project.factory import connected_world, load_world
from dynasmith.project.project_verbs import ProjectVerbs
from dynasmith.project.verbs.arguments import CONSENT, checked, model
from dynasmith.project.world import World
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.aws.control.session import BotoSession
    from dynasmith.models import Model
    from dynasmith.project.model_table import ModelTable


class Project(ProjectVerbs):
    """Definitions, an environment, and every verb as a method.

    Made by `Project.load` (from files) or `dynasmith.connect` (from arguments); reads nothing until asked. Safe to use
    from several threads. A context manager; ``close()`` ends its connections. Groups of verbs: ``jobs``, ``render`` and
    ``dry_run``. Every method of it and of its groups raises UsageError, before any call, for an argument of a wrong
    type or value.
    """

    @classmethod
    @checked(consent=CONSENT)
    def load(
        cls,
        path: str | Path | None = None,
        *,
        env: str | None = None,
        directory: str | Path | None = None,
        endpoint: str = "",
        region: str = "",
        profile: str = "",
        access_key: str = "",
        secret_key: str = "",
        session_token: str = "",
        role_arn: str = "",
        external_id: str = "",
        session: BotoSession | None = None,
        models: Sequence[str | type[Model]] = (),
        physical: bool = False,
        variables: Mapping[str, str] | None = None,
        consent: Consent = NO_CONSENT,
        crypto: Mapping[str, EncryptionKey] | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """The project of ``path`` (a project file, a definition file or a folder), for an environment.

        Without ``path`` it is looked for upward from ``directory``, or from the working directory. ``endpoint``,
        ``region``, ``profile``, the keys, and ``role_arn`` with ``external_id`` (a role that is assumed, and renewed
        before its hour ends) go over those of the environment; ``session`` is a boto3 session of the
        caller's own. ``models`` are classes, beside those of the project file, or names of classes and modules
        (``app.models:User``, ``app.models``). ``physical`` takes table names literally. ``variables`` are used in place
        of the environment's variables. ``consent`` holds for every verb that is given none. ``crypto`` are keys by
        name, with and over those of ``[crypto]``; the first encrypts what names none. Raises ProjectError and
        UsageError; definitions are read, and modules imported, when first asked for, and DefinitionError or
        ProjectError is raised then. Costs no call.
        """
        return cls(
            load_world(
                path,
                env=env,
                directory=directory,
                endpoint=endpoint,
                region=region,
                profile=profile,
                access_key=access_key,
                secret_key=secret_key,
                session_token=session_token,
                role_arn=role_arn,
                external_id=external_id,
                session=session,
                models=models,
                physical=physical,
                variables=variables,
                consent=consent,
                crypto=crypto,
                clock=clock,
            )
        )

    def __repr__(self) -> str:
        access = self._world.session.access
        place = self._world.masks(access.endpoint) or "AWS"
        return f"<Project in environment {self._world.settings.environment}, {access.region}, {place}>"

    @checked(model=model)
    def in_table(self, model: type[Model], name: str) -> ModelTable:
        """The table of ``model`` under the physical name ``name``, with the verbs of the project: ``ensure()``,
        ``delete()``, ``db()``. For tests that run side by side. Costs no call.

        Its settings are those of the class's own table; nothing else is defined there. It shares the project's
        connections. Raises UsageError, and DefinitionError for a class that cannot be a table.
        """
        from dynasmith.project.model_table import ModelTable

        return ModelTable.of(self._world, model, name)


@checked(consent=CONSENT)
def connect(
    *,
    endpoint: str = "",
    region: str = "",
    profile: str = "",
    credentials: Sequence[str] = (),
    session: BotoSession | None = None,
    tables: Sequence[Table] = (),
    models: Sequence[str | type[Model]] = (),
    folder: str | Path = ".",
    consent: Consent = NO_CONSENT,
    crypto: Mapping[str, EncryptionKey] | None = None,
    clock: Clock | None = None,
) -> Project:
    """A `Project` with no file at all.

    ``credentials`` is access key, secret key and, where temporary, session token; ``session`` a boto3 session of the
    caller's own. With an ``endpoint`` nothing ever reaches AWS. ``tables`` and ``models`` (classes, or their names) are
    the definitions; ``folder`` is where jobs are kept and transforms and models looked for. ``consent`` holds for every
    verb that is given none. ``crypto`` are keys by name; the first encrypts what names none. Costs no call; it is a
    context manager and has ``close()``. Raises UsageError for what cannot be, or contradicts itself.
    """
    return Project(
        connected_world(
            endpoint=endpoint,
            region=region,
            profile=profile,
            credentials=credentials,
            session=session,
            tables=tables,
            models=models,
            folder=folder,
            consent=consent,
            crypto=crypto,
            clock=clock,
        )
    )


def world_of(project: Project) -> World:
    """What a project stands on, for the doors of this package: connections, masks, settings. No part of the public
    face."""
    return project._world  # noqa: SLF001  # the one way to it
