"""The form of dynamodb-onetable (``crypt: true``), which is read and never written: ``name:tag:iv:ciphertext``.

The tag (16 bytes) and the ciphertext are base64, the iv (16 bytes) is hex; the cipher is aes-256-gcm, its key the
SHA-256 of the password in UTF-8. The name is that of the entry in ``crypto`` of OneTable. Nothing else is
authenticated: that a value was moved from one attribute to another is not seen. Source: ``Table.js`` of version 2.7.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from hashlib import sha256
from typing import Final

from dynasmith.engine.crypto.aes_gcm import AesGcm

_FORM: Final = re.compile(r"([^:]+):([A-Za-z0-9+/=]+):([0-9a-f]{32}):([A-Za-z0-9+/=]+)\Z")


def onetable_key_name(text: str) -> str:
    """The name of the key that a text of OneTable was encrypted with; empty where it is not of that form."""
    found = _FORM.match(text)
    return found[1] if found else ""


def onetable_cipher(password: bytes) -> AesGcm:
    """The cipher of a password."""
    return AesGcm(sha256(password).digest())


def onetable_text(cipher: AesGcm, text: str) -> str | None:
    """The text that was encrypted; None where the password is another, or the text was changed."""
    found = _FORM.match(text)
    assert found is not None
    try:
        tag, data = (a2b_base64(found[place], strict_mode=True) for place in (2, 4))
    except Base64Error:
        return None
    plaintext = cipher.decrypt(bytes.fromhex(found[3]), data + tag, b"") if len(tag) == 16 else None
    try:
        return None if plaintext is None else plaintext.decode()
    except UnicodeDecodeError:
        return None
