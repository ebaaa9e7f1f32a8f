"""`FunctionLogs`: what a Lambda function wrote, as CloudWatch Logs has it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from dynasmith.aws.control.session import Session
from dynasmith.aws.settings.function_refusal import absent_function
from dynasmith.errors import ServiceError
from dynasmith.ports.function_logs import LogLine
from dynasmith.tables.settings.trigger_parts import function_key

_ABSENT: Final = ("ResourceNotFoundException",)
_PAGES_MAX: Final = 10_000


class FunctionLogs:
    """Reads only."""

    def __init__(self, session: Session, function: str) -> None:
        self._session, self._function = session, function
        self._group = ""

    def lines(self, since: datetime, until: datetime | None = None) -> Iterator[LogLine]:
        """What was written from a time on, oldest first; nothing where the function has no log group yet. One call a
        page, and one for the function. Raises RunError for a function that does not exist."""
        asked: dict[str, Any] = {"logGroupName": self._log_group(), "startTime": _milliseconds(since)}
        if until is not None:
            asked["endTime"] = _milliseconds(until)
        try:
            for page in self._pages(asked):
                for each in page.get("events") or ():
                    yield _line(each)
        except ServiceError as error:
            if error.service_code not in _ABSENT:
                raise

    def _log_group(self) -> str:
        if not self._group:
            name = function_key(self._function).partition(":")[0]
            try:
                told = self._session.call("lambda", "GetFunctionConfiguration", {"FunctionName": name})
            except ServiceError as error:
                if error.service_code in _ABSENT:
                    raise absent_function(self._function) from error
                raise
            self._group = str((told.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}")
        return self._group

    def _pages(self, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        parameters, seen = dict(asked), set[str]()
        while True:
            page = self._session.call("logs", "FilterLogEvents", parameters)
            yield page
            token = str(page.get("nextToken") or "")
            if not token:
                return
            if token in seen or len(seen) > _PAGES_MAX:
                raise ServiceError("The pages of FilterLogEvents do not end.", hint="try again")
            seen.add(token)
            parameters["nextToken"] = token


def _milliseconds(at: datetime) -> int:
    return max(0, int(at.timestamp() * 1000))


def _line(event: Mapping[str, Any]) -> LogLine:
    return LogLine(
        id=str(event.get("eventId", "")),
        at=datetime.fromtimestamp(int(event.get("timestamp", 0)) / 1000, UTC),
        stream=str(event.get("logStreamName", "")),
        text=str(event.get("message", "")).rstrip("\n"),
    )
