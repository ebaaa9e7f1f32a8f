"""What the target of a replacement must hold of one item of its source, and whose an item of the target is."""

from collections.abc import Mapping

from dynasmith.errors import ItemInvalid
from dynasmith.items.digest import item_hash
from dynasmith.items.key import KeyPart, KeySchema, canonical_key, encode_key, format_key, key_of
from dynasmith.items.transform import ItemRefused, ItemSkipped, Transform
from dynasmith.items.wire import RawItem


class ItemMapping:
    """The transform of a replacement, between two keys.

    ``owners`` names, for a key attribute of the source, the attribute of the target's items that holds its value, where
    that has another name. An item of the target belongs to the source key that it holds there. The transform gives the
    same items for the same image, always: that is how an image of the stream tells what was made of it.
    """

    def __init__(
        self,
        source: KeySchema,
        target: KeySchema,
        transform: Transform | None = None,
        owners: Mapping[str, str] | None = None,
    ) -> None:
        self.source, self.target, self.transform = source, target, transform
        renamed = owners or {}
        self.owner_names = {part.name: renamed.get(part.name, part.name) for part in source.parts}
        self._owner = KeySchema(_renamed(source.partition, renamed), _renamed(source.sort, renamed))

    def items(self, raw: RawItem) -> dict[bytes, RawItem]:
        """What the target must hold of an item, by key. Raises ItemRefused where the transform fails, makes an item
        that is not the source key's own, or makes two different items of one key."""
        owner = canonical_key(raw, self.source)
        made: dict[bytes, RawItem] = {}
        for item in self._made(raw):
            if self.owner(item) != owner:
                raise self._not_own(raw)
            key = canonical_key(item, self.target)
            if item_hash(made.setdefault(key, item)) != item_hash(item):
                raise ItemRefused(f"The transform makes two items of one key of item {self.shown(raw)}.")
        return made

    def _not_own(self, raw: RawItem) -> ItemRefused:
        return ItemRefused(
            f"What the transform makes of item {self.shown(raw)} does not hold the key of that item.",
            hint=f"keep {', '.join(self.source.names)} as it is, or name the attribute that holds it: "
            f"--source-key {self.source.names[0]}=ATTRIBUTE",
        )

    def same(self, one: RawItem, other: RawItem) -> bool:
        """Whether ``one``, which stands in the target, needs no write to become ``other``."""
        return bytes(one) == bytes(other) or item_hash(one) == item_hash(other)

    def keys(self, image: RawItem | None) -> frozenset[bytes]:
        """The keys that an image of the source may have in the target: none where there is no image. A transform that
        fails on an image made nothing of it."""
        if image is None:
            return frozenset()
        try:
            return frozenset(canonical_key(item, self.target) for item in self._made(image))
        except (ItemRefused, ItemInvalid):
            return frozenset()

    def owner(self, item: RawItem) -> bytes | None:
        """The source key that an item of the target holds; None where it holds none."""
        try:
            key = key_of(item, self._owner)
        except ItemInvalid:
            return None
        return canonical_key(encode_key(key, self.source), self.source)

    def shown(self, raw: RawItem) -> str:
        """The key of an item of the source, for people."""
        return shown_key(canonical_key(raw, self.source), self.source)

    def _made(self, raw: RawItem) -> list[RawItem]:
        if self.transform is None:
            return [raw]
        try:
            return self.transform.copy(raw)
        except ItemSkipped:
            return []


def shown_key(key: bytes, schema: KeySchema) -> str:
    """A canonical key, for people."""
    return format_key(key_of(key, schema), schema)


def _renamed(parts: tuple[KeyPart, ...], names: Mapping[str, str]) -> tuple[KeyPart, ...]:
    return tuple(KeyPart(names.get(part.name, part.name), part.type) for part in parts)
