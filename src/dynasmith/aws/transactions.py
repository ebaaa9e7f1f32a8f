"""Transactions that DynamoDB cancelled, and writes that one stood in the way of: why, and what is sent again.

The service cancels a transaction that conflicts with another on an item, and refuses a plain write to an item that a
transaction holds at that moment; no SDK sends either again ("Transaction conflict handling in DynamoDB", developer
guide).
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.errors import ConditionFailed, ServiceError, ServiceUnavailable, Throttled, ValidationRefused

CANCELLED = "TransactionCanceledException"
CONFLICT = "TransactionConflict"
CONFLICTS = (CONFLICT, "TransactionConflictException")
"""The reason of a cancelled transaction, or the error of one statement; and the error of a plain write."""
HINT = "other transactions wrote the same item all the time; try again when they are done"

ATTEMPTS_MAX = 12
"""How often a request is sent that meets a conflict: about 20 s."""
_FIRST_SECONDS, _LAST_SECONDS = 0.05, 4.0


def codes_of(reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    """The codes of CancellationReasons: one for each action, "" for an action that was not the reason."""
    codes = [str(reason.get("Code") or "") for reason in reasons]
    return ["" if code == "None" else code for code in codes]


def only_conflicts(codes: Sequence[str]) -> bool:
    """Whether a conflict, and nothing else, cancelled the transaction: the same one may succeed later."""
    return any(codes) and all(code in ("", CONFLICT) for code in codes)


def sentence(reasons: Sequence[Mapping[str, Any]]) -> str:
    """Which actions cancelled a transaction and why: ``action 2 of 3: TransactionConflict (...)``."""
    told = [
        f"action {number} of {len(reasons)}: {code}" + (f" ({said})" if (said := reason.get("Message")) else "")
        for number, (code, reason) in enumerate(zip(codes_of(reasons), reasons, strict=True), start=1)
        if code
    ]
    return "; ".join(told)


def cancelled_as(codes: Sequence[str]) -> tuple[type[ServiceError], str]:
    """The error of ours for a cancelled transaction, by the codes of its reasons, and its hint."""
    there = {code for code in codes if code}
    if there == {CONFLICT}:
        return ServiceUnavailable, HINT
    if there & {"ThrottlingError", "ProvisionedThroughputExceeded"}:
        return Throttled, "the service throttled longer than the retries lasted; try again later"
    if "ConditionalCheckFailed" in there:
        return ConditionFailed, "an item is not as the transaction expects it: read it again"
    return ValidationRefused if "ValidationError" in there else ServiceError, ""


def is_conflict(error: Mapping[str, Any]) -> bool:
    """Whether an error as botocore parsed it says that a transaction was in the way, and nothing else."""
    code = str(error.get("Error", {}).get("Code", "")).rsplit("#", 1)[-1]
    return code in CONFLICTS or (code == CANCELLED and only_conflicts(codes_of(error.get("CancellationReasons") or ())))


def back_off(attempt: int) -> float:
    """Seconds to wait before a request is sent again for the ``attempt``-th time, with jitter."""
    return random.uniform(0.5, 1.0) * min(_LAST_SECONDS, _FIRST_SECONDS * 2.0 ** (attempt - 1))


def retry_conflicts(client: Any) -> None:
    """Let a botocore DynamoDB client send again what met a conflict. Once a client is enough; more do no harm."""
    client.meta.events.register_first("needs-retry.dynamodb", _retry, unique_id="dynasmith-transaction-conflict")


def _retry(attempts: int, response: Any = None, **_: Any) -> float | None:
    """botocore's question whether, and after how many seconds, a request is sent again; None: others decide."""
    if response is None or attempts >= ATTEMPTS_MAX:
        return None
    parsed = response[1]
    return back_off(attempts) if isinstance(parsed, dict) and "Error" in parsed and is_conflict(parsed) else None
