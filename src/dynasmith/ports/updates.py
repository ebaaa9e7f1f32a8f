"""Conditional changes of items in place: what one is, as a value and as bytes, and the port that writes them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Literal, Protocol, TypeAlias

import msgspec
from msgspec import Raw, Struct

from dynasmith.items.transform import Rewrite
from dynasmith.items.value import decode_value, same_value, write_tree
from dynasmith.items.wire import RawItem, Units, attributes
from dynasmith.ports.items import ThrottleListener

ChangeKind: TypeAlias = Literal["update", "delete", "create"]


class ItemChange(Struct, frozen=True, omit_defaults=True):
    """One item before, and what is written: attributes to assign (wire values) and to remove.

    It holds only while the attributes named in ``expected`` are as they stand in ``before`` (or absent, where they are
    absent there). Its bytes are what the flow carries and the undo journal keeps, so an item needs one encoding only.

    A ``delete`` removes the item ``before``; a ``create`` is its inverse: it puts ``before`` where no item has its key.
    """

    before: Raw = msgspec.field(name="b")
    assigned: dict[str, Raw] = msgspec.field(name="s", default_factory=dict)
    removed: tuple[str, ...] = msgspec.field(name="r", default=())
    expected: tuple[str, ...] = msgspec.field(name="e", default=())
    #: Of an undo: the other attributes that are not as the backfill left them. Nothing is done to them.
    others: tuple[str, ...] = msgspec.field(name="o", default=())
    kind: ChangeKind = msgspec.field(name="k", default="update")

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that are written or removed: of a whole item all of them."""
        if self.kind != "update":
            return tuple(attributes(self.before))
        return (*self.assigned, *self.removed)

    @property
    def after(self) -> RawItem:
        """The item as it shall be; without any attribute where it is deleted."""
        if self.kind != "update":
            return RawItem(b"{}" if self.kind == "delete" else bytes(self.before))
        tree: dict[str, Raw] = {**attributes(self.before), **self.assigned}
        for name in self.removed:
            tree.pop(name, None)
        return RawItem(write_tree(tree))

    def inverse(self) -> "ItemChange":
        """What takes the item back: the same attributes as before, while they are as this change left them; a deleted
        item, while no other has its key; one that was put goes, while it is as it was put."""
        if self.kind != "update":
            return ItemChange(before=self.before, kind="create") if self.kind == "delete" else deletion_of(self.before)
        before, names = attributes(self.before), self.names
        return ItemChange(
            before=self.after,
            assigned={name: before[name] for name in names if name in before},
            removed=tuple(name for name in names if name not in before),
            expected=names,
        )


encode_change: Final = msgspec.json.Encoder().encode
decode_change: Final = msgspec.json.Decoder(ItemChange).decode


def change_of(rewrite: Rewrite) -> ItemChange:
    """A transform's rewrite as a change."""
    assigned = {name: Raw(wire) for name, wire in rewrite.assigned.items()}
    return ItemChange(rewrite.before, assigned, rewrite.removed, tuple(sorted(rewrite.expected)))


EXPECTED_NAMES_MAX: Final = 100
"""Attributes that the condition of a deletion names: an expression has at most 300 operators."""


def deletion_of(item: RawItem | Raw | bytes, names: Sequence[str] = ()) -> ItemChange:
    """The deletion of an item, while it is as it was read; of one with very many attributes, while those of ``names``
    are, which decided about it."""
    found = attributes(bytes(item))
    expected = (
        tuple(names) if len(found) > EXPECTED_NAMES_MAX else (*found, *(each for each in names if each not in found))
    )
    return ItemChange(before=Raw(bytes(item)), expected=expected, kind="delete")


def stands(change: ItemChange, item: RawItem | bytes) -> bool:
    """Whether the attributes that ``change`` writes are in ``item`` as it leaves them, whatever the others are."""
    if change.kind != "update":
        return change.kind == "create" and same_item(change.before, item)
    parts = attributes(item)
    return all(name not in parts for name in change.removed) and same_attributes(change.assigned, parts)


def still_expected(change: ItemChange, item: RawItem | bytes) -> bool:
    """Whether ``item`` is, in the attributes that ``change`` expects, as it expects them."""
    if change.kind == "create":
        return False
    parts, before = attributes(item), attributes(change.before)
    wanted = {name: before[name] for name in change.expected if name in before}
    return all(name in wanted or name not in parts for name in change.expected) and same_attributes(wanted, parts)


def same_item(one: RawItem | Raw | bytes, other: RawItem | Raw | bytes) -> bool:
    """Whether two items have the same attributes with the same values, however these are spelt."""
    if bytes(one) == bytes(other):
        return True
    parts, others = attributes(bytes(one)), attributes(bytes(other))
    return parts.keys() == others.keys() and same_attributes(parts, others)


def same_attributes(wanted: Mapping[str, Raw], parts: Mapping[str, Raw]) -> bool:
    """Whether ``parts`` has every attribute of ``wanted`` with the same value, however it is spelt."""
    for name, wire in wanted.items():
        found = parts.get(name)
        if found is None:
            return False
        if bytes(found) != bytes(wire) and not same_value(decode_value(found), decode_value(wire)):
            return False
    return True


class UpdateAnswer(Struct, frozen=True, kw_only=True):
    """What became of one change.

    ``done``: written and acknowledged; ``current`` is then the item that was deleted, where it was another than the
    change says. ``conflict``: not written, because the item is ``current`` now (None: there is
    none); where ``uncertain``, a reply was lost before, so the change may have been written and changed again.
    ``refused``: the service will never take it; ``code`` and ``reason`` say why, nothing was written. ``unsent``: the
    run stopped before it was sent; where ``uncertain``, before it was sent again, so it may have been written.
    """

    kind: Literal["done", "conflict", "refused", "unsent"]
    current: bytes | None = None
    uncertain: bool = False
    code: str = ""
    reason: str = ""


DONE: Final = UpdateAnswer(kind="done")


class SentChanges(Struct, frozen=True, kw_only=True):
    """The answers of some changes, in their order; units and repeated requests of all."""

    answers: Sequence[UpdateAnswer]
    units: Units = Units()
    retried: int = 0


class Updates(Protocol):
    """Writes changes to one table. Throttles and stumbles are waited out; every other error is a DynasmithError."""

    async def send(self, changes: Sequence[ItemChange]) -> SentChanges:
        """Write up to ``batch_items`` changes of distinct keys; each has its answer when this returns.

        Raises LeaseLost.
        """
        ...

    @property
    def batch_items(self) -> int:
        """Changes that one ``send`` takes at most."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


OpenUpdates: TypeAlias = Callable[[ThrottleListener], Awaitable[Updates]]
"""Opens updates of a table on the running loop."""
