"""A request while it is answered: the project it opened, the time it has."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.errors import UsageError
from dynasmith.lambdas.deadline import Deadline, StoppableClock
from dynasmith.lambdas.replies import request_reply
from dynasmith.plans.consent import Consent
from dynasmith.project.world import World
from dynasmith.remote.protocol import Reply, Request, Status

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RequestRun:
    """What a command is run with."""

    request: Request
    context: Any
    world: World
    stop: StopRequest
    clock: StoppableClock
    deadline: Deadline

    def reply(self, status: Status, **parts: Any) -> Reply:
        """A reply to the request."""
        return request_reply(self.request, status, **parts)

    def arguments(self, kind: type[T]) -> T:
        """The arguments of the command. Raises UsageError for others."""
        try:
            return msgspec.convert(self.request.arguments, kind)
        except msgspec.ValidationError as error:
            raise UsageError(
                f"The arguments of {self.request.command} are not valid: {error}.",
                hint="use the same version of dynasmith here and in the function",
            ) from error

    @property
    def consent(self) -> Consent:
        """What the person agreed to."""
        given = self.request.consent
        return Consent(yes=given.yes, confirm=frozenset(given.confirm))

    @property
    def work(self) -> str:
        """A digest of what is requested: the same request id never means two things."""
        request = self.request
        accepted = sorted(request.consent.accept_changed)
        return digest([request.command, request.arguments, request.environment, accepted])

    @property
    def function(self) -> str:
        """The ARN of the function."""
        return str(getattr(self.context, "invoked_function_arn", "") or "lambda")

    def refuse_folders(self) -> None:
        """Raise UsageError where records of jobs would be written into a folder, which is gone with the function."""
        settings = self.world.settings
        refuse_folder("ledger", settings.ledger, '"table:NAME" or "s3://BUCKET/PREFIX"')
        refuse_folder("journal", settings.journal, '"s3://BUCKET/PREFIX"')


def refuse_folder(key: str, value: str, instead: str) -> None:
    """Raise UsageError where ``value``, the place of records of jobs, is a folder of the function."""
    if not value.startswith(("s3://", "table:")):
        raise UsageError(
            f"The {key} of jobs is the folder {value or '.dynasmith'}, which a function cannot keep.",
            hint=f"write {key} = {instead} under [jobs] of the project file, and bundle the function again",
        )


def digest(value: Any) -> str:
    """A digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
