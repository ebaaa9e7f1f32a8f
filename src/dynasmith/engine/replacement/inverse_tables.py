"""`OwnedItems` on the way back: an item of the old table is read, and written on the condition that it is as it was."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Final, TypeVar

from msgspec.json import decode

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.two_tables import ASKED, TRIES_MAX, TwoTables
from dynasmith.errors import ConditionFailed
from dynasmith.items.key import canonical_key
from dynasmith.items.wire import RawItem
from dynasmith.ports.model_items import ModelItems
from dynasmith.ports.owned_items import OwnedPut

_Outcome = TypeVar("_Outcome")
LOCKS: Final = 64
CONDITIONS_MAX: Final = 100
"""Attributes that a condition compares; an expression may have 300 operators and 4 KB (Developer Guide, "Constraints
in Amazon DynamoDB", expressions). The writers of the table are kept out beside."""


class InverseTables(TwoTables):
    """Keeps `dynasmith.ports.owned_items.OwnedItems` where what an item is made into says whose it is: each write costs
    a strong read before it. Two writes of one place never overlap."""

    def __init__(self, items: ModelItems, source: str, target: str, mapping: ItemMapping) -> None:
        super().__init__(items, source, target, mapping)
        self._locks = [Lock() for _ in range(LOCKS)]

    def put(self, item: RawItem, owner: bytes) -> OwnedPut:
        """A read and a PutItem; no write where the item is as good as this one already."""
        place = canonical_key(item, self._mapping.target)

        def write(standing: RawItem | None, sent: bool) -> OwnedPut:
            if standing is not None and self._mapping.owner(standing) != owner:
                return OwnedPut(holder=standing, changed=sent)
            if standing is not None and self._mapping.same(standing, item):
                return OwnedPut(changed=sent)
            request = {"Item": decode(item), **self._unchanged(place, standing), **ASKED}
            self._items.call("PutItem", self._target, request)
            return OwnedPut(changed=True)

        return self._settled(place, write)

    def delete(self, key: bytes, owner: bytes) -> bool:
        """A read, and a DeleteItem where the item is the owner's."""

        def write(standing: RawItem | None, sent: bool) -> bool:
            if standing is None or self._mapping.owner(standing) != owner:
                return sent
            request = {"Key": decode(key), **self._unchanged(key, standing), **ASKED}
            self._items.call("DeleteItem", self._target, request)
            return True

        return self._settled(key, write)

    def _settled(self, place: bytes, write: Callable[[RawItem | None, bool], _Outcome]) -> _Outcome:
        """Read a place and write, again where it changed between: perhaps by a call whose reply was lost, which
        ``write`` is told."""
        sent = False
        with self._locks[hash(place) % LOCKS]:
            for _ in range(TRIES_MAX):
                try:
                    return write(self.read_target([place]).get(place), sent)
                except ConditionFailed as failed:
                    sent |= failed.sent_again
        raise self._unsettled()

    def _unchanged(self, place: bytes, standing: RawItem | None) -> Mapping[str, Any]:
        """The condition that a place is as it was read."""
        key = next(iter(decode(place)))
        if standing is None:
            return {"ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": {"#k": key}}
        return unchanged(decode(standing))


def unchanged(item: Mapping[str, Any]) -> dict[str, Any]:
    """The condition that an item has these attributes still, up to 100 of them; ``item`` is DynamoDB JSON."""
    some = sorted(item)[:CONDITIONS_MAX]
    return {
        "ConditionExpression": " AND ".join(f"#u{number} = :u{number}" for number in range(len(some))),
        "ExpressionAttributeNames": {f"#u{number}": name for number, name in enumerate(some)},
        "ExpressionAttributeValues": {f":u{number}": item[name] for number, name in enumerate(some)},
    }
