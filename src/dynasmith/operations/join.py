"""``{join: [first, last], into: full_name, with: " "}``: several attributes as one string."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, OnError, Operation, on_error_of, refuse, with_on_error
from dynasmith.operations.remove import Remove
from dynasmith.operations.text_form import text_of


@dataclass(frozen=True, slots=True)
class Join(Operation):
    """Put strings and numbers together, those that are there, in this order; the parts stay."""

    WORD: ClassVar[str] = "join"

    attributes: Sequence[str]
    into: str
    with_: str
    _: KW_ONLY
    on_error: OnError | None = None

    def __post_init__(self) -> None:
        Operation.__post_init__(self)
        object.__setattr__(self, "attributes", tuple(self.attributes))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """At least two names, a name, what stands between (may be empty)."""
        attributes, into = fields.names("join", least=2), fields.name("into")
        between = fields.text("with", empty=True)
        on_error = on_error_of(fields)
        if into in attributes:
            fields.fault("into", f"{into} cannot be joined into itself")
        return lambda: cls(attributes, into, between, on_error=on_error)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return with_on_error({"join": self.attributes, "into": self.into, "with": self.with_}, self.on_error)

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
            item[self.into] = self.with_.join(texts)

    def inverse(self) -> tuple[Operation, ...]:
        """Remove the whole: the parts are still there."""
        return (Remove(self.into),)

    def describe(self) -> str:
        """It in a few words."""
        return f"join {', '.join(self.attributes)} into {self.into}"
