"""Where a scan or a query goes on: the key that the service gave, as one word of a command line."""

import base64
from typing import Any

import msgspec

from dynasmith.errors import UsageError


def encode_cursor(key: dict[str, Any]) -> str:
    """The word for ``--cursor`` of a key in DynamoDB JSON."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode_cursor(word: str | None) -> dict[str, Any] | None:
    """The key of a word; None where there is none. Raises UsageError for what is not a cursor."""
    if word is None:
        return None
    try:
        key = msgspec.json.decode(
            base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)), type=dict[str, dict[str, str]]
        )
    except (ValueError, msgspec.MsgspecError) as error:
        raise UsageError(
            "The value of --cursor is not a cursor.", hint="take it from the output of the scan or query before"
        ) from error
    if not key or any(len(value) != 1 for value in key.values()):
        raise UsageError("The value of --cursor is not a cursor.", hint="take it from the scan or query before")
    return key
