"""What a reply of the item flow that is not 200 means: try again, slow down, correct the clock, or give up."""

from dataclasses import dataclass

import msgspec

from dynasmith.aws.data.exchange import HttpReply
from dynasmith.aws.errors.cancellation import codes_of, only_conflicts, sentence
from dynasmith.aws.errors.codes import RetryVerdict, verdict_of
from dynasmith.aws.errors.refusal import NOWHERE, ErrorReply, refused
from dynasmith.errors import AccessError, DynasmithError, ServiceError, ServiceUnavailable, Throttled
from dynasmith.items.value import NOT_JSON
from dynasmith.ports.access import ResolvedAccess


class Reason(msgspec.Struct, frozen=True):
    """One of the service's ThrottlingReasons: ``reason`` as it says (``TableWriteProvisionedThroughput...``)."""

    reason: str = ""
    resource: str = ""


class _Body(msgspec.Struct, frozen=True):
    type: str = msgspec.field(name="__type", default="")
    code: str = ""
    message: str = ""
    capital: str = msgspec.field(name="Message", default="")
    reasons: tuple[Reason, ...] = msgspec.field(name="ThrottlingReasons", default=())
    small: tuple[Reason, ...] = msgspec.field(name="throttlingReasons", default=())
    cancelled: tuple[dict[str, object], ...] = msgspec.field(name="CancellationReasons", default=())
    item: msgspec.Raw = msgspec.field(name="Item", default_factory=msgspec.Raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(ErrorReply):
    """A reply that is not 200, understood. ``item`` stood there when a condition failed, if it was asked for."""

    verdict: RetryVerdict
    reasons: tuple[Reason, ...] = ()
    item: bytes | None = None

    @property
    def nameless(self) -> bool:
        """Whether a refusal does not say what is wrong: it is then not the service that refused."""
        return self.verdict is RetryVerdict.STOP and self.code == f"HTTP{self.status}"

    @property
    def sentence(self) -> str:
        """One sentence for a report or a dead letter."""
        said = f"{self.code}: {self.message}" if self.message else self.code
        return f"{said} (HTTP {self.status}{', request ' + self.request_id if self.request_id else ''})"


def failure_of(answer: HttpReply) -> Failure:
    """Understand a reply whose status is not 200. Never raises: what it cannot read is judged by the status."""
    try:
        body = msgspec.json.decode(answer.body, type=_Body)
    except NOT_JSON:
        body = _Body(message=answer.body[:200].decode("utf-8", "replace"))
    code = (body.type or body.code).rsplit("#", 1)[-1].split(":", 1)[0]
    if not code:
        code = answer.headers.get("x-amzn-errortype", "").split(":", 1)[0] or f"HTTP{answer.status}"
    message = sentence(body.cancelled) or body.message or body.capital
    cancelled = codes_of(body.cancelled)
    reasons = body.reasons or body.small
    return Failure(
        verdict=RetryVerdict.AGAIN if only_conflicts(cancelled) else verdict_of(code, answer.status, message),
        status=answer.status,
        code=code,
        message=message,
        request_id=answer.headers.get("x-amzn-requestid", ""),
        reasons=reasons,
        throttled=tuple(f"{each.reason} {each.resource}".strip() for each in reasons),
        item=bytes(body.item) or None,
        cancelled=tuple(cancelled),
    )


def error_of(failure: Failure, operation: str, table: str, access: ResolvedAccess = NOWHERE) -> DynasmithError:
    """The error of ours for a failure that no retry helps; ``operation`` is without its service."""
    error = refused(failure, f"dynamodb:{operation}", table, access)
    if isinstance(error, (AccessError, Throttled, ServiceUnavailable)):
        slower = ", slower with --max-write-units or --max-read-units" if isinstance(error, Throttled) else ""
        error.hint += f"; a job goes on with dynasmith jobs resume{slower}"
    elif type(error) is ServiceError:
        error.hint = (
            error.hint or "the DynamoDB API reference explains the code; AWS Support can look up the request id"
        )
    return error
