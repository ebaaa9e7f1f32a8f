"""The way back: what the old table must hold of an item of the new one, and whose an item of the old table is."""

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.errors import ItemInvalid
from dynasmith.items.digest import item_hash
from dynasmith.items.transform import ItemRefused, Transform
from dynasmith.items.wire import RawItem


class InverseMapping(ItemMapping):
    """From the new table to the old one, by the inverse of a transform.

    Items of the old table hold no key of the new one, and need not: whose one is, is what ``forward`` makes of it. So
    two items of the old table are the same where ``forward`` makes the same of both, and what the new table never held
    of an item stays where it is.
    """

    def __init__(self, forward: ItemMapping, transform: Transform | None) -> None:
        super().__init__(forward.target, forward.source, transform)
        self._forward = forward

    def owner(self, item: RawItem) -> bytes | None:
        """The key that the item of the new table has that is made of this one; None where none is, or several."""
        made = self._made_forward(item)
        return next(iter(made)) if made is not None and len(made) == 1 else None

    def same(self, one: RawItem, other: RawItem) -> bool:
        """Whether the new table cannot tell two items of the old one apart."""
        if super().same(one, other):
            return True
        made, others = self._made_forward(one), self._made_forward(other)
        return (
            made is not None
            and others is not None
            and {key: item_hash(each) for key, each in made.items()}
            == {key: item_hash(each) for key, each in others.items()}
        )

    def _made_forward(self, item: RawItem) -> dict[bytes, RawItem] | None:
        try:
            return self._forward.items(item)
        except (ItemRefused, ItemInvalid):
            return None

    def _not_own(self, raw: RawItem) -> ItemRefused:
        return ItemRefused(
            f"What --reverse makes of item {self.shown(raw)} does not lead back to that item.",
            hint="the transform, called with it, must make one item with the key that it had",
        )
