"""How a `World` comes to be: from files (`load_world`) or from arguments (`connected_world`)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, replace

from dynasmith.aws.control.session import BotoSession, Session
from dynasmith.errors import DynasmithError, ProjectError, UsageError
from dynasmith.files.definitions import Definitions, load_definitions
from dynasmith.files.environment import Environment
from dynasmith.files.project import ProjectFile, environment_of, find_project, load_project, variables_of_environment
from dynasmith.masking import Masks
from dynasmith.plans.consent import NO_CONSENT, Consent
from dynasmith.ports.access import AccessOptions, AccessSection, is_aws, resolve_access
from dynasmith.ports.encryption import Keys, checked_keys
from dynasmith.project.class_definitions import class_documents, tables_with_classes
from dynasmith.project.model_classes import ModelName, classes_of
from dynasmith.project.settings import EnvironmentSettings, ProtectedPlace
from dynasmith.project.world import SystemClock, World
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.jobs.side import Side
    from dynasmith.ports.clock import Clock


def load_world(
    path: str | Path | None = None,
    *,
    env: str | None = None,
    directory: str | Path | None = None,
    clock: Clock | None = None,
    variables: Mapping[str, str] | None = None,
    physical: bool = False,
    session: BotoSession | None = None,
    models: Sequence[ModelName] = (),
    consent: Consent = NO_CONSENT,
    endpoint: str = "",
    region: str = "",
    profile: str = "",
    access_key: str = "",
    secret_key: str = "",
    session_token: str = "",
    role_arn: str = "",
    external_id: str = "",
    crypto: Keys | None = None,
) -> World:
    """See `Project.load`."""
    known = os.environ if variables is None else variables
    if path is not None and Path(path).is_dir():
        path, directory = None, path
    file = load_project(path, directory, known)
    known = file.known(known)
    environment = environment_of(file, env, known)
    said = AccessOptions(
        endpoint=endpoint,
        region=region,
        profile=profile,
        access_key=access_key,
        secret_key=secret_key,
        session_token=session_token,
        role_arn=role_arn,
        external_id=external_id,
    )
    access = resolve_access(said, known, section_of(environment))
    keys = checked_keys({**file.crypto, **(crypto or {})})
    masks = Masks()
    masks.add((), [environment.name])
    for used in (file.variables, variables_of_environment(file, environment.name, known)):
        masks.add(used.pieces, used.names)
    masks.add((value, name) for name, value in file.file_variables.items())
    opened = Session(access, boto=session)
    return World(
        session=opened,
        masks=masks,
        load=lambda further: _definitions(file, environment, known, opened, masks, (*models, *further)),
        settings=replace(
            _settings(file, environment, known),
            physical=physical,
            ad_hoc=bool(said.endpoint or said.region or said.profile or said.role_arn),
        ),
        clock=clock or SystemClock(),
        reopen=lambda side: _other_side(
            side, file, environment, said, clock, known, masks, models, physical=physical
        ).with_keys(keys, known),
        consent=consent,
    ).with_keys(keys, known)


def _settings(file: ProjectFile, environment: Environment, variables: Mapping[str, str]) -> EnvironmentSettings:
    return EnvironmentSettings(
        environment=environment.name,
        prefix=environment.table_prefix,
        suffix=environment.table_suffix,
        protected=environment.protected,
        folder=file.directory,
        ledger=file.jobs.ledger,
        journal=file.jobs.journal,
        migrations=file.migrations,
        history_table=file.history_table,
        prices=file.prices,
        quotas=file.limits,
        notes=file.notes,
        dry_run_role=environment.dry_run_role_arn,
        remote=environment.remote,
        clusters=file.clusters,
        refresh=file.refresh,
        erase=file.erase,
        pointer=environment.pointer or file.pointer,
        definitions=file.definitions,
        others=tuple(
            name
            for name, section in file.sections.items()
            if name != environment.name and section.plain("local") is not True
        ),
        protected_places=tuple(_protected_places(file, variables)),
    )


def _protected_places(file: ProjectFile, variables: Mapping[str, str]) -> Iterator[ProtectedPlace]:
    """The protected environments of a project file. One whose variables are not set cannot be at any address here."""
    for name in file.sections:
        try:
            other = environment_of(file, name, variables)
        except ProjectError:
            continue
        if other.protected:
            yield ProtectedPlace(
                name=name,
                endpoint=other.endpoint,
                region=other.region,
                account=other.account,
                profile=other.profile,
                role_arn=other.role_arn,
                prefix=other.table_prefix,
                suffix=other.table_suffix,
            )


def _other_side(
    side: Side,
    file: ProjectFile,
    own: Environment,
    said: AccessOptions,
    clock: Clock | None,
    variables: Mapping[str, str],
    masks: Masks,
    models: Sequence[ModelName],
    *,
    physical: bool,
) -> World:
    """The world at the other side of a copy: an environment of the same file, or an address said ad hoc.

    What is said ad hoc goes over the project's own environment and options, so that one with an endpoint stays at an
    endpoint. An environment that is named for a side means its own endpoint and Region: the shell's variables speak of
    the project's own side.
    """
    environment = environment_of(file, side.env, variables) if side.env else own
    used = variables_of_environment(file, environment.name, variables)
    masks.add(used.pieces, used.names)
    options = said
    if side.env:
        profile = "" if environment.endpoint else environment.profile
        options = AccessOptions(endpoint=environment.endpoint, region=environment.region, profile=profile)
    if side.role_arn:
        environment = replace(environment, role_arn=side.role_arn)
    if side.role_arn or side.profile:  # the role of the options is that of the project's own side
        options = replace(options, role_arn="", external_id="")
    over = {name: text for name in ("endpoint", "region", "profile") if (text := getattr(side, name))}
    if side.profile:
        over |= {"access_key": "", "secret_key": "", "session_token": ""}
    elif side.endpoint and not is_aws(side.endpoint):
        over |= {"profile": ""}  # the project's own side has it
    options = replace(options, **over)
    access = resolve_access(options, variables, section_of(environment))
    opened = Session(access)
    settings = _settings(file, environment, variables)
    moved = bool(side.endpoint) and access.endpoint != resolve_access(said, variables, section_of(own)).endpoint
    return World(
        session=opened,
        masks=masks,
        load=lambda further: _definitions(file, environment, variables, opened, masks, (*models, *further)),
        # An address that is said for this side is not the protected one of the project's own environment.
        # A side that is said to be somebody else's is read as that: the role belongs to the environment's account.
        settings=replace(
            settings,
            protected=environment.protected and (bool(side.env) or not moved),
            physical=physical,
            ad_hoc=(side.elsewhere and not side.env) or bool(over),
            dry_run_role="" if side.profile or side.role_arn else settings.dry_run_role,
        ),
        clock=clock or SystemClock(),
    )


def declared_endpoint(config: str | None, directory: str | None, env: str | None) -> str:
    """The endpoint that an environment of the project declares; empty where it has none. Reads files, calls nothing.

    Raises ProjectError where the file is broken or has no environment of that name.
    """
    return environment_of(load_project(config, directory), env).endpoint


def project_folder(start: Path) -> Path:
    """The folder of the project file that is found from ``start`` upward; ``start`` itself where there is none."""
    found = find_project(start)
    return found.parent if found else start


def section_of(environment: Environment) -> AccessSection:
    """What an environment says about access, as the resolution wants it."""
    said = asdict(environment)
    return AccessSection(**{name: said[name] for name in AccessSection.__struct_fields__})


def _definitions(
    file: ProjectFile,
    environment: Environment,
    variables: Mapping[str, str],
    session: Session,
    masks: Masks,
    models: Sequence[ModelName],
) -> Definitions:
    if not file.definitions and not file.models and not models:
        raise UsageError(
            "No table definitions were found.",
            hint="give --config FILE, write tables_config.json, or start a project: dynasmith init",
        )
    named = classes_of(file.models, file.directory, masks, source=file.path)
    classes = tuple(dict.fromkeys((*named, *classes_of(models, file.directory, masks))))
    read = load_definitions(
        file.definitions,
        environment.name,
        variables,
        prefix=environment.table_prefix,
        suffix=environment.table_suffix,
        quotas=file.limits,
        region=_region(session),
        classes=class_documents(classes),
    )
    return replace(read, models=classes)


def _region(session: Session) -> str:
    """The Region of the tables; empty where nothing names one, which is an error only of what calls."""
    try:
        return session.region
    except DynasmithError:
        return ""


def connected_world(
    *,
    endpoint: str = "",
    region: str = "",
    profile: str = "",
    credentials: Sequence[str] = (),
    session: BotoSession | None = None,
    tables: Sequence[Table] = (),
    models: Sequence[ModelName] = (),
    folder: str | Path = ".",
    clock: Clock | None = None,
    consent: Consent = NO_CONSENT,
    crypto: Keys | None = None,
) -> World:
    """See `connect`."""
    keys = checked_keys(crypto or {})
    padded: tuple[Any, ...] = (*credentials, "", "", "")[:3]
    options = AccessOptions(
        endpoint=endpoint,
        region=region,
        profile=profile,
        access_key=padded[0],
        secret_key=padded[1],
        session_token=padded[2],
    )
    # Arguments say all of it: what the shell has set serves AWS, never an endpoint that was named here.
    variables = {} if endpoint else os.environ
    access = resolve_access(options, variables, AccessSection(name="connect", local=False))
    masks = Masks()

    def defined(further: Sequence[ModelName]) -> Definitions:
        classes = classes_of((*models, *further), str(folder), masks)
        return Definitions(tables=tables_with_classes(tables, classes), models=classes)

    return World(
        session=Session(access, boto=session),
        masks=masks,
        load=defined,
        settings=EnvironmentSettings(environment="connect", folder=str(folder), physical=True),
        clock=clock or SystemClock(),
        reopen=lambda side: connected_world(
            endpoint=side.endpoint, region=side.region, profile=side.profile, models=models, folder=folder, clock=clock
        ).with_keys(keys, os.environ),
        consent=consent,
    ).with_keys(keys, os.environ)
