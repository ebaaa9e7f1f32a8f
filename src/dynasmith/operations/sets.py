"""``{set_to_list: tags}`` and ``{list_to_set: tags}``."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

from dynasmith.items.value import kind_of
from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, OnError, Operation, on_error_of, refuse, with_on_error


@dataclass(frozen=True, slots=True)
class SetToList(Operation):
    """A set as a list, sorted, so that every run makes the same."""

    WORD: ClassVar[str] = "set_to_list"

    attribute: str
    _: KW_ONLY
    on_error: OnError | None = None

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """A name."""
        attribute = fields.name("set_to_list")
        on_error = on_error_of(fields)
        return lambda: cls(attribute, on_error=on_error)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return with_on_error({"set_to_list": self.attribute}, self.on_error)

    def apply(self, item: Item) -> None:
        """Nothing where it is absent or a list already."""
        if self.attribute not in item:
            return
        value = item[self.attribute]
        if isinstance(value, set | frozenset):
            item[self.attribute] = sorted(value)
        elif kind_of(value) != "L":
            refuse(self.on_error, f"{self.attribute} is of type {kind_of(value)}, neither a set nor a list.")

    def inverse(self) -> tuple[Operation, ...]:
        """Make it a set again."""
        return (ListToSet(self.attribute, on_error=self.on_error),)

    def describe(self) -> str:
        """It in a few words."""
        return f"make the set {self.attribute} a list"


@dataclass(frozen=True, slots=True)
class ListToSet(Operation):
    """A list of strings, of numbers or of bytes as a set: its order and what it holds twice are lost.

    An empty list is refused, because there is no empty set; so is a mixed one.
    """

    WORD: ClassVar[str] = "list_to_set"

    attribute: str
    _: KW_ONLY
    on_error: OnError | None = None

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """A name."""
        attribute = fields.name("list_to_set")
        on_error = on_error_of(fields)
        return lambda: cls(attribute, on_error=on_error)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return with_on_error({"list_to_set": self.attribute}, self.on_error)

    def apply(self, item: Item) -> None:
        """Nothing where it is absent or a set already."""
        if self.attribute not in item:
            return
        value = item[self.attribute]
        kind = kind_of(value)
        if kind in ("SS", "NS", "BS"):
            return
        members = {kind_of(member) for member in value} if kind == "L" else set()
        if len(members) == 1 and members <= {"S", "N", "B"}:
            item[self.attribute] = set(value)
            return
        why = "is empty" if kind == "L" and not members else "is not a list of strings, of numbers or of binary values"
        refuse(self.on_error, f"{self.attribute} {why} and cannot be a set.")

    def inverse(self) -> tuple[Operation, ...]:
        """Make it a list again, sorted."""
        return (SetToList(self.attribute, on_error=self.on_error),)

    def describe(self) -> str:
        """It in a few words."""
        return f"make the list {self.attribute} a set"
