"""`KeySet`: the keys of a project, and values encrypted and decrypted with them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from dynasmith.engine.crypto.aes_gcm import AesGcm
from dynasmith.engine.crypto.data_key_cache import DataKeyCache
from dynasmith.engine.crypto.onetable import onetable_cipher, onetable_key_name, onetable_text
from dynasmith.errors import DecryptionFailed, UsageError
from dynasmith.items.encryption_envelope import (
    Envelope,
    associated_data,
    is_envelope,
    plaintext_of,
    read_envelope,
    tree_of,
)
from dynasmith.operations.pseudonym import Pseudonyms
from dynasmith.ports.clock import Clock
from dynasmith.ports.encryption import DataKeys, EncryptionKey, Keys

Tree = dict[str, Any]
#: The name of the key of masking, where a project has several.
MASKING_KEY: Final = "masking"
_NO_KEYS: Final = "name one in [crypto] of the project file, or with --crypto NAME:SOURCE"


class KeySet:
    """Keeps `dynasmith.items.value_cipher.ValueCipher`. Reads no key and calls nothing before the first value.

    ``material_of`` gives the bytes of a key that is not one of KMS; it is asked once for each.
    """

    def __init__(
        self,
        keys: Keys,
        material_of: Callable[[str, EncryptionKey], bytes],
        data_keys: Callable[[], DataKeys],
        clock: Clock,
    ) -> None:
        self._keys, self._material_of = dict(keys), material_of
        self._data_keys = DataKeyCache(data_keys, clock)
        self._lock = threading.Lock()
        self._ciphers: dict[str, AesGcm] = {}

    def __repr__(self) -> str:
        return f"KeySet({', '.join(self._keys)})"

    def encrypt(self, attribute: str, key: str, tree: Tree) -> Tree:
        """The stored value for a value: an envelope. See the protocol."""
        name = self._name(attribute, key)
        found = self._keys[name]
        plaintext, associated = plaintext_of(tree), associated_data(name, attribute)
        if found.kms:
            cipher, wrapped = self._data_keys.for_encryption(name, found.kms)
        else:
            cipher, wrapped = self._cipher(name, found), b""
        nonce, data = cipher.encrypt(plaintext, associated)
        return Envelope(name, nonce, data, wrapped).tree()

    def decrypt(self, attribute: str, stored: Tree) -> Tree | None:
        """The value of a stored value, None where that is not encrypted. See the protocol."""
        if is_envelope(stored):
            return self._opened(attribute, read_envelope(stored))
        text = stored.get("S")
        name = onetable_key_name(text) if isinstance(text, str) else ""
        found = self._keys.get(name)
        if found is None or not found.format:
            return None
        plain = onetable_text(self._cipher(name, found), str(text))
        if plain is None:
            raise _wrong(name)
        return {"S": plain}

    def pseudonyms(self) -> Pseudonyms:
        """What masks values: of the key named ``masking``, else of the first one that this process can have itself.

        Raises UsageError where there is none, ProjectError where it cannot be had.
        """
        usable = {name: key for name, key in self._keys.items() if not (key.kms or key.format)}
        name = MASKING_KEY if MASKING_KEY in self._keys else next(iter(usable), "")
        if name not in usable:
            what = f"The key {name} is one of KMS or a password" if name else "Values are masked, and there is no key"
            raise UsageError(
                f"{what}: masking needs one from a variable or a file.",
                hint=f'write {MASKING_KEY} = {{ variable = "MASKING_KEY" }} in [crypto] of the project file, or '
                f"--crypto {MASKING_KEY}:variable:MASKING_KEY",
            )
        return Pseudonyms(self._material_of(name, self._keys[name]))

    def is_current(self, stored: Tree, key: str) -> bool:
        """Whether a stored value is encrypted with that key. See the protocol."""
        return is_envelope(stored) and read_envelope(stored).key == self._name("", key)

    def _opened(self, attribute: str, envelope: Envelope) -> Tree:
        name = envelope.key
        found = self._keys.get(name)
        if found is None or found.format:
            what = "is a password of OneTable" if found else "is not known here"
            raise DecryptionFailed(
                f"It is encrypted with the key {name}, which {what}.",
                hint=f"name the key {name}: {_NO_KEYS.removeprefix('name one ')}",
                key_name=name,
            )
        if bool(found.kms) is not bool(envelope.wrapped):
            kinds = ("a key of KMS", "a key that is not one of KMS")
            was, now = kinds if envelope.wrapped else kinds[::-1]
            raise DecryptionFailed(
                f"It was encrypted with {was} named {name}, and {name} is {now}.",
                hint="a new key needs a new name",
                key_name=name,
            )
        cipher: AesGcm | None
        if found.kms:
            cipher = self._data_keys.for_decryption(name, found.kms, envelope.wrapped)
        else:
            cipher = self._cipher(name, found)
        associated = associated_data(name, attribute)
        plaintext = None if cipher is None else cipher.decrypt(envelope.nonce, envelope.data, associated)
        if plaintext is None:
            raise _wrong(name)
        return tree_of(plaintext)

    def _name(self, attribute: str, key: str) -> str:
        """The key that encrypts: the one that is named, or the first."""
        if key in self._keys:
            if self._keys[key].format:
                raise UsageError(
                    f"The key {key} is a password of OneTable, which only decrypts.", hint="encrypt with another key"
                )
            return key
        first = next((name for name, each in self._keys.items() if not each.format), "")
        if key or not first:
            what = f"{attribute} is encrypted" if attribute else "Something is encrypted"
            raise UsageError(
                f"{what} with the key {key}, which is not known here." if key else f"{what}, and there is no key.",
                hint=_NO_KEYS,
            )
        return first

    def _cipher(self, name: str, key: EncryptionKey) -> AesGcm:
        cipher = self._ciphers.get(name)
        if cipher is None:
            with self._lock:
                material = self._material_of(name, key)
                cipher = self._ciphers[name] = onetable_cipher(material) if key.format else AesGcm(material)
        return cipher


def _wrong(name: str) -> DecryptionFailed:
    return DecryptionFailed(
        f"The key {name} does not decrypt it: it was encrypted with another key of that name or as another attribute, "
        "or it was changed since.",
        hint="a new key needs a new name, and the old one is kept until every item is encrypted again",
        key_name=name,
    )
