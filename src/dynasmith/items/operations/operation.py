"""What an operation is, and how it refuses an item."""

from collections.abc import Callable, MutableMapping
from typing import Any, ClassVar, Literal, Protocol, Self, TypeAlias

from dynasmith.items.operations.fields import Fields
from dynasmith.items.transform import ItemRefused

#: What becomes of an item that an operation cannot change: the job stops, the item is a dead letter, it stays as it is.
#: An operation that says none of them leaves it to the job's ``--on-error``.
OnError: TypeAlias = Literal["stop", "dead", "keep"]
ON_ERROR: tuple[OnError, ...] = ("stop", "dead", "keep")

Item: TypeAlias = MutableMapping[str, Any]


class Operation(Protocol):
    """One change of the shape of items: a frozen value. On an item that is in the new shape it does nothing."""

    #: The word that names it in an operations file.
    WORD: ClassVar[str]

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """Read an entry of a file. Mistakes go into ``fields``; the result is called only where there are none."""
        ...

    def apply(self, item: Item) -> None:
        """Change the item in place. Raises ItemRefused."""
        ...

    def inverse(self) -> "tuple[Operation, ...] | None":
        """What takes an item that was in the old shape back to it; None where nothing can.

        An item that was in the new shape before is not told apart: the journal of a backfill undoes exactly.
        """
        ...

    def describe(self) -> str:
        """It in a few words: ``rename name to full_name``."""
        ...


def on_error_of(fields: Fields) -> OnError | None:
    """What an entry says about items that it cannot change; None where it leaves that to the job."""
    return fields.choice("on_error", ON_ERROR, default=ON_ERROR[0]) if fields.has("on_error") else None


def refuse(on_error: OnError | None, problem: str, *, hint: str = "") -> None:
    """Refuse an item as the operation says. ``problem`` names the attribute, never its value. Raises ItemRefused."""
    if on_error != "keep":
        raise ItemRefused(problem, hint=hint, policy=on_error)
