"""``{decrypt: ssn}``: an attribute as it was before it was encrypted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

from dynasmith.items.value import decode_tree
from dynasmith.operations.cipher_operation import CipherOperation
from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item


@dataclass(frozen=True, slots=True)
class Decrypt(CipherOperation):
    """Decrypt an attribute; what is not encrypted stays as it is."""

    WORD: ClassVar[str] = "decrypt"

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """Only the name."""
        attribute = fields.name("decrypt")
        return lambda: cls(attribute)

    def apply(self, item: Item) -> None:
        """Decrypt it where it is encrypted. Raises ItemRefused."""
        if item.get(self.attribute) is None:
            return
        plain = self.decrypted(item)
        if plain is not None:
            item[self.attribute] = decode_tree(plain)

    def inverse(self) -> None:
        """Nothing knows which key it was."""
        return
