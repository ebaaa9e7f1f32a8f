"""``{encrypt: ssn}``: an attribute encrypted, or encrypted again with another key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from dynasmith.items.encryption_envelope import is_key_name
from dynasmith.items.value import decode_tree
from dynasmith.items.value_cipher import ValueCipher
from dynasmith.operations.cipher_operation import CipherOperation
from dynasmith.operations.decrypt import Decrypt
from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item


@dataclass(frozen=True, slots=True)
class Encrypt(CipherOperation):
    """Encrypt an attribute with the key ``key`` (empty: the first); what another key encrypted is decrypted for it.

    What that key encrypted already stays as it is, and so does NULL.
    """

    WORD: ClassVar[str] = "encrypt"

    key: str = ""

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """The name, and the key where it is not the first."""
        attribute, key = fields.name("encrypt"), fields.text("key", default="", empty=True)
        if key and not is_key_name(key):
            fields.fault("key", "the name of a key was expected", "use up to 64 ASCII letters, digits, _, - and .")
        return lambda: cls(attribute, key)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return {self.WORD: self.attribute} | ({"key": self.key} if self.key else {})

    def with_cipher(self, cipher: ValueCipher) -> Self:
        """The same with these keys. Raises UsageError and ProjectError, before any item, where there is no key."""
        cipher.encrypt(self.attribute, self.key, {"NULL": True})
        return CipherOperation.with_cipher(self, cipher)

    def apply(self, item: Item) -> None:
        """Encrypt it, where it is there and not encrypted with that key. Raises ItemRefused."""
        if item.get(self.attribute) is None:
            return
        cipher, stored, plain = self.keys(), self.stored(item), self.decrypted(item)
        if plain is not None and cipher.is_current(stored, self.key):
            return
        item[self.attribute] = decode_tree(cipher.encrypt(self.attribute, self.key, plain or stored))

    def inverse(self) -> tuple[CipherOperation, ...]:
        """Decrypt it."""
        return (Decrypt(self.attribute),)
