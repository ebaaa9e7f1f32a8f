"""``{join: [first, last], into: full_name, with: " "}``: several attributes as one string."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

from dynasmith.items.operations.fields import Fields
from dynasmith.items.operations.operation import Item, OnError, Operation, on_error_of, refuse
from dynasmith.items.operations.remove import Remove
from dynasmith.items.operations.texts import text_of


@dataclass(frozen=True, slots=True)
class Join:
    """Put strings and numbers together, those that are there, in this order; the parts stay."""

    WORD: ClassVar[str] = "join"

    attributes: tuple[str, ...]
    into: str
    between: str
    on_error: OnError | None = None

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """At least two names, a name, what stands between (may be empty)."""
        attributes, into = fields.names("join", least=2), fields.name("into")
        between = fields.text("with", empty=True)
        on_error = on_error_of(fields)
        if into in attributes:
            fields.fault("into", f"{into} cannot be joined into itself")
        return lambda: cls(attributes, into, between, on_error)

    def apply(self, item: Item) -> None:
        """Nothing where the whole is there or none of the parts is."""
        if self.into in item:
            return
        texts = []
        for name in self.attributes:
            if name in item:
                text = text_of(item[name])
                if text is None:
                    refuse(self.on_error, f"{name} is neither a string nor a number and cannot be joined.")
                    return
                texts.append(text)
        if texts:
            item[self.into] = self.between.join(texts)

    def inverse(self) -> tuple[Operation, ...]:
        """Remove the whole: the parts are still there."""
        return (Remove(self.into),)

    def describe(self) -> str:
        """It in a few words."""
        return f"join {', '.join(self.attributes)} into {self.into}"
