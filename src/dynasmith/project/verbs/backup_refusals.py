"""Refusals of the verbs about backups: of an engine that has none, and of a caller who lacks a permission."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dynasmith.aws.control.actions import BACKUPS
from dynasmith.aws.errors.action_resources import ResourceNames, policy_statements
from dynasmith.aws.errors.policy_statement import partition_of
from dynasmith.aws.errors.refusal import allowing
from dynasmith.errors import AccessDenied, NotOffered
from dynasmith.project.world import World

_INSTEAD = "an export works on every engine: dynasmith backup create TABLE --to FOLDER, then backup restore FOLDER"


@contextmanager
def explained(world: World, verb: str, actions: Sequence[str] = BACKUPS) -> Iterator[None]:
    """Raise what is raised within; a NotOffered says what works instead, an AccessDenied names every action of ``verb``
    and the statement that allows them all, so that nobody asks for one at a time."""
    try:
        yield
    except NotOffered as error:
        error.hint = _INSTEAD
        raise
    except AccessDenied as error:
        if f"{verb} needs " in error.message:  # a verb within a verb
            raise
        access = world.session.access
        names = ResourceNames(
            partition=partition_of(access.region), region=access.region or "*", account=access.account or "*"
        )
        statements = policy_statements((*actions, *(error.action.split(" and ") if error.action else ())), names)
        error.message = f"{error.message.rstrip('.')}. {verb} needs {', '.join(actions)}."
        error.hint = allowing(statements, "all of it")
        error.args = (error.message,)
        raise
