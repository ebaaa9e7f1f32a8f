"""What an operation is, and how it refuses an item."""

from abc import ABC, abstractmethod
from collections.abc import Callable, MutableMapping
from typing import Any, ClassVar, Literal, Self, TypeAlias

from dynasmith.errors import UsageError
from dynasmith.items.transform import ItemRefused
from dynasmith.operations.fields import FieldFault, Fields

#: What becomes of an item that an operation cannot change: the job stops, the item is a dead letter, it stays as it is.
#: An operation that says none of them leaves it to the job's ``--on-error``.
OnError: TypeAlias = Literal["stop", "dead", "keep"]
ON_ERROR: tuple[OnError, ...] = ("stop", "dead", "keep")

Item: TypeAlias = MutableMapping[str, Any]

_KEYWORDS = {"from": "from_", "with": "with_", "as": "as_"}
"""Arguments whose key in a file is a keyword of Python."""


class Operation(ABC):
    """One change of the shape of items: a frozen value. On an item that is in the new shape it does nothing.

    Making one with an argument that cannot be raises UsageError.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]]  # the names of its arguments, which dataclass sets

    WORD: ClassVar[str]
    """The word that names it in an operations file."""

    def __post_init__(self) -> None:
        """Hold the arguments to the same rules as an entry of a file."""
        faults: list[FieldFault] = []
        self.read(Fields(self.document(), "", faults))
        for fault in faults:
            key = fault.path.removeprefix(".")
            name = self.__match_args__[0] if key in (self.WORD, "") else _KEYWORDS.get(key, key)
            raise UsageError(f"operations.{type(self).__name__}: {name}: {fault.problem}.", hint=fault.hint)

    @classmethod
    @abstractmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """Read an entry of a file. Mistakes go into ``fields``; the result is called only where there are none."""

    @abstractmethod
    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file, with Python values: what `read` reads."""

    @abstractmethod
    def apply(self, item: Item) -> None:
        """Change the item in place. Raises ItemRefused."""

    @abstractmethod
    def inverse(self) -> "tuple[Operation, ...] | None":
        """What takes an item that was in the old shape back to it; None where nothing can.

        An item that was in the new shape before is not told apart: the journal of a backfill undoes exactly.
        """

    @abstractmethod
    def describe(self) -> str:
        """It in a few words: ``rename name to full_name``."""


def on_error_of(fields: Fields) -> OnError | None:
    """What an entry says about items that it cannot change; None where it leaves that to the job."""
    return fields.choice("on_error", ON_ERROR, default=ON_ERROR[0]) if fields.has("on_error") else None


def with_on_error(entry: dict[str, Any], on_error: OnError | None) -> dict[str, Any]:
    """The entry, with ``on_error`` where it is given."""
    return entry if on_error is None else entry | {"on_error": on_error}


def refuse(on_error: OnError | None, problem: str, *, hint: str = "") -> None:
    """Refuse an item as the operation says. ``problem`` names the attribute, never its value. Raises ItemRefused."""
    if on_error != "keep":
        raise ItemRefused(problem, hint=hint, policy=on_error)
