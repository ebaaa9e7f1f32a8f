"""Encryption of values: the keys as a person names them, and what the service keeps for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, Protocol

from msgspec import Struct, convert

from dynasmith.errors import UsageError
from dynasmith.items.encryption_envelope import KEY_BYTES, is_key_name

SOURCES: Final = ("variable", "file", "kms", "material")


_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_MATERIAL: Final = re.compile(r"[A-Za-z0-9+/_-]{43}=\Z|[0-9a-fA-F]{64}\Z")


class EncryptionKey(Struct, frozen=True, kw_only=True):
    """Where a key comes from: exactly one of four.

    ``variable`` is the name of an environment variable and ``file`` a file that hold 32 random bytes as base64 or hex
    (a file may hold them as they are); ``kms`` is a key of KMS by id, ARN or alias; ``material`` are the bytes
    themselves. ``format="onetable"`` is a password of dynamodb-onetable, which is only read with. No ``repr`` and no
    message shows a key. Raises UsageError for none or several of them, and for material of another length.
    """

    variable: str = ""
    file: str = ""
    kms: str = ""
    material: bytes = b""
    format: Literal["", "onetable"] = ""

    def __post_init__(self) -> None:
        given = [name for name in SOURCES if getattr(self, name)]
        if len(given) != 1:
            said = " and ".join(given) if given else "none of them"
            raise UsageError(f"A key has one source, {', '.join(SOURCES[:-1])} or {SOURCES[-1]}, and this has {said}.")
        source = given[0]
        text = "" if source == "material" else getattr(self, source)
        if _MATERIAL.match(text) or (source == "variable" and not _VARIABLE.match(text)):
            what = "the name of an environment variable" if source == "variable" else f"where a key is ({source})"
            raise UsageError(
                f"A key has something else in place of {what}; it is not shown, since it may be the key itself.",
                hint="put the key into an environment variable, and give the name of that",
            )
        if self.format not in ("", "onetable"):
            raise UsageError("The format of a key is onetable, or is left out.")
        if self.format and self.kms:
            raise UsageError("A password of OneTable is not a key of KMS.", hint="use variable or file")
        if self.material and not self.format and len(self.material) != KEY_BYTES:
            raise UsageError(
                f"A key has {KEY_BYTES} bytes, and this material has {len(self.material)}.",
                hint="os.urandom(32) makes one",
            )

    def __repr__(self) -> str:
        name = next(name for name in SOURCES if getattr(self, name))
        shown = "***" if name == "material" else repr(getattr(self, name))
        return f"EncryptionKey({name}={shown}{', format=' + repr(self.format) if self.format else ''})"


Keys = Mapping[str, EncryptionKey]
"""Keys by their names; the first of them encrypts what names none."""


def checked_keys(keys: Keys) -> Keys:
    """The keys themselves. Raises UsageError for a name that cannot be one, and for what is not a key."""
    for name, key in keys.items():
        if not is_key_name(name):
            hint = "use up to 64 ASCII letters, digits, _, - and ."
            raise UsageError(f"{str(name)[:64]!r} cannot be the name of a key.", hint=hint)
        if type(key) is not EncryptionKey:
            raise UsageError(f"The key {name} is not an EncryptionKey.", hint='EncryptionKey(variable="PII_KEY")')
    return keys


def key_of_text(text: str) -> tuple[str, EncryptionKey]:
    """The name and the key of ``NAME:SOURCE``, where SOURCE is ``variable:NAME``, ``file:PATH`` or ``kms:KEY``.

    Raises UsageError for another text, which it does not show.
    """
    name, _, source = text.partition(":")
    kind, _, where = source.partition(":")
    if not is_key_name(name) or kind not in SOURCES[:-1] or not where:
        raise UsageError(
            "A key is given as NAME:SOURCE, where SOURCE is variable:NAME, file:PATH or kms:KEY. What was given is not "
            "shown, since it may be a password.",
            hint="for example pii:variable:PII_KEY",
        )
    return name, convert({kind: where}, EncryptionKey)


class DataKeys(Protocol):
    """Keys that a service makes, encrypts and decrypts; the key that encrypts them never leaves it."""

    def generate(self, key: str, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        """A new data key of 32 bytes: as it is, and as the service encrypted it with ``key``. One call."""
        ...

    def decrypt(self, key: str, wrapped: bytes, context: Mapping[str, str]) -> bytes | None:
        """The data key that the service encrypted; None where it is not of this key and context. One call."""
        ...
