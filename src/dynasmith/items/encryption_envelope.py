"""The form of an encrypted value in an item, version 1: a map of what it takes to decrypt it.

``dynasmith`` (N) is the version, ``key`` (S) the name of the key, ``nonce`` (B) has 12 bytes, ``data`` (B) the
ciphertext with the tag of 16 bytes at its end, and ``wrapped`` (B), for a key of KMS, the data key as KMS encrypted it.
A map that has a number under ``dynasmith`` is one. The plaintext is the value as canonical DynamoDB JSON. The cipher
authenticates version, key name and the name of the attribute, and neither table nor item: ciphertext may be copied.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from dynasmith.errors import DecryptionFailed, ItemInvalid

Tree = dict[str, Any]
VERSION: Final = "1"
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
_MARK: Final = "dynasmith"
_KEY_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\Z")
_encode: Final = msgspec.json.Encoder(order="sorted").encode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
_SETS: Final = ("SS", "NS", "BS")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One encrypted value; ``wrapped`` is empty for a key that is not one of KMS."""

    key: str
    nonce: bytes
    data: bytes
    wrapped: bytes = b""

    def tree(self) -> Tree:
        """It as DynamoDB JSON, binary as base64 text."""
        members = {"nonce": self.nonce, "data": self.data} | ({"wrapped": self.wrapped} if self.wrapped else {})
        binary = {name: {"B": b2a_base64(content, newline=False).decode("ascii")} for name, content in members.items()}
        return {"M": {_MARK: {"N": VERSION}, "key": {"S": self.key}, **binary}}


def is_key_name(name: object) -> bool:
    """Whether it can name a key: up to 64 ASCII letters, digits and ``_.-``, beginning with none of ``.-``."""
    return isinstance(name, str) and _KEY_NAME.match(name) is not None


def is_envelope(tree: Any) -> bool:
    """Whether a stored value is an encrypted one, of whatever version."""
    return isinstance(tree, dict) and "M" in tree and "N" in (tree["M"].get(_MARK) or ())


def read_envelope(tree: Tree) -> Envelope:
    """The envelope of a stored value that is one. Raises DecryptionFailed where it is damaged or newer."""
    members = tree["M"]
    version = members[_MARK]["N"]
    if version != VERSION:
        raise DecryptionFailed(
            f"It was encrypted in version {version} of the format, and this dynasmith reads version {VERSION}.",
            hint="update dynasmith",
        )
    try:
        if members.keys() - {_MARK, "key", "nonce", "data", "wrapped"}:
            raise ValueError("a member that is not known")
        return Envelope(
            key=str(members["key"]["S"]),
            nonce=_binary(members["nonce"]),
            data=_binary(members["data"]),
            wrapped=_binary(members["wrapped"]) if "wrapped" in members else b"",
        )
    except (LookupError, TypeError, ValueError):
        pass
    raise DecryptionFailed("Its ciphertext is damaged: members are missing, or of another type.")


def _binary(tree: Tree) -> bytes:
    try:
        return a2b_base64(tree["B"], strict_mode=True)
    except Base64Error as cause:
        raise ValueError from cause


def associated_data(key: str, attribute: str) -> bytes:
    """What is authenticated beside the value. The attribute stands last, and neither version nor key holds a NUL."""
    return "\0".join((_MARK, VERSION, key, attribute)).encode()


def plaintext_of(tree: Tree) -> bytes:
    """A value as canonical DynamoDB JSON: one text for it. Raises ItemInvalid for a text that is not Unicode."""
    try:
        return _encode(_ordered(tree))
    except UnicodeEncodeError:
        pass  # its message holds the text
    raise ItemInvalid("A text is not valid Unicode; it is not shown, since the attribute is encrypted.")


def tree_of(plaintext: bytes) -> Tree:
    """The value of such a text."""
    return _decode(plaintext)


def _ordered(tree: Tree) -> Tree:
    ((tag, content),) = tree.items()
    if tag in _SETS:
        return {tag: sorted(content)}
    if tag == "L":
        return {tag: [_ordered(member) for member in content]}
    if tag == "M":
        return {tag: {name: _ordered(member) for name, member in content.items()}}
    return tree
