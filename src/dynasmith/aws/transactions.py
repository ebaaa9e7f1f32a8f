"""Transactions that DynamoDB cancelled, and writes that one stood in the way of: what a client sends again.

The service cancels a transaction that conflicts with another on an item, and refuses a plain write to an item that a
transaction holds at that moment; no SDK sends either again ("Transaction conflict handling in DynamoDB", developer
guide). Nor does one send again a transaction that was cancelled because one of its tables was throttled.
"""

import random
from collections.abc import Mapping
from typing import Any

from dynasmith.aws.errors.cancellation import codes_of, only_passing
from dynasmith.aws.errors.codes import CANCELLED, CONFLICTS

ATTEMPTS_MAX = 12
"""How often a request is sent that meets a conflict: about 20 s."""
_FIRST_SECONDS, _LAST_SECONDS = 0.05, 4.0


def is_passing(error: Mapping[str, Any]) -> bool:
    """Whether an error as botocore parsed it says that a transaction was in the way, or that one was throttled."""
    code = str(error.get("Error", {}).get("Code", "")).rsplit("#", 1)[-1]
    return code in CONFLICTS or (code == CANCELLED and only_passing(codes_of(error.get("CancellationReasons") or ())))


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
    return back_off(attempts) if isinstance(parsed, dict) and "Error" in parsed and is_passing(parsed) else None
