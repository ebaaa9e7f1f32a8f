"""Writes of others to the table that is not in use any more: a fence that did not hold, an application that read the
pointer long ago.

The item of the table in use may have changed meanwhile, and a write that was acknowledged there must not be lost. So a
late write comes over only where that item is what the late write changed; otherwise it is a conflict, which is shown.
What it changed alone is written, each attribute on the condition that it is as it was.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.json import decode
from msgspec.structs import replace

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.marks import BY_LATE, ReadRecords, marks_of
from dynasmith.engine.replacement.own_writes import OwnWrites
from dynasmith.errors import ConditionFailed, ItemInvalid, ValidationRefused
from dynasmith.items.digest import tree_hash
from dynasmith.items.key import canonical_key
from dynasmith.items.transform import ItemRefused
from dynasmith.items.wire import RawItem
from dynasmith.ports.model_items import ModelItems
from dynasmith.ports.owned_items import OwnedItems
from dynasmith.ports.streams import ChangeRecord

ATTRIBUTES_MAX: Final = 100
"""Attributes that one update changes; an expression may have 4 KB (Developer Guide, "Constraints")."""


class LateWrites:
    """Reads the stream of the table that is not in use. ``mapping`` leads from it to ``table``, which is, and ``read``
    reads items of that strongly. Records of our ``own`` writes are left out. Costs a read and a write for each record
    of others. Raises what a call raises."""

    def __init__(self, mapping: ItemMapping, own: OwnWrites, tables: OwnedItems, items: ModelItems, table: str) -> None:
        self._mapping, self._own, self._tables = mapping, own, tables
        self._items, self._table = items, table

    def read(self, records: Sequence[ChangeRecord]) -> ReadRecords:
        """Bring over what can be; a mark for each key that is a conflict."""
        self._own.forget_unkept()
        own, marks = [], []
        for record in records:
            digest = self._own.match(record, canonical_key(record.keys, self._mapping.source))
            if digest is not None:
                self._own.read(digest)
                own.append(digest)
            elif not record.expired and not self._comes_over(record):
                marks += [replace(mark, by=BY_LATE) for mark in marks_of([record], self._mapping)]
        return ReadRecords(marks, own)

    def _comes_over(self, record: ChangeRecord) -> bool:
        """Whether the table in use has it now. Done again it is so already."""
        if not record.whole:
            return False
        try:
            before = {} if record.old is None else self._mapping.items(record.old)
            after = {} if record.new is None else self._mapping.items(record.new)
        except (ItemRefused, ItemInvalid):
            return False
        places = [*before.keys(), *(after.keys() - before.keys())]
        standing = self._tables.read_target(places) if places else {}
        if all(self._is_so(standing.get(place), after.get(place)) for place in places):
            return True
        if before.keys() - after.keys():
            return False  # a deletion has no condition that says: nothing came since
        try:
            for place, item in after.items():
                self._write(standing.get(place), before.get(place), item)
        except (_Changed, ValidationRefused):
            return False
        except ConditionFailed as failed:
            standing = self._tables.read_target(places)  # the reply of the write may have been lost
            return failed.sent_again and all(self._is_so(standing.get(place), after[place]) for place in places)
        return True

    def _is_so(self, standing: RawItem | None, item: RawItem | None) -> bool:
        return standing is item if standing is None or item is None else self._mapping.same(standing, item)

    def _write(self, standing: RawItem | None, before: RawItem | None, item: RawItem) -> None:
        if self._is_so(standing, item):
            return
        if not self._is_so(standing, before):
            raise _Changed
        tree: dict[str, Any] = decode(item)
        key = {name: tree[name] for name in self._mapping.target.names}
        asked = {"ReturnConsumedCapacity": "TOTAL"}
        if before is None:
            names = {"#k": next(iter(key))}
            condition = {"ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": names}
            self._items.call("PutItem", self._table, {"Item": tree, **condition, **asked})
            return
        self._items.call("UpdateItem", self._table, {"Key": key, **changed(decode(before), tree, key), **asked})


class _Changed(Exception):
    """The item of the table in use is another one than a late write changed."""


def changed(before: Mapping[str, Any], after: Mapping[str, Any], key: Mapping[str, Any]) -> dict[str, Any]:
    """The update from one item to another, on the condition that what it changes is as it was; both are DynamoDB JSON.
    Raises where they differ in more than 100 attributes."""
    several = [name for name in sorted({*before, *after}) if name not in key and _differs(name, before, after)]
    if len(several) > ATTRIBUTES_MAX:
        raise _Changed
    names, values = {"#k": next(iter(key))}, {}
    sets, removes, conditions = [], [], ["attribute_exists(#k)"]
    for number, name in enumerate(several):
        names[f"#c{number}"] = name
        if name in after:
            values[f":n{number}"] = after[name]
            sets.append(f"#c{number} = :n{number}")
        else:
            removes.append(f"#c{number}")
        if name in before:
            values[f":o{number}"] = before[name]
            conditions.append(f"#c{number} = :o{number}")
        else:
            conditions.append(f"attribute_not_exists(#c{number})")
    parts = [f"{word} {', '.join(each)}" for word, each in (("SET", sets), ("REMOVE", removes)) if each]
    return {
        "UpdateExpression": " ".join(parts),
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names,
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def _differs(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if name not in one or name not in other:
        return True
    return tree_hash({name: one[name]}) != tree_hash({name: other[name]})
