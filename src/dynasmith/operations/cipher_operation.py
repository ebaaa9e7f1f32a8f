"""An operation that encrypts or decrypts: what `Encrypt` and `Decrypt` share. It has to be given the keys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

import msgspec

from dynasmith.errors import DecryptionFailed, UsageError
from dynasmith.items.transform import ItemRefused
from dynasmith.items.value import encode_tree
from dynasmith.items.value_cipher import ValueCipher
from dynasmith.operations.operation import Item, Operation


@dataclass(frozen=True, slots=True)
class CipherOperation(Operation):
    """``attribute`` is the name under which the values are stored. ``cipher`` has the keys; a backfill gives it."""

    attribute: str
    cipher: ValueCipher | None = field(default=None, compare=False, repr=False, kw_only=True)

    def with_cipher(self, cipher: ValueCipher) -> Self:
        """The same with these keys."""
        return replace(self, cipher=cipher)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return {self.WORD: self.attribute}

    def describe(self) -> str:
        """It in a few words."""
        return f"{self.WORD} {self.attribute}"

    def keys(self) -> ValueCipher:
        """The keys. Raises UsageError where nobody gave them."""
        if self.cipher is None:
            raise UsageError(f"{self.describe()} has no keys.", hint="it is an operation of project.backfill")
        return self.cipher

    def stored(self, item: Item) -> dict[str, Any]:
        """The value of the attribute as DynamoDB JSON, with binary as base64 text."""
        tree: dict[str, Any] = msgspec.to_builtins(encode_tree(item[self.attribute]))
        return tree

    def decrypted(self, item: Item) -> dict[str, Any] | None:
        """The value of the attribute; None where it is not encrypted. Raises ItemRefused."""
        try:
            return self.keys().decrypt(self.attribute, self.stored(item))
        except DecryptionFailed as cause:
            raise ItemRefused(f"{self.attribute}: {cause.message}", hint=cause.hint) from cause
