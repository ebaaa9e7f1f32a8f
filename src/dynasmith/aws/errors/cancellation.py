"""Why DynamoDB cancelled a transaction: its CancellationReasons, one for each action."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.aws.errors.codes import CONFLICTS, Meaning, is_passing, meaning_of
from dynasmith.errors import (
    ConditionFailed,
    LimitExceeded,
    ServiceError,
    ServiceUnavailable,
    Throttled,
    ValidationRefused,
)


def codes_of(reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    """The codes of CancellationReasons: one for each action, "" for an action that was not the reason."""
    codes = [str(reason.get("Code") or "") for reason in reasons]
    return ["" if code == "None" else code for code in codes]


def only_conflicts(codes: Sequence[str]) -> bool:
    """Whether a conflict, and nothing else, cancelled the transaction: the same one may succeed later."""
    return any(codes) and all(code == "" or code in CONFLICTS for code in codes)


def only_passing(codes: Sequence[str]) -> bool:
    """Whether conflicts and throttles, and nothing else, cancelled it: the same transaction may succeed later."""
    return any(codes) and all(code == "" or is_passing(code) for code in codes)


def sentence(reasons: Sequence[Mapping[str, Any]]) -> str:
    """Which actions cancelled a transaction and why: ``action 2 of 3: TransactionConflict (...)``."""
    named = [
        f"action {number} of {len(reasons)}: {code}" + (f" ({text})" if (text := reason.get("Message")) else "")
        for number, (code, reason) in enumerate(zip(codes_of(reasons), reasons, strict=True), start=1)
        if code
    ]
    return "; ".join(named)


def cancelled_as(codes: Sequence[str]) -> Meaning:
    """What a cancelled transaction means, by the codes of its reasons: a conflict counts only where it stands alone."""
    meanings = {meaning.kind: meaning for code in codes if code for meaning in (meaning_of(code),)}
    for kind in (Throttled, ConditionFailed, ValidationRefused, LimitExceeded):
        if kind in meanings:
            return meanings[kind]
    return meanings[ServiceUnavailable] if meanings.keys() == {ServiceUnavailable} else Meaning(ServiceError)
