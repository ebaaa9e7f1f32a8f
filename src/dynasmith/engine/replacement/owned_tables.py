"""`OwnedItems` of two tables, by single conditional calls: a write respects whose an item is."""

from typing import Any

from msgspec.json import decode

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.two_tables import ASKED, TRIES_MAX, TwoTables
from dynasmith.errors import ConditionFailed
from dynasmith.items.digest import item_hash
from dynasmith.items.key import canonical_key
from dynasmith.items.value import write_tree
from dynasmith.items.wire import RawItem
from dynasmith.ports.model_items import ModelItems
from dynasmith.ports.owned_items import OwnedPut


class OwnedTables(TwoTables):
    """Keeps `dynasmith.ports.owned_items.OwnedItems` where an item of the target holds the key of its owner."""

    def __init__(self, items: ModelItems, source: str, target: str, mapping: ItemMapping) -> None:
        super().__init__(items, source, target, mapping)
        self._places = {name: f"#o{number}" for number, name in enumerate(mapping.owner_names.values())}
        self._owned = " AND ".join(f"{place} = :o{place[2:]}" for place in self._places.values())

    def put(self, item: RawItem, owner: bytes) -> OwnedPut:
        """One PutItem on the condition that its place is free, or the owner's own."""
        names, values = self._condition(owner)
        request = {
            "Item": decode(item),
            "ConditionExpression": f"attribute_not_exists(#k) OR ({self._owned})",
            "ExpressionAttributeNames": {"#k": self._mapping.target.names[0], **names},
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_OLD",
            **ASKED,
        }
        for _ in range(TRIES_MAX):
            try:
                reply = self._items.call("PutItem", self._target, request)
            except ConditionFailed as failed:
                if (holder := self._holder(failed, item)) is not None:
                    return OwnedPut(holder=holder, changed=failed.sent_again)
            else:
                old, sent_again = reply.get("Attributes"), reply.get("ResponseMetadata", {}).get("RetryAttempts")
                is_new = not old or item_hash(RawItem(write_tree(old))) != item_hash(item)
                return OwnedPut(changed=is_new or bool(sent_again))
        raise self._unsettled()

    def delete(self, key: bytes, owner: bytes) -> bool:
        """One DeleteItem on the condition that the item is the owner's own."""
        names, values = self._condition(owner)
        request = {
            "Key": decode(key),
            "ConditionExpression": self._owned,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            **ASKED,
        }
        try:
            self._items.call("DeleteItem", self._target, request)
        except ConditionFailed as failed:
            return failed.sent_again  # the first time it may have been deleted
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
