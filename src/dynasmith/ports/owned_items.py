"""Single items of the two tables of a replacement, as its drain needs them: strong reads, and writes that respect whose
an item of the target is."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from dynasmith.items.wire import RawItem


class OwnedPut(Struct, frozen=True, kw_only=True):
    """What became of a put. ``holder`` is the item that stands there and is another one's: nothing was written then.
    ``changed`` says whether the table was changed by it, or perhaps was by a call whose reply was lost."""

    holder: RawItem | None = None
    changed: bool = False


class OwnedItems(Protocol):
    """Keys are canonical: ``dynasmith.items.key.canonical_key``. An owner is the key of an item of the source, which
    each item of the target holds. Safe to use from several threads. Every error is a `dynasmith.errors.DynasmithError`.
    """

    def read_source(self, keys: Sequence[bytes]) -> Mapping[bytes, RawItem]:
        """The items that the source has of these keys, by key, read strongly."""
        ...

    def read_target(self, keys: Sequence[bytes]) -> Mapping[bytes, RawItem]:
        """The items that the target has of these keys, by key, read strongly."""
        ...

    def put(self, item: RawItem, owner: bytes) -> OwnedPut:
        """Put an item into the target where its key is free, or an item of ``owner`` stands."""
        ...

    def delete(self, key: bytes, owner: bytes) -> bool:
        """Delete the target's item of that key where it is one of ``owner``; whether there was one, or
        perhaps was when a reply was lost."""
        ...
