"""Several transforms as one: each gets what the one before it made."""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from dynasmith.items.ctx import Context
from dynasmith.items.transform import Function, Result, several_items
from dynasmith.items.user_function import ComposedTransform
from dynasmith.operations.document import Operations
from dynasmith.operations.operation import Item


@dataclass(frozen=True, slots=True)
class Chain:
    """Transforms in order. A function for a ``Transform``, and not a closure, so that another process can be given it.

    In a copy each is given every item that the one before it returned, and None ends an item. ``in_place``, for a
    backfill, None means that the item stays as it is, changed in place or not.
    """

    functions: tuple[Function, ...]
    in_place: bool = False

    def __call__(self, item: Item, ctx: Context) -> Result:
        """What the last one makes of it."""
        return self._changed(item, ctx) if self.in_place else self._copied(item, ctx, 0)

    @property
    def is_pure(self) -> bool:
        """Whether nothing of it is code of the user's."""
        composed = [function for function in self.functions if isinstance(function, ComposedTransform)]
        is_pure = not any(function.runs_user_code for function in composed)
        return is_pure and all(isinstance(function, Operations | ComposedTransform) for function in self.functions)

    @property
    def masks(self) -> bool:
        """Whether one of them masks."""
        return any(getattr(function, "masks", False) for function in self.functions)

    def _changed(self, item: Item, ctx: Context) -> Result:
        for function in self.functions:
            result = function(item, ctx)
            if result is None:
                continue
            if not isinstance(result, Mapping):
                return result  # which a backfill refuses
            item = _changeable(result)
        return item

    def _copied(self, item: Item, ctx: Context, number: int) -> Iterator[Mapping[str, Any]]:
        if number == len(self.functions):
            yield item
            return
        result = self.functions[number](item, ctx)
        for one in (result,) if isinstance(result, Mapping) else several_items(result):
            yield from self._copied(_changeable(one), ctx, number + 1)


def _changeable(item: Mapping[str, Any]) -> Item:
    return item if isinstance(item, MutableMapping) else dict(item)
