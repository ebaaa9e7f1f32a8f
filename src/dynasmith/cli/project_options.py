"""The project that the shared options name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import click

from dynasmith.ports.access import REGION_ASSUMED, is_loopback
from dynasmith.ports.encryption import key_of_text
from dynasmith.project.factory import load_world
from dynasmith.project.project import Project

if TYPE_CHECKING:
    from dynasmith.plans.consent import Consent


class SharedOptions(Protocol):
    """What this reads of an invocation."""

    @property
    def values(self) -> Mapping[str, Any]:
        """The options by their names."""
        ...

    def text(self, name: str) -> str:
        """An option's text, empty where it was not given."""
        ...

    def consent(self) -> Consent:
        """What the options accept, and a way to ask for the rest."""
        ...

    def say(self, sentence: str) -> None:
        """Tell the person."""
        ...


def open_project(invocation: SharedOptions) -> Project:
    """Load it; say what the person should know: secrets on the command line, a Region that was assumed."""
    if invocation.text("aws_secret_key") or invocation.text("aws_session_token"):
        invocation.say(
            "Warning: shells remember secrets of the command line; prefer a profile or AWS_SECRET_ACCESS_KEY."
        )
    world = load_world(
        invocation.text("config") or None,
        env=invocation.text("env") or None,
        directory=invocation.text("directory") or None,
        physical=bool(invocation.values.get("physical")),
        endpoint=invocation.text("endpoint"),
        region=invocation.text("region"),
        profile=invocation.text("profile"),
        access_key=invocation.text("aws_access_key"),
        secret_key=invocation.text("aws_secret_key"),
        session_token=invocation.text("aws_session_token"),
        role_arn=invocation.text("role_arn"),
        external_id=invocation.text("external_id"),
        consent=invocation.consent(),
        crypto=dict(key_of_text(text) for text in invocation.values.get("crypto", ())),
    )
    world = replace(world, for_shell=True)
    project = Project(world)
    access = world.session.access
    # An engine keeps the tables of each Region apart, so it matters where tables are planned and made.
    verb = click.get_current_context().info_name
    if access.sources.get("region") == REGION_ASSUMED and verb in ("plan", "apply", "ensure", "create", "check"):
        invocation.say(f"Note: the Region is {access.region}, since nothing names one.")
    if verb in ("plan", "apply", "ensure", "create") and is_loopback(access.endpoint):
        _note_another_folder(invocation, world.settings.folder, access.endpoint)
    for note in (*access.notes, *world.settings.notes):
        invocation.say(f"Note: {world.masks(note)}.")
    return project


def _note_another_folder(invocation: SharedOptions, folder_of_project: str, endpoint: str) -> None:
    """Say that the engine at the endpoint keeps the data of another project."""
    from dynasmith.local import folder_of_port

    folder = folder_of_port(urlsplit(endpoint).port or 80)
    home = Path(folder_of_project).absolute()
    if folder is not None and not folder.resolve().is_relative_to(home.resolve()):
        invocation.say(
            f"Warning: the engine at {endpoint} belongs to another folder, {folder}; this project is in {home}. For an "
            "engine of its own give the environment another port, then: dynasmith local start"
        )
