"""Strong reads of the two tables of a replacement, by key."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.json import decode

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.errors import ServiceUnavailable, Throttled
from dynasmith.items.key import KeySchema, canonical_key
from dynasmith.items.wire import RawItem
from dynasmith.ports.model_items import ModelItems

TRIES_MAX: Final = 5
"""How often a place is tried that was refused for an item that is not there, or that changed meanwhile."""
UNREAD_MAX: Final = 20
"""How often keys are asked for that BatchGetItem leaves unread; the call itself waits between."""
ASKED: Final[Mapping[str, str]] = {
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    "ReturnConsumedCapacity": "TOTAL",
}


class TwoTables:
    """The reads of `dynasmith.ports.owned_items.OwnedItems`. ``source`` and ``target`` are physical names."""

    def __init__(self, items: ModelItems, source: str, target: str, mapping: ItemMapping) -> None:
        self._items, self._source, self._target, self._mapping = items, source, target, mapping

    def read_source(self, keys: Sequence[bytes]) -> Mapping[bytes, RawItem]:
        """The items that the source has of these keys, read strongly."""
        return self._read(self._source, keys, self._mapping.source)

    def read_target(self, keys: Sequence[bytes]) -> Mapping[bytes, RawItem]:
        """The items that the target has of these keys, read strongly."""
        return self._read(self._target, keys, self._mapping.target)

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

    def _unsettled(self) -> ServiceUnavailable:
        return ServiceUnavailable(
            f"Table {self._target} refuses a write for an item that it does not have.",
            hint="resume the job",
            operation="PutItem",
        )
