"""Why a transaction was cancelled, as an error; and what a client sends again."""

from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from dynasmith.aws import transactions
from dynasmith.aws.data.exchange import HttpReply
from dynasmith.aws.data.failure import error_of, failure_of
from dynasmith.aws.errors.codes import RetryVerdict
from dynasmith.aws.errors.translation import translate
from dynasmith.errors import ConditionFailed, DynasmithError, LimitExceeded, ServiceUnavailable, Throttled

CONFLICT = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
FAILED = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
THROTTLED = {"Code": "ThrottlingError", "Message": "Throughput exceeds the current capacity"}
NONE = {"Code": "None"}


def by_botocore(code: str, *reasons: dict[str, str]) -> DynasmithError:
    said: Any = {"Error": {"Code": code, "Message": "m"}, "CancellationReasons": list(reasons)}
    return translate(ClientError(said, "TransactWriteItems"), "dynamodb:TransactWriteItems", "orders")


def by_flow(code: str, *reasons: dict[str, str]) -> tuple[RetryVerdict, DynasmithError]:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "m", "CancellationReasons": reasons}
    failure = failure_of(HttpReply(400, {}, msgspec.json.encode(body)))
    return failure.verdict, error_of(failure, "TransactWriteItems", "orders")


@pytest.mark.parametrize(
    ("reasons", "kind", "verdict", "told"),
    [
        ((NONE, CONFLICT), ServiceUnavailable, RetryVerdict.AGAIN, ["action 2 of 2: TransactionConflict"]),
        (
            (FAILED, CONFLICT),
            ConditionFailed,
            RetryVerdict.STOP,
            ["action 1 of 2: ConditionalCheckFailed", "action 2 of 2"],
        ),
        ((NONE, THROTTLED, NONE), Throttled, RetryVerdict.STOP, ["action 2 of 3: ThrottlingError (Throughput exceeds"]),
        (({"Code": "ItemCollectionSizeLimitExceeded"},), LimitExceeded, RetryVerdict.STOP, ["action 1 of 1: ItemColl"]),
    ],
)
def test_the_reasons_of_a_cancelled_transaction_are_named(
    reasons: tuple[dict[str, str], ...], kind: type[DynasmithError], verdict: RetryVerdict, told: list[str]
) -> None:
    found = by_botocore("TransactionCanceledException", *reasons)
    judged, in_flow = by_flow("TransactionCanceledException", *reasons)
    assert judged is verdict
    for error in (found, in_flow):
        assert type(error) is kind
        assert all(part in error.message for part in told)
    assert "None" not in found.message
    assert found.hint


def test_a_conflict_of_a_plain_write_that_lasts_has_a_hint() -> None:
    verdict, in_flow = by_flow("TransactionConflictException")
    assert verdict is RetryVerdict.AGAIN
    for error in (by_botocore("TransactionConflictException"), in_flow):
        assert isinstance(error, ServiceUnavailable)
        assert "other transactions kept writing the same item" in error.hint


def test_a_cancelled_transaction_without_reasons_is_refused_with_the_service_s_words() -> None:
    assert "TransactionCanceledException: m" in by_botocore("TransactionCanceledException").message
    assert by_flow("TransactionCanceledException")[0] is RetryVerdict.STOP


@pytest.mark.parametrize(
    ("code", "reasons", "again"),
    [
        ("TransactionConflictException", [], True),
        ("TransactionCanceledException", [NONE, CONFLICT], True),
        ("TransactionCanceledException", [THROTTLED, CONFLICT], True),
        ("TransactionCanceledException", [NONE, THROTTLED], True),
        ("TransactionCanceledException", [FAILED, THROTTLED], False),
        ("TransactionCanceledException", [NONE, NONE], False),
        ("ValidationException", [], False),
    ],
)
def test_a_client_sends_again_what_may_succeed_later(code: str, reasons: list[dict[str, str]], again: bool) -> None:
    assert transactions.is_passing({"Error": {"Code": code}, "CancellationReasons": reasons}) is again


def test_waits_grow_and_end() -> None:
    waits = [transactions.back_off(attempt) for attempt in range(1, transactions.ATTEMPTS_MAX)]
    assert 0.02 < waits[0] <= 0.05
    assert max(waits) <= 4.0
    assert sum(waits) > 5
