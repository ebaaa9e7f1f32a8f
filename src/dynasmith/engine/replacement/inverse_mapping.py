"""The way back: what the old table must hold of an item of the new one, and whose an item of the old table is."""

from dynasmith.engine.replacement.item_mapping import ItemMapping, shown_key
from dynasmith.errors import ItemInvalid
from dynasmith.items.transform import ItemRefused, Transform
from dynasmith.items.wire import RawItem


class InverseMapping(ItemMapping):
    """From the new table to the old one, by the inverse of a transform.

    Items of the old table hold no key of the new one, and need not: whose one is, is what ``forward`` makes of it. So
    an item of the old table is as good as another one where what ``forward`` makes of it leads back to that one, and
    what the new table never held of an item stays where it is.
    """

    def __init__(self, forward: ItemMapping, transform: Transform | None) -> None:
        super().__init__(forward.target, forward.source, transform)
        self._forward = forward

    def owner(self, item: RawItem) -> bytes | None:
        """The key that the item of the new table has that is made of this one; None where none is, or several."""
        made = self._made_forward(item)
        return next(iter(made)) if made is not None and len(made) == 1 else None

    def items(self, raw: RawItem) -> dict[bytes, RawItem]:
        """See `ItemMapping`. It is one item; where this one holds the key of which it was made, the one of that key."""
        made = super().items(raw)
        if len(made) != 1:
            raise self._not_own(raw)
        if (origin := self._forward.owner(raw)) is not None and origin not in made:
            raise ItemRefused(
                f"What --reverse makes of item {self.shown(raw)} is not {shown_key(origin, self.target)}, of which it "
                "was made.",
                hint="let it undo what the transform does to the key",
            )
        return made

    def same(self, one: RawItem, other: RawItem) -> bool:
        """Whether ``one``, which stands in the old table, need not become ``other``, which is made of an item of the
        new one: what is made of ``one`` leads back to ``other``."""
        if super().same(one, other):
            return True
        made = self._made_forward(one)
        if made is None or len(made) != 1:
            return False
        try:
            back = self._made(*made.values())
        except (ItemRefused, ItemInvalid):
            return False
        return len(back) == 1 and super().same(back[0], other)

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
