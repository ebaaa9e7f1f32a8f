"""``{keep: [id, status, total]}``: an allow-list, everything else goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeAlias

from dynasmith.operations.fields import Fields, listed, shown
from dynasmith.operations.operation import Item, Operation
from dynasmith.tables.attribute_path import GONE, AttributePath, read_path

_Below: TypeAlias = Sequence[tuple[str, ...]]
"""What is named below a value: the names on the way, none of them for the value as a whole."""


@dataclass(frozen=True, slots=True)
class Keep(Operation):
    """Take away every attribute that is not named: ``Keep(("id", "status", "address.zip"))``.

    The key of the table must be named. Of a map of which only places are named the rest goes, of each map of a list
    too; a value there that is not a map is removed. An attribute whose own name has a dot is kept by that name too.
    """

    WORD: ClassVar[str] = "keep"

    attributes: Sequence[str]
    paths: tuple[AttributePath, ...] = field(init=False, repr=False, compare=False)
    below: dict[str, _Below] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", listed(self.attributes))
        Operation.__post_init__(self)
        read = [path for each in self.attributes if (path := read_path(each)) is not None]
        paths = (*(AttributePath(each, (each,)) for each in self.attributes), *read)
        object.__setattr__(self, "paths", paths)
        firsts = {path.names[0] for path in paths}
        below = {first: [path.names[1:] for path in paths if path.names[0] == first] for first in firsts}
        object.__setattr__(self, "below", below)

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """Only the names."""
        attributes = fields.names("keep", least=1)
        return lambda: cls(attributes)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return {"keep": shown(self.attributes)}

    def apply(self, item: Item) -> None:
        """Take away the others."""
        for name in list(item):
            below = self.below.get(name)
            if below is None:
                del item[name]
            elif () not in below:
                if (kept := _kept(item[name], below)) is GONE:
                    del item[name]
                else:
                    item[name] = kept

    def inverse(self) -> None:
        """Nothing knows what went."""
        return

    def describe(self) -> str:
        """It in a few words."""
        return f"keep {', '.join(self.attributes)}"


def _kept(value: Any, below: _Below) -> Any:  # noqa: ANN401  # of an item
    """What is named of a value, in a new map or list; GONE where nothing of it can be."""
    if () in below:
        return value
    if isinstance(value, list | tuple):
        return [kept for each in value if (kept := _kept(each, below)) is not GONE]
    if not isinstance(value, dict):
        return GONE
    found = {}
    for name, each in value.items():
        inner = [names[1:] for names in below if names[0] == name]
        if inner and (kept := _kept(each, inner)) is not GONE:
            found[name] = kept
    return found
