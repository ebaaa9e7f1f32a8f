"""The control plane and the item flow give the same error for the same code, with the same sentence."""

from typing import Any

import botocore.session
import msgspec
import pytest
from botocore.exceptions import ClientError

from dynasmith.aws.data.calls import Refused, as_error
from dynasmith.aws.data.exchange import HttpReply
from dynasmith.aws.data.failure import failure_of
from dynasmith.aws.errors.codes import CODES, RetryVerdict
from dynasmith.aws.errors.translation import translate
from dynasmith.errors import AccessDenied, DynasmithError, ServiceError, ServiceUnavailable, Throttled
from dynasmith.ports.access import ResolvedAccess

AWS = ResolvedAccess(region="eu-west-1")
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
NOT_ALLOWED = (
    "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: dynamodb:PartiQLInsert on resource: "
    f"{ARN} because no identity-based policy allows the dynamodb:PartiQLInsert action"
)


def by_control(code: str, message: str, status: int, operation: str) -> DynasmithError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "R1"},
    }
    return translate(ClientError(response, operation), f"dynamodb:{operation}", "orders", access=AWS)


def by_flow(code: str, message: str, status: int, operation: str) -> DynasmithError:
    body = msgspec.json.encode({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message})
    failure = failure_of(HttpReply(status, {"x-amzn-requestid": "R1"}, body))
    return as_error(Refused(failure, AWS), operation, "orders")


def _codes() -> list[str]:
    model = botocore.session.get_session().get_service_model("dynamodb")
    statements = model.shape_for("BatchStatementErrorCodeEnum").metadata["enum"]
    return sorted({*CODES, *statements, *(shape.name for shape in model.error_shapes), "BrandNewException"})


@pytest.mark.parametrize("status", [400, 429, 500])
@pytest.mark.parametrize("code", _codes())
def test_both_planes_give_the_same_error(code: str, status: int) -> None:
    for operation in ("PutItem", "UpdateTable"):
        control = by_control(code, "because", status, operation)
        flow = by_flow(code, "because", status, operation)
        assert type(flow) is type(control)
        assert str(flow) == str(control)
        assert flow.hint.startswith(control.hint)
        if isinstance(control, ServiceError):
            assert isinstance(flow, ServiceError)
            assert (flow.service_code, flow.operation, flow.request_id) == (code, f"dynamodb:{operation}", "R1")


@pytest.mark.parametrize("code", sorted(CODES))
def test_what_is_sent_again_is_a_throttle_or_a_failure_of_the_service(code: str) -> None:
    meaning = CODES[code]
    assert (meaning.verdict is RetryVerdict.SLOWER) == (meaning.kind is Throttled)
    assert (meaning.verdict is RetryVerdict.AGAIN) == (meaning.kind is ServiceUnavailable)


def test_a_denied_write_of_the_item_flow_prints_the_statement_that_allows_it() -> None:
    error = by_flow("AccessDeniedException", NOT_ALLOWED, 400, "BatchExecuteStatement")
    assert isinstance(error, AccessDenied)
    assert error.action == "dynamodb:PartiQLInsert"
    assert error.statement == {
        "Effect": "Allow",
        "Action": "dynamodb:PartiQLInsert",
        "Resource": [ARN, f"{ARN}/index/*"],
    }
    assert msgspec.json.decode(error.hint.partition(": ")[2].rpartition(";")[0]) == error.statement


def test_a_denied_call_without_a_reason_names_the_actions_that_the_operation_needs() -> None:
    error = by_flow("AccessDeniedException", "", 400, "BatchExecuteStatement")
    assert isinstance(error, AccessDenied)
    assert error.statement["Action"] == ["dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"]
    arn = "arn:aws:dynamodb:eu-west-1:*:table/orders"
    assert error.statement["Resource"] == [arn, f"{arn}/index/*"]


def test_an_explicit_deny_is_not_said_to_be_allowed_by_a_statement_alone() -> None:
    error = by_control("AccessDeniedException", "... with an explicit deny in a resource-based policy", 400, "PutItem")
    assert error.hint.startswith("a policy denies it explicitly and must be changed first; then this statement")
