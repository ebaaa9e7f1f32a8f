"""What conditions and actions are about: a path into an item, or a value as it is stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class ExprPath:
    """A way into the items of a class, by stored names. ``is_size`` is the size of what it leads to."""

    model: type
    parts: tuple[str | int, ...]
    is_size: bool = False

    def part(self, name: str | int) -> ExprPath:
        """The path of a part of it."""
        return replace(self, parts=(*self.parts, name))

    def sized(self) -> ExprPath:
        """The size of what it leads to."""
        return replace(self, is_size=True)

    @property
    def attribute(self) -> str:
        """The path as it is written in documents: ``address.city``, ``notes[0]``."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.parts)[1:]

    def __str__(self) -> str:
        text = f"{self.model.__name__}.{self.attribute}"
        return f"{text}.size()" if self.is_size else text


@dataclass(frozen=True, slots=True)
class StoredValue:
    """A value as DynamoDB JSON."""

    tree: dict[str, Any]


Operand = ExprPath | StoredValue
