"""How a value of an encrypted attribute stands in an item before it is encrypted, and after it was decrypted."""

from __future__ import annotations

from typing import Any

from dynasmith.errors import ItemInvalid, UsageError
from dynasmith.items.encryption_envelope import is_envelope
from dynasmith.models.code_names import invalid
from dynasmith.models.sealed_value import SEALED, SealedValue
from dynasmith.models.value_codec import Tree, ValueCodec, type_name


class EncryptionCodec(ValueCodec):
    """Any value, as a `SealedValue`. Nothing can look into it, so it has no parts and no members.

    No message of it holds a value. ``reads_plain``: a value that is not encrypted yet is read too.
    """

    tags = (SEALED,)

    def __init__(self, inner: ValueCodec, attribute: str, key: str, *, reads_plain: bool) -> None:
        self.inner, self.attribute, self.key, self.reads_plain = inner, attribute, key, reads_plain
        self.type = inner.type

    def encode(self, value: Any) -> Tree:
        try:
            return self.sealed(self.inner.encode(value))
        except ItemInvalid:
            pass  # its message may hold the value, so nothing refers to it
        raise invalid(
            f"The value cannot be stored as {type_name(self.type)}; it is not shown, since the attribute is encrypted."
        )

    def sealed(self, tree: Tree) -> Tree:
        """A plain stored value as one that is to be encrypted."""
        return {SEALED: SealedValue(self.attribute, self.key, tree)}

    def decode(self, tree: Tree) -> Any:
        sealed = tree.get(SEALED)
        if sealed is None and is_envelope(tree):
            raise invalid("It is encrypted, and was not decrypted before it was read.")
        if sealed is None and not self.reads_plain:
            raise invalid(
                "It is not encrypted, and the model reads only what is.",
                "attr(encrypted=True, read_plain=True) reads it, and the next save encrypts it",
            )
        try:
            return self.inner.decode(tree if sealed is None else sealed.tree)
        except ItemInvalid:
            pass
        raise invalid(
            f"The value is not a valid {type_name(self.type)}; it is not shown, since the attribute is encrypted."
        )


def refuse_encrypted(codec: ValueCodec, name: object) -> None:
    """Raise UsageError where an expression would look into the ciphertext of ``name``, or put a plain value there."""
    if isinstance(codec, EncryptionCodec):
        raise UsageError(
            f"{name} is encrypted: it can be set to a value or removed, and a condition asks only for exists() or "
            "missing().",
            hint="read the items and look at the values with filter()",
        )
