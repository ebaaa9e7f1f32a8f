"""An operation that needs the key of masking: what `Mask`, `Hash` and `ShiftDates` share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self, TypeAlias

from dynasmith.errors import UsageError
from dynasmith.items.transform import ItemRefused
from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Operation
from dynasmith.operations.pseudonym import Pseudonyms

OnOther: TypeAlias = Literal["stop", "drop"]
#: What becomes of a value that is not what its operation expects: the job stops, or the value goes. It never stays,
#: and never gets into a dead-letter file, because either would keep it as it is.
ON_OTHER: Final[tuple[OnOther, ...]] = ("stop", "drop")


@dataclass(frozen=True, slots=True)
class KeyedOperation(Operation):
    """``keys`` come from a project, which reads its ``[crypto]``. A job's record and a message never hold them."""

    keys: Pseudonyms | None = field(default=None, compare=False, repr=False, kw_only=True)

    def with_pseudonyms(self, keys: Pseudonyms) -> Self:
        """The same with this key."""
        return replace(self, keys=keys)

    def given_keys(self) -> Pseudonyms:
        """The key. Raises UsageError where nobody gave it."""
        if self.keys is None:
            raise UsageError(
                f"{self.describe()} has no key.", hint="it is an operation of copy, populate and export of a project"
            )
        return self.keys

    def inverse(self) -> None:
        """Nothing takes a masked value back, not even the key."""
        return


def on_other_of(fields: Fields) -> OnOther:
    """What an entry says about values that are not what it expects."""
    return fields.choice("on_error", ON_OTHER, default="stop")


def refused_value(path: str, expected: str) -> ItemRefused:
    """The error for a value that is not what its operation expects. It names the place, never the value."""
    return ItemRefused(
        f"{path} is not {expected}.", hint="say on_error: drop, or give it another operation", policy="stop"
    )
