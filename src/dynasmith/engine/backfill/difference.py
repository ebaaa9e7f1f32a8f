"""One changed item as a person wants to see it: its key, and the attributes that differ, before and after."""

import msgspec
from msgspec import Struct

from dynasmith.errors import ItemInvalid
from dynasmith.items.key import KeySchema, format_key, key_of
from dynasmith.items.plain import plain_from_raw
from dynasmith.items.transform import Rewrite
from dynasmith.items.wire import RawItem, attributes

SHOWN_CHARACTERS_MAX = 120


class ItemDifference(Struct, frozen=True):
    """What changes of one item: attributes as JSON text. ``untouched`` counts the others, key attributes included."""

    key: str
    removed: dict[str, str]
    added: dict[str, str]
    untouched: int

    @property
    def lines(self) -> list[str]:
        """It as a diff: ``- name = "x"`` and ``+ full_name = "x"``, names in order."""
        lines = []
        for name in sorted({*self.removed, *self.added}):
            lines += [f"- {name} = {self.removed[name]}"] if name in self.removed else []
            lines += [f"+ {name} = {self.added[name]}"] if name in self.added else []
        return lines


def difference(rewrite: Rewrite, key: KeySchema) -> ItemDifference:
    """What a rewrite changes of its item, as plain JSON where it has such a form."""
    before = attributes(rewrite.before)
    changed = (*rewrite.assigned, *rewrite.removed)
    return ItemDifference(
        key=format_key(key_of(rewrite.before, key), key),
        removed={name: _text(name, bytes(before[name])) for name in changed if name in before},
        added={name: _text(name, wire) for name, wire in rewrite.assigned.items()},
        untouched=sum(1 for name in before if name not in changed),
    )


def _text(name: str, wire: bytes) -> str:
    try:
        plain: dict[str, msgspec.Raw] = msgspec.json.decode(
            plain_from_raw(RawItem(msgspec.json.encode({name: msgspec.Raw(wire)}))), type=dict[str, msgspec.Raw]
        )
        text = bytes(plain[name]).decode()
    except ItemInvalid:
        text = wire.decode("utf-8", "replace")
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[: SHOWN_CHARACTERS_MAX - 3] + "..."
