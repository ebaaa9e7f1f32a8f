"""Where values of encrypted attributes are encrypted on their way out, and decrypted on their way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.errors import DecryptionFailed
from dynasmith.items.value import TAGS
from dynasmith.items.value_cipher import ValueCipher
from dynasmith.items.wire import RawItem
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.sealed_value import SEALED, SealedValue
from dynasmith.ports.model_items import ItemsPage, ModelItems

_TAGS = frozenset(TAGS)


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

    def _encrypted(self, part: Any) -> Any:
        if isinstance(part, Mapping):
            if SEALED in part:
                sealed: SealedValue = part[SEALED]
                return self._cipher.encrypt(sealed.attribute, sealed.key, sealed.tree)
            if len(part) == 1 and not _TAGS.isdisjoint(part):  # a value of DynamoDB: whole attributes are encrypted
                return part
            return {name: self._encrypted(inner) for name, inner in part.items()}
        if isinstance(part, list | tuple):
            return [self._encrypted(inner) for inner in part]
        return part


def opened_item(cipher: ValueCipher, codec: ItemCodec, tree: dict[str, Any]) -> dict[str, Any]:
    """An item as its class reads it: with each encrypted value decrypted. Raises DecryptionFailed for all of it."""
    opened = dict(tree)
    for field in codec.schema.encrypted:
        attribute = field.attribute
        stored = tree.get(attribute)
        if stored is None or SEALED in stored:
            continue
        try:
            value = cipher.decrypt(attribute, stored)
        except DecryptionFailed as cause:
            raise _named(cause, codec, tree, attribute) from cause
        if value is not None:
            opened[attribute] = {SEALED: SealedValue(attribute, field.options.key_name, value)}
    return opened


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
