"""Every foreign error becomes one of ours: the whole model of the service, and what botocore raises itself."""

import json
from typing import Any

import botocore.exceptions as foreign
import botocore.session
import pytest
from botocore.exceptions import ClientError

from dynasmith.aws.errors.codes import CODES
from dynasmith.aws.errors.translation import translate
from dynasmith.errors import (
    AccessDenied,
    AccessError,
    ConditionFailed,
    CredentialsExpired,
    DynasmithError,
    LimitExceeded,
    NoCredentials,
    NotOffered,
    ProjectError,
    RunError,
    ServiceError,
    ServiceUnavailable,
    TableBusy,
    TableExists,
    TableNotFound,
    Throttled,
    Unreachable,
    ValidationRefused,
)
from dynasmith.ports.access import ResolvedAccess

ENGINE = ResolvedAccess(environment="local", endpoint="http://127.0.0.1:8000", region="us-east-1", local=True)
AWS = ResolvedAccess(environment="prod", region="eu-west-1", account="111122223333", profile="prod")


def refused(code: str, message: str = "because", status: int = 400, **more: Any) -> ClientError:
    """What botocore raises for an answer that is not 200."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "REQUEST1"},
        **more,
    }
    return ClientError(response, "UpdateTable")


def _codes() -> list[tuple[str, str]]:
    session = botocore.session.get_session()
    return [
        (service, shape.name)
        for service in ("dynamodb", "application-autoscaling")
        for shape in session.get_service_model(service).error_shapes
    ]


@pytest.mark.parametrize(("service", "code"), _codes())
def test_every_error_of_the_models_is_one_of_ours(service: str, code: str) -> None:
    error = translate(refused(code), f"{service}:UpdateTable", "orders", access=AWS)
    assert code in CODES
    assert type(error) not in (RunError, DynasmithError)
    assert error.message.endswith((".", "because")) or "because" in error.message
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceNotFoundException", TableNotFound),
        ("TableNotFoundException", TableNotFound),
        ("TableAlreadyExistsException", TableExists),
        ("ResourceInUseException", TableBusy),
        ("TableInUseException", TableBusy),
        ("ContinuousBackupsUnavailableException", TableBusy),
        ("LimitExceededException", LimitExceeded),
        ("ThrottlingException", Throttled),
        ("ProvisionedThroughputExceededException", Throttled),
        ("ValidationException", ValidationRefused),
        ("ConditionalCheckFailedException", ConditionFailed),
        ("InternalServerError", ServiceUnavailable),
        ("ConcurrentUpdateException", ServiceUnavailable),
        ("AccessDeniedException", AccessDenied),
        ("ExpiredTokenException", CredentialsExpired),
        ("UnrecognizedClientException", NoCredentials),
        ("InvalidSignatureException", NoCredentials),
        ("UnknownOperationException", NotOffered),
    ],
)
def test_the_codes_that_matter(code: str, kind: type[DynasmithError]) -> None:
    assert type(translate(refused(code), "dynamodb:UpdateTable", "orders", access=AWS)) is kind


def test_in_use_at_create_says_that_the_table_exists() -> None:
    error = translate(refused("ResourceInUseException"), "dynamodb:CreateTable", "orders", access=AWS)
    assert isinstance(error, TableExists)
    assert error.table == "orders"


def test_an_unknown_code_keeps_itself_and_the_request_id() -> None:
    error = translate(refused("BrandNewException", "no way"), "dynamodb:UpdateTable", "orders", access=AWS)
    assert type(error) is ServiceError
    assert (error.service_code, error.operation, error.request_id) == (
        "BrandNewException",
        "dynamodb:UpdateTable",
        "REQUEST1",
    )
    assert str(error) == "UpdateTable on orders was refused: BrandNewException: no way (request REQUEST1)"


def test_an_unknown_code_of_a_failing_service_is_a_failing_service() -> None:
    assert isinstance(translate(refused("Odd", status=503), "dynamodb:UpdateTable", access=AWS), ServiceUnavailable)
    assert isinstance(translate(refused("Odd", status=429), "dynamodb:UpdateTable", access=AWS), Throttled)


def test_throttling_keeps_its_reasons() -> None:
    reasons = [{"reason": "TableWriteProvisionedThroughputExceeded", "resource": "arn:t"}]
    error = translate(refused("ThrottlingException", ThrottlingReasons=reasons), "dynamodb:PutItem", "t", access=AWS)
    assert isinstance(error, Throttled)
    assert error.reasons == ("TableWriteProvisionedThroughputExceeded arn:t",)


def test_denied_names_the_action_and_the_statement_that_allows_it() -> None:
    error = translate(refused("AccessDeniedException"), "dynamodb:UpdateTimeToLive", "orders", access=AWS)
    assert isinstance(error, AccessDenied)
    assert error.action == "dynamodb:UpdateTimeToLive"
    arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
    assert error.statement == {
        "Effect": "Allow",
        "Action": "dynamodb:UpdateTimeToLive",
        "Resource": [arn, f"{arn}/index/*"],
    }
    assert json.dumps(error.statement) in error.hint


def test_denied_of_a_service_that_knows_no_table_is_allowed_everywhere() -> None:
    operation = "application-autoscaling:RegisterScalableTarget"
    error = translate(refused("AccessDeniedException"), operation, "orders", access=AWS)
    assert isinstance(error, AccessDenied)
    assert error.statement["Resource"] == "*"


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (foreign.NoCredentialsError(), NoCredentials, "No AWS credentials were found."),
        (
            foreign.PartialCredentialsError(provider="env", cred_var="X"),
            NoCredentials,
            "No AWS credentials were found.",
        ),
        (foreign.ProfileNotFound(profile="prod"), ProjectError, "The AWS profile prod does not exist."),
        (foreign.NoRegionError(), ProjectError, "No AWS Region is set."),
        (foreign.UnauthorizedSSOTokenError(), CredentialsExpired, "The AWS login has expired or does not exist."),
        (
            foreign.CredentialRetrievalError(provider="sso", error_msg="secret!"),
            AccessError,
            "could not be read from sso",
        ),
        (foreign.EndpointConnectionError(endpoint_url="x"), Unreachable, "Nothing answers at AWS eu-west-1."),
        (foreign.ConnectTimeoutError(endpoint_url="x"), Unreachable, "Nothing answers at"),
        (foreign.SSLError(endpoint_url="x", error=OSError("y")), Unreachable, "TLS with"),
        (foreign.ProxyConnectionError(proxy_url="http://user:secret!@x"), Unreachable, "The proxy on the way"),
        (foreign.ReadTimeoutError(endpoint_url="x"), ServiceUnavailable, "got no answer in time"),
        (foreign.ConnectionClosedError(endpoint_url="x"), Unreachable, "broke"),
        (foreign.UnknownServiceError(service_name="s", known_service_names="t"), NotOffered, "does not know"),
        (
            foreign.ParamValidationError(report='Unknown parameter in input: "WarmThroughput", must be one of: a'),
            NotOffered,
            "does not know WarmThroughput of UpdateTable",
        ),
        (foreign.ParamValidationError(report="Invalid length"), ValidationRefused, "cannot be sent"),
        (foreign.BotoCoreError(), RunError, "UpdateTable on orders failed"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_botocore_raises_itself(error: Exception, kind: type[DynasmithError], sentence: str) -> None:
    ours = translate(error, "dynamodb:UpdateTable", "orders", access=AWS)
    assert type(ours) is kind
    assert sentence in ours.message
    assert "secret!" not in ours.message + ours.hint
    assert "\n" not in ours.message


def test_nothing_listens_on_this_machine_says_how_to_start_the_engine() -> None:
    error = translate(foreign.EndpointConnectionError(endpoint_url="x"), "dynamodb:ListTables", access=ENGINE)
    assert str(error) == "Nothing listens at http://127.0.0.1:8000."
    assert error.hint == "dynasmith local start"


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("400", "", 400),
        ("404", "Not Found", 404),
        ("501", "", 501),
        ("500", "<!doctype html><title>x", 500),
        ("", "", 404),
    ],
)
def test_an_engine_without_the_service_says_so_in_its_own_way(code: str, message: str, status: int) -> None:
    error = translate(refused(code, message, status), "kms:DescribeKey", access=ENGINE)
    assert isinstance(error, NotOffered)
    assert "The engine at http://127.0.0.1:8000 does not offer kms DescribeKey." in error.message


def test_an_engine_that_crashes_at_what_every_engine_has_is_not_one_without_it() -> None:
    error = translate(refused("500", "<!doctype html><title>x", 500), "dynamodb:PutItem", "t", access=ENGINE)
    assert type(error) is ServiceError
    assert "failed at PutItem on t (HTTP 500" in error.message


def test_ours_come_back_as_they_are() -> None:
    ours = TableBusy("busy")
    assert translate(ours, "dynamodb:UpdateTable") is ours


def test_a_wrong_region_is_hinted_at() -> None:
    unknown = refused("UnrecognizedClientException", "The security token included in the request is invalid.")
    assert "eu-west-1" in translate(unknown, "dynamodb:ListTables", access=AWS).hint
    assert "--region" in translate(refused("ResourceNotFoundException"), "dynamodb:X", "t", access=AWS).hint


def test_a_wrong_clock_is_named() -> None:
    error = translate(refused("InvalidSignatureException", "Signature expired: x"), "dynamodb:ListTables", access=AWS)
    assert isinstance(error, NoCredentials)
    assert "clock" in error.message
