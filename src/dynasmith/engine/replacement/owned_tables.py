"""`OwnedItems` of two tables, by single conditional calls: a write respects whose an item is."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.json import decode

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.errors import ConditionFailed, ServiceUnavailable, Throttled
from dynasmith.items.digest import item_hash
from dynasmith.items.key import KeySchema, canonical_key
from dynasmith.items.value import write_tree
from dynasmith.items.wire import RawItem
from dynasmith.ports.model_items import ModelItems
from dynasmith.ports.owned_items import OwnedPut

TRIES_MAX: Final = 5
"""How often a place is tried that was refused for an item that is not there."""
UNREAD_MAX: Final = 20
"""How often keys are asked for that BatchGetItem leaves unread; the call itself waits between."""


class OwnedTables:
    """Keeps `dynasmith.ports.owned_items.OwnedItems`. ``source`` and ``target`` are physical names."""

    def __init__(self, items: ModelItems, source: str, target: str, mapping: ItemMapping) -> None:
        self._items, self._source, self._target, self._mapping = items, source, target, mapping
        self._places = {name: f"#o{number}" for number, name in enumerate(mapping.owner_names.values())}
        self._owned = " AND ".join(f"{place} = :o{place[2:]}" for place in self._places.values())

    def read_source(self, keys: Sequence[bytes]) -> Mapping[bytes, RawItem]:
        """The items that the source has of these keys, read strongly."""
        return self._read(self._source, keys, self._mapping.source)

    def read_target(self, keys: Sequence[bytes]) -> Mapping[bytes, RawItem]:
        """The items that the target has of these keys, read strongly."""
        return self._read(self._target, keys, self._mapping.target)

    def put(self, item: RawItem, owner: bytes) -> OwnedPut:
        """One PutItem on the condition that its place is free, or the owner's own."""
        names, values = self._condition(owner)
        request = {
            "Item": decode(item),
            "ConditionExpression": f"attribute_not_exists(#k) OR ({self._owned})",
            "ExpressionAttributeNames": {"#k": self._mapping.target.names[0], **names},
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_OLD",
            **_ASKED,
        }
        for _ in range(TRIES_MAX):
            try:
                old = self._items.call("PutItem", self._target, request).get("Attributes")
            except ConditionFailed as failed:
                if (holder := self._holder(failed, item)) is not None:
                    return OwnedPut(holder=holder)
            else:
                return OwnedPut(changed=not old or item_hash(RawItem(write_tree(old))) != item_hash(item))
        raise ServiceUnavailable(
            f"Table {self._target} refuses an item for another one with its key, and has no such item.",
            hint="resume the job",
            operation="PutItem",
        )

    def delete(self, key: bytes, owner: bytes) -> bool:
        """One DeleteItem on the condition that the item is the owner's own."""
        names, values = self._condition(owner)
        request = {
            "Key": decode(key),
            "ConditionExpression": self._owned,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            **_ASKED,
        }
        try:
            self._items.call("DeleteItem", self._target, request)
        except ConditionFailed:
            return False
        return True

    def _condition(self, owner: bytes) -> tuple[dict[str, str], dict[str, Any]]:
        key: dict[str, Any] = decode(owner)
        names = {place: name for name, place in self._places.items()}
        values = {
            f":o{self._places[held][2:]}": key[attribute] for attribute, held in self._mapping.owner_names.items()
        }
        return names, values

    def _holder(self, failed: ConditionFailed, item: RawItem) -> RawItem | None:
        """The item that stands in the way; None where it is gone by now. Some engines do not show it."""
        shown = getattr(failed, "item", None)
        if shown:
            return RawItem(write_tree(shown))
        key = canonical_key(item, self._mapping.target)
        return self.read_target([key]).get(key)

    def _read(self, table: str, keys: Sequence[bytes], schema: KeySchema) -> dict[bytes, RawItem]:
        found: dict[bytes, RawItem] = {}
        for start in range(0, len(keys), 100):
            left: Sequence[bytes] = keys[start : start + 100]
            for _ in range(UNREAD_MAX):
                items, unread = self._items.read_keys(table, [decode(key) for key in left], consistent=True)
                found |= {canonical_key(item, schema): item for item in items}
                left = [left[place] for place in unread]
                if not left:
                    break
            else:
                raise Throttled(f"Table {table} left keys unread {UNREAD_MAX} times.", operation="BatchGetItem")
        return found


_ASKED: Final[Mapping[str, str]] = {
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    "ReturnConsumedCapacity": "TOTAL",
}
