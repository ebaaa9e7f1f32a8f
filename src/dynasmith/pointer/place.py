"""What a pointer is, and what it says."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from dynasmith.errors import PointerError

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}\Z")

SsmCall = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""One call of Systems Manager: operation and parameters, the answer. LookupError for a parameter that does not exist;
every other error is a `dynasmith.errors.DynasmithError`."""


class PointerValue(NamedTuple):
    """What a pointer says: the physical name of a table, None where there is nothing yet. ``version`` is the place's
    own count of its changes, 0 where it has none."""

    table: str | None
    version: int = 0


class Pointer(Protocol):
    """One place that holds the name of a table."""

    def read(self) -> PointerValue:
        """What it says now. Raises PointerError where it cannot be read, or holds something else than a name."""
        ...

    def switch(self, before: str | None, after: str) -> None:
        """Let it say ``after`` where it says ``before`` (None: nothing), as a whole or not at all; where it says
        ``after`` already nothing is done, so that a call that was cut off is made again. Raises ChangeConflict where
        it says something else, or somebody else changed it at the same time."""
        ...


def table_name(text: str, place: str) -> str | None:
    """The name that a place holds; None for nothing. Raises PointerError for anything else."""
    name = text.strip()
    if not name:
        return None
    if not _NAME.match(name):
        raise PointerError(
            f"{place} holds {name[:60]!r}, which is not the name of a table.", hint="write the physical name into it"
        )
    return name
