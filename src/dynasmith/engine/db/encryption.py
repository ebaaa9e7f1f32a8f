"""Where values of encrypted attributes are encrypted on their way out, and decrypted on their way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynasmith.errors import DecryptionFailed
from dynasmith.items.encryption_envelope import is_envelope, read_envelope
from dynasmith.items.value_cipher import ValueCipher
from dynasmith.items.wire import RawItem
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.sealed_value import SEALED, SealedValue
from dynasmith.models.upgrades import SHAPE_ATTRIBUTE
from dynasmith.ports.model_items import ItemsPage, ModelItems

_VALUES: Final = frozenset({"Item", "ExpressionAttributeValues"})
"""The members of a request, and of its parts, that hold values of attributes."""
_PLAIN: Final = frozenset({"Key", "ExpressionAttributeNames", "ExclusiveStartKey"})
"""Those that are never encrypted."""


class EncryptingItems:
    """Keeps `dynasmith.ports.model_items.ModelItems`: encrypts every `SealedValue` in a request, whatever the request.

    Replies are passed on as they are: `opened_item` needs the class.
    """

    def __init__(self, items: ModelItems, cipher: ValueCipher) -> None:
        self._items, self._cipher = items, cipher

    def call(self, operation: str, table: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """One call."""
        return self._items.call(operation, table, self._encrypted(request))

    def page(self, operation: str, table: str, request: Mapping[str, Any]) -> ItemsPage:
        """One page. No condition compares an encrypted value, so there is none in it."""
        return self._items.page(operation, table, request)

    def query_all(
        self, table: str, requests: Sequence[Mapping[str, Any]], *, queries_at_once: int, items_max: int | None = None
    ) -> list[list[RawItem]]:
        """Several queries. As in a page, there is nothing to encrypt."""
        return self._items.query_all(table, requests, queries_at_once=queries_at_once, items_max=items_max)

    def read_keys(
        self, table: str, keys: Sequence[Mapping[str, Any]], *, consistent: bool
    ) -> tuple[Sequence[RawItem], list[int]]:
        """Items by their keys, which are never encrypted."""
        return self._items.read_keys(table, keys, consistent=consistent)

    def _encrypted(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The request with ciphertext; itself where it has nothing to encrypt. Whole attributes are encrypted, so only
        these are looked at."""
        made: dict[str, Any] = {}
        changed: Any
        for name, part in request.items():
            if isinstance(part, Mapping):
                changed = self._values(part) if name in _VALUES else part if name in _PLAIN else self._encrypted(part)
            elif isinstance(part, list | tuple):
                changed = [self._encrypted(each) if isinstance(each, Mapping) else each for each in part]
            else:
                continue
            if changed is not part:
                made[name] = changed
        return {**request, **made} if made else request

    def _values(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        sealed = {name: value[SEALED] for name, value in values.items() if SEALED in value}
        if not sealed:
            return values
        encrypt = self._cipher.encrypt
        return {**values, **{name: encrypt(each.attribute, each.key, each.tree) for name, each in sealed.items()}}


def may_be_encrypted(codec: ItemCodec) -> bool:
    """Whether items of a class may hold ciphertext that it reads: by itself, or by an upgrade of an older shape."""
    return bool(codec.schema.encrypted) or codec.schema.shape.number > 1


def opened_item(cipher: ValueCipher, codec: ItemCodec, tree: dict[str, Any]) -> dict[str, Any]:
    """An item as its class reads it: with each encrypted value decrypted. Raises DecryptionFailed for all of it."""
    opened = dict(tree)
    for attribute, key in _encrypted(codec, tree).items():
        stored = tree.get(attribute)
        if stored is None or SEALED in stored:
            continue
        try:
            value = cipher.decrypt(attribute, stored)
        except DecryptionFailed as cause:
            raise _named(cause, codec, tree, attribute) from cause
        if value is not None:
            opened[attribute] = {SEALED: SealedValue(attribute, key, value)}
    return opened


def _encrypted(codec: ItemCodec, tree: dict[str, Any]) -> dict[str, str]:
    """The attributes that are decrypted, with the names of the keys that encrypt them.

    Of an item of an older shape these are also those that the class has no more: an upgrade sees values.
    """
    schema = codec.schema
    keys = {field.attribute: field.options.key_name for field in schema.encrypted}
    if schema.shape.number > 1 and tree.get(SHAPE_ATTRIBUTE) != schema.shape.stored:
        others = {name: stored for name, stored in tree.items() if name not in keys and is_envelope(stored)}
        keys |= {name: read_envelope(stored).key for name, stored in others.items()}
    return keys


def _named(cause: DecryptionFailed, codec: ItemCodec, tree: dict[str, Any], attribute: str) -> DecryptionFailed:
    name, key = codec.schema.name, codec.describe_key(tree)
    shown = ", ".join(f"{part}={value!r}" for part, value in key.items())
    return DecryptionFailed(
        f"{name} ({shown}), {attribute}: {cause.message}",
        hint=cause.hint,
        model=name,
        key=key,
        attribute=attribute,
        key_name=cause.key_name,
    )
