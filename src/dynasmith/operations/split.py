"""``{split: full_name, into: [first, last], on: " "}``: the parts of a string as attributes of their own."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, OnError, Operation, on_error_of, refuse, with_on_error
from dynasmith.operations.remove import Remove


@dataclass(frozen=True, slots=True)
class Split(Operation):
    """Cut a string. The last part takes the rest; parts that are not there stay absent; the string itself stays."""

    WORD: ClassVar[str] = "split"

    attribute: str
    into: Sequence[str]
    on: str
    _: KW_ONLY
    on_error: OnError | None = None

    def __post_init__(self) -> None:
        Operation.__post_init__(self)
        object.__setattr__(self, "into", tuple(self.into))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """A name, at least two names, what stands between."""
        attribute, into = fields.name("split"), fields.names("into", least=2)
        on, on_error = fields.text("on"), on_error_of(fields)
        if attribute in into:
            fields.fault("into", f"{attribute} cannot be a part of itself")
        return lambda: cls(attribute, into, on, on_error=on_error)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return with_on_error({"split": self.attribute, "into": self.into, "on": self.on}, self.on_error)

    def apply(self, item: Item) -> None:
        """Nothing where the string is absent or one of the parts is there."""
        if self.attribute not in item or any(name in item for name in self.into):
            return
        value = item[self.attribute]
        if not isinstance(value, str):
            refuse(self.on_error, f"{self.attribute} is not a string and cannot be split.")
            return
        for name, part in zip(self.into, value.split(self.on, len(self.into) - 1), strict=False):
            item[name] = part

    def inverse(self) -> tuple[Operation, ...]:
        """Remove the parts: the string is still there."""
        return tuple(Remove(name) for name in self.into)

    def describe(self) -> str:
        """It in a few words."""
        return f"split {self.attribute} into {', '.join(self.into)}"
