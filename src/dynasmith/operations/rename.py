"""``{rename: name, to: full_name}``: an attribute under another name; ``keep_old`` leaves the old one beside it."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

from dynasmith.items.value import same_value
from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, Operation, refuse
from dynasmith.operations.remove import Remove


@dataclass(frozen=True, slots=True)
class Rename(Operation):
    """Move a value to another name.

    In two steps: first with ``keep_old`` while old and new readers live, then without, which removes the old name. An
    item whose two names hold different values is refused: nobody but its owner knows which one is right.
    """

    WORD: ClassVar[str] = "rename"

    attribute: str
    to: str
    _: KW_ONLY
    keep_old: bool = False

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """Two names and a flag."""
        attribute, to, keep_old = fields.name("rename"), fields.name("to"), fields.flag("keep_old")
        if attribute and attribute == to:
            fields.fault("to", "it has this name already")
        return lambda: cls(attribute, to, keep_old=keep_old)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return {"rename": self.attribute, "to": self.to, "keep_old": self.keep_old}

    def apply(self, item: Item) -> None:
        """Nothing where the old name is absent, or both are there and the old one is kept."""
        if self.attribute not in item:
            return
        if self.to not in item:
            item[self.to] = item[self.attribute]
        elif self.keep_old:
            return
        elif not same_value(item[self.to], item[self.attribute]):
            refuse(
                "dead",
                f"{self.attribute} and {self.to} are both there and differ.",
                hint=f"remove {self.attribute} first where {self.to} is right",
            )
        if not self.keep_old:
            del item[self.attribute]

    def inverse(self) -> tuple[Operation, ...]:
        """Rename back, or remove the new name beside the old one that was kept."""
        return (Remove(self.to),) if self.keep_old else (Rename(self.to, self.attribute),)

    def describe(self) -> str:
        """It in a few words."""
        return f"rename {self.attribute} to {self.to}" + (", keeping the old" if self.keep_old else "")
