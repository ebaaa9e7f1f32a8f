"""Lambda functions that are invoked: a request is sent once, and its answer is waited for as long as it may take."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)

from dynasmith.aws.control.session import Session
from dynasmith.aws.errors.translation import translate
from dynasmith.errors import DynasmithError, RunError, UsageError
from dynasmith.ports.functions import InvocationOutcome

FUNCTION_SECONDS_MAX: Final = 900.0
"""How long a function may run at most. Source: docs.aws.amazon.com/lambda, "Quotas", function timeout."""
READ_SECONDS: Final = FUNCTION_SECONDS_MAX + 60.0
_NAME: Final = re.compile(
    r"(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?:\d{12}):function:)?[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9_$-]+)?\Z"
)
_SERVER_ERROR: Final = 500


class LambdaFunction:
    """Keeps `dynasmith.ports.functions.RemoteFunction`. ``name`` is a name or an ARN, with an alias or version if there
    is one. Its client never repeats an invocation: botocore would on a read timeout, and the work would be done twice.
    """

    def __init__(self, session: Session, name: str) -> None:
        found = _NAME.match(name)
        if found is None:
            raise UsageError(
                f"{name!r} is not a function of Lambda.",
                hint="give its name or its ARN: arn:aws:lambda:eu-west-1:111122223333:function:migrations",
            )
        self._session, self._name, self._region = session, name, found["region"] or ""

    @property
    def name(self) -> str:
        """As it was given."""
        return self._name

    def invoke(self, body: bytes) -> InvocationOutcome:
        """One Invoke."""
        client = self._session.patient_client("lambda", self._region, READ_SECONDS)
        try:
            reply = client.invoke(FunctionName=self._name, InvocationType="RequestResponse", Payload=body)
            answer = bytes(reply["Payload"].read())
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            raise self._error(error) from error
        except HTTPClientError as error:
            return InvocationOutcome(kind="lost", reason=self._error(error).message)
        except ClientError as error:
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if status >= _SERVER_ERROR:  # the service does not say whether the function was started
                return InvocationOutcome(kind="lost", reason=self._error(error).message)
            raise self._error(error) from error
        except BotoCoreError as error:
            raise self._error(error) from error
        if reply.get("FunctionError"):
            return InvocationOutcome(kind="failed", reason=_reason(answer))
        return InvocationOutcome(kind="answered", body=answer)

    def _error(self, error: Exception) -> DynasmithError:
        found = translate(error, "lambda:InvokeFunction", access=self._session.access)
        return found if self._name in found.message else RunError(
            f"Function {self._name}: {found.message}", hint=found.hint
        )  # fmt: skip


def _reason(answer: bytes) -> str:
    """What Lambda says of a function that failed."""
    try:
        said: Any = json.loads(answer)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return "it gave no reason"
    return str(said.get("errorMessage") or said.get("errorType") or "it gave no reason")[:500]
