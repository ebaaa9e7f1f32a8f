"""``{keep: [id, status, total]}``: an allow-list, everything else goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from dynasmith.operations.fields import Fields, listed, shown
from dynasmith.operations.operation import Item, Operation


@dataclass(frozen=True, slots=True)
class Keep(Operation):
    """Take away every attribute that is not named: ``Keep(("id", "status"))``. The key of the table must be named."""

    WORD: ClassVar[str] = "keep"

    attributes: Sequence[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", listed(self.attributes))
        Operation.__post_init__(self)

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
        for name in [each for each in item if each not in self.attributes]:
            del item[name]

    def inverse(self) -> None:
        """Nothing knows what went."""
        return

    def describe(self) -> str:
        """It in a few words."""
        return f"keep {', '.join(self.attributes)}"
