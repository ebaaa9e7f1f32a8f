"""Identifiers of new instances: the one place of this package that reads a clock and draws at random.

pydantic asks for them while a user's own code makes an instance, so there is nothing to hand them in by.
"""

import secrets
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 of the ULID specification: without I, L, O and U."""


def new_uuid() -> str:
    """A random UUID, version 4."""
    return str(uuid4())


def new_ulid() -> str:
    """A ULID of now."""
    now = datetime.now(UTC)
    return ulid_text(int(now.timestamp() * 1000), secrets.randbits(80))


def ulid_text(milliseconds: int, random: int) -> str:
    """The ULID of a time (48 bits, milliseconds since 1970) and of 80 random bits."""
    number = milliseconds << 80 | random
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
