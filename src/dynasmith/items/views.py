"""The views of a lazy item: its names, values and both, iterated over at the speed of a dict."""

from abc import abstractmethod
from collections.abc import ItemsView, Iterator, KeysView, MutableMapping, ValuesView
from typing import Any


class DecodedMapping(MutableMapping[str, Any]):
    """What the views need of a lazy item: what was decoded of it, whether that is all, and a way to decode the rest."""

    __slots__ = ()
    _values: dict[str, Any]
    _read_all: bool

    @abstractmethod
    def _whole(self) -> dict[str, Any]: ...


class Names(KeysView[str]):
    """The names, taken when an iteration begins: an item may be changed in the middle of it."""

    __slots__ = ()
    _mapping: DecodedMapping

    def __iter__(self) -> Iterator[str]:
        item = self._mapping
        return iter(list(item._values if item._read_all else item._whole()))


class Pairs(ItemsView[str, Any]):
    """Names as ``Names``, with the values that they have when they are reached."""

    __slots__ = ()
    _mapping: DecodedMapping

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        values = self._mapping._whole()
        names = list(values)
        return zip(names, map(values.__getitem__, names), strict=True)


class Values(ValuesView[Any]):
    """Values as ``Pairs``."""

    __slots__ = ()
    _mapping: DecodedMapping

    def __iter__(self) -> Iterator[Any]:
        values = self._mapping._whole()
        return map(values.__getitem__, list(values))
