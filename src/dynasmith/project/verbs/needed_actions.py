"""A refusal for a missing permission that names all that its verb needs, so that nobody asks for one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from dynasmith.aws.control.actions import BULK_FROM_S3, EXPORT_TO_S3, IMPORT_FROM_S3, POPULATE_FROM_S3
from dynasmith.aws.errors.policy_statement import bucket_statement, statement_for
from dynasmith.aws.errors.refusal import allowing
from dynasmith.errors import AccessDenied
from dynasmith.jobs.service_transfer import S3Place
from dynasmith.ports.access import ResolvedAccess


@dataclass(frozen=True, slots=True)
class NeededActions:
    """What a verb on S3 needs, and its words."""

    words: str
    actions: Sequence[str]


EXPORT = NeededActions("An export to S3", EXPORT_TO_S3)
POPULATE = NeededActions("Populating from S3", POPULATE_FROM_S3)
BULK = NeededActions("A bulk write from S3", BULK_FROM_S3)
IMPORT = NeededActions("An import from S3", IMPORT_FROM_S3)


@contextmanager
def naming_all(needed: NeededActions, place: S3Place, access: ResolvedAccess) -> Iterator[None]:
    """Raise AccessDenied of what is within with all the actions of its verb, and the statements that allow them."""
    try:
        yield
    except AccessDenied as error:
        if f"{needed.words} needs " in error.message:  # a verb within a verb
            raise
        own = [action for action in needed.actions if not action.startswith("s3:")]
        of_s3 = [action for action in needed.actions if action.startswith("s3:")]
        statements = [
            statement_for([action for action in own if action.startswith("dynamodb:")], "", region=access.region),
            bucket_statement(of_s3, place.bucket, f"{place.prefix}/" if place.prefix else "", region=access.region),
        ]
        more = [action for action in own if not action.startswith("dynamodb:")]
        statements += [statement_for(more, "")] if more else []
        error.message = f"{error.message} {needed.words} needs {', '.join(needed.actions)}."
        error.hint = allowing(statements, "all of it")
        error.args = (error.message,)
        raise
