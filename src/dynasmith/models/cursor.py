"""Cursors: where the next page of a query begins, as text that a program may hand out and take back."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from typing import Any

from dynasmith.errors import UsageError

_FORMAT = 1


def write_cursor(request: dict[str, Any], key: dict[str, Any]) -> str:
    """The cursor after the item of that key, for the query of ``request``. It shows the key to who decodes it."""
    text = json.dumps([_FORMAT, _fingerprint(request), key], separators=(",", ":"), sort_keys=True)
    return urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def read_cursor(request: dict[str, Any], cursor: str) -> dict[str, Any]:
    """The key that the next page begins after. Raises UsageError for the cursor of another query, or for no cursor."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        form, fingerprint, key = json.loads(text)
    except (Base64Error, ValueError, TypeError) as cause:
        raise UsageError("This is not a cursor.", hint="pass Page.cursor as it was given") from cause
    if form != _FORMAT or fingerprint != _fingerprint(request) or not isinstance(key, dict):
        raise UsageError(
            "The cursor is of another query.", hint="a cursor continues the same conditions, order and index only"
        )
    return key


def _fingerprint(request: dict[str, Any]) -> str:
    """What a cursor is bound to: all that decides which items there are, and in which order."""
    bound = {name: value for name, value in request.items() if name not in ("Limit", "ConsistentRead", "Select")}
    return sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()[:16]
