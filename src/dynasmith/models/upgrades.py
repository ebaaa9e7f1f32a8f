"""Items of an older shape of their class: which shape an item has, and what brings it up to date in memory.

A class says ``shape=3, upgrades={1: f, 2: g}``: an item of shape 1 is what ``g(f(item))`` makes of it. An item says its
shape in the attribute ``_shape``; without it the shape is 1.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from dynasmith.errors import ItemInvalid
from dynasmith.models.collection_codec import AnyCodec
from dynasmith.models.sealed_value import unsealed
from dynasmith.models.tree_equality import same_tree
from dynasmith.models.value_codec import Tree

SHAPE_ATTRIBUTE: Final = "_shape"
"""The attribute of an item with the number of its shape, where that is not 1."""
Upgrade = Callable[[dict[str, Any]], Mapping[str, Any]]
"""What makes an item of one shape an item of the next: attributes in plain Python by their stored names."""
Problem = Callable[[str, str, str], Exception]
_ANY: Final = AnyCodec()


class UpgradedItem(dict[str, Any]):
    """An item as its class has it now; ``stored`` is the item of an older shape that is in the table."""

    stored: Tree


def stored_item(loaded: Tree | None) -> Tree | None:
    """The item in the table behind one that was read, which may have been upgraded."""
    return loaded.stored if isinstance(loaded, UpgradedItem) else loaded


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The shape of a class: its number, and what brings items of each older number to the next.

    A class that declares none has shape 1; its writes do not look at the shape of items.
    """

    number: int = 1
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict)
    is_declared: bool = False

    @property
    def stored(self) -> Tree | None:
        """What an item of the shape has in its attribute; None where it has none."""
        return {"N": str(self.number)} if self.number > 1 else None

    def of(self, tree: Mapping[str, Any]) -> int:
        """The shape of an item. Raises ItemInvalid where it says none, or one that is newer than the class."""
        number = shape_number(tree.get(SHAPE_ATTRIBUTE))
        if number is None and not self.is_declared:
            return 1  # an attribute of another program
        if number is None:
            raise _invalid(f"{SHAPE_ATTRIBUTE} is {tree[SHAPE_ATTRIBUTE]}, and a shape is a whole number from 1 on.")
        if number > self.number:
            raise _invalid(
                f"its shape is {number}, and the newest that the class knows is {self.number}.",
                "a newer version of the program wrote the item: run that one, or add the upgrade to the class",
            )
        return number

    def upgraded(self, tree: Tree, fixed: Iterable[str], *, shows_values: bool = True) -> Tree:
        """The item as the class has it; the same tree where it is so already. ``fixed`` are attributes that must stay.

        What is encrypted is in plain for the functions; where they change it, it is plain in the result too.

        Raises ItemInvalid for a newer shape, and where an upgrade fails, changes one of ``fixed`` or gives no item.
        """
        number = self.of(tree)
        if number == self.number:
            return tree
        stored = {name: value for name, value in tree.items() if name != SHAPE_ATTRIBUTE}
        plain: Mapping[str, Any] = {name: _ANY.decode(unsealed(value)) for name, value in stored.items()}
        for each in range(number, self.number):
            plain = _next_shape(each, self.upgrades[each], dict(plain), shows_values=shows_values)
        made = UpgradedItem({name: _kept(stored.get(name), value, name) for name, value in plain.items()})
        made.pop(SHAPE_ATTRIBUTE, None)
        for name in fixed:
            if name in made and name in stored and made[name] is stored[name]:
                continue
            if name in made or name in stored:
                raise _invalid(f"its upgrades from shape {number} change {name}, which must stay as it is.")
        made.stored = tree
        return made


def model_shape(number: Any, upgrades: Mapping[Any, Any] | None, problem: Problem) -> ModelShape:
    """The shape that a class declares. Raises what ``problem`` makes of what is wrong about it."""
    if number is None and upgrades is None:
        return ModelShape()
    if number is None:
        raise problem("upgrades", "is given without shape=", "shape= is the number of the newest shape")
    if type(number) is not int or number < 1:
        raise problem("shape", f"is {number!r}, and a shape is a whole number from 1 on", "")
    given = dict(upgrades or {})
    missing = [each for each in range(1, number) if each not in given]
    if missing:
        text = ", ".join(map(str, missing))
        raise problem("upgrades", f"has no function for shape {text}", f"it needs one for each shape below {number}")
    unknown = [each for each in given if type(each) is not int or not 1 <= each < number]
    if unknown:
        text = ", ".join(map(repr, unknown))
        raise problem("upgrades", f"has {text}, which is not a shape below {number}", "")
    for each, function in given.items():
        if not callable(function) or inspect.iscoroutinefunction(function):
            what = "an async function" if callable(function) else "not a function"
            raise problem("upgrades", f"has {what} for shape {each}", "it is a function from an item to an item")
    return ModelShape(number, given, is_declared=True)


def shape_number(value: Any) -> int | None:
    """The number that a stored attribute says; 1 where it is absent, None where it is not a shape."""
    if value is None:
        return 1
    try:
        number = Decimal(value["N"])
    except (KeyError, TypeError, InvalidOperation):
        return None
    return int(number) if number >= 1 and number == int(number) else None


def _next_shape(number: int, upgrade: Upgrade, item: dict[str, Any], *, shows_values: bool) -> Mapping[str, Any]:
    try:
        made = upgrade(item)
    except Exception as cause:
        text = f": {cause}" if shows_values else ", whose text may hold a value that is encrypted"
        error = _invalid(f"its upgrade from shape {number} raised {type(cause).__name__}{text}.", "fix the function")
        raise error from (cause if shows_values else None)
    if not isinstance(made, Mapping):
        raise _invalid(
            f"its upgrade from shape {number} gave a value of type {type(made).__name__}.", "return the item, a dict"
        )
    return made


def _kept(stored: Tree | None, value: Any, name: Any) -> Tree:
    """A value as it is stored; in the very bytes of ``stored`` where it is the same value."""
    if not isinstance(name, str):
        raise _invalid(f"an upgrade gave an attribute named {name!r}, and names are text.")
    try:
        tree = _ANY.encode(value)
    except ItemInvalid as cause:
        raise ItemInvalid(f"{name}: {cause.message}", hint=cause.hint, attribute=name) from cause
    return stored if stored is not None and same_tree(unsealed(stored), tree) else tree


def _invalid(message: str, hint: str = "") -> ItemInvalid:
    return ItemInvalid(message, hint=hint, attribute=SHAPE_ATTRIBUTE)
