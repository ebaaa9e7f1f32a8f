"""Forms that several settings share: a value, on or off; a block that can say ``{enabled: false}``."""

from collections.abc import Mapping
from typing import Any, Final, TypeGuard, TypeVar

from msgspec import UnsetType

T = TypeVar("T")

OFF: Final[Mapping[str, Any]] = {"enabled": False}
"""What a definition says for "off" where on is a block."""


def block(written: object) -> Mapping[str, Any] | None:
    """A block of a definition; None where it says ``{enabled: false}``."""
    assert isinstance(written, Mapping)
    return None if written.get("enabled") is False else written


def is_set(value: T | UnsetType) -> TypeGuard[T]:
    """Whether a value is there: mentioned in a definition, or read from a live table."""
    return not isinstance(value, UnsetType)


def on_off(on: bool) -> str:  # the word for a boolean
    """``on`` or ``off``."""
    return "on" if on else "off"
