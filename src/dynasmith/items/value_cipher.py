"""`ValueCipher`: what encrypts and decrypts values of attributes."""

from __future__ import annotations

from typing import Any, Protocol


class ValueCipher(Protocol):
    """Encrypts values of attributes, and decrypts them. Values are DynamoDB JSON, binary as base64 text.

    Safe to use from several threads.
    """

    def encrypt(self, attribute: str, key: str, tree: dict[str, Any]) -> dict[str, Any]:
        """The stored value for a value. ``key`` is the name of a key; empty: the first. Raises UsageError where there
        is no such key, ProjectError where it cannot be had, ItemInvalid for a text that is not Unicode."""
        ...

    def decrypt(self, attribute: str, stored: dict[str, Any]) -> dict[str, Any] | None:
        """The value of a stored value; None where that is not encrypted. Raises DecryptionFailed."""
        ...

    def is_current(self, stored: dict[str, Any], key: str) -> bool:
        """Whether a stored value is encrypted with that key (empty: the first), so that nothing is left to do."""
        ...
