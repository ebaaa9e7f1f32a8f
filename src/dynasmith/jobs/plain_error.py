"""Errors whose message repeats nothing of an item, so that it may be shown where values are hidden."""

from __future__ import annotations

from dynasmith.errors import CheckpointError, ConditionFailed, DataError, DynasmithError, ValidationRefused
from dynasmith.items.transform import HIDDEN_KEY

QUOTING = (DataError, ConditionFailed, ValidationRefused)
"""Errors whose message may repeat what an item holds."""


def is_quoting(error: BaseException) -> bool:
    """Whether an error is one whose message may repeat what an item holds. Not that of a transform that masks."""
    quoting = isinstance(error, QUOTING) and not isinstance(error, CheckpointError)
    return quoting and HIDDEN_KEY not in str(error)


def is_plain(error: BaseException) -> bool:
    """Whether a message surely repeats nothing of an item: neither the error nor its cause quotes."""
    if not isinstance(error, DynasmithError) or is_quoting(error):
        return False
    cause = error.__cause__
    return cause is None or HIDDEN_KEY in error.message or is_plain(cause)
