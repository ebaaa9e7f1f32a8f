"""`table`: the name that a pointer says, read again every few seconds."""

import os
import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from dynasmith.errors import PointerError, UsageError
from dynasmith.pointer.kinds import pointer_at

VARIABLE: Final = "DYNASMITH_POINTER"
"""Names the pointer where the call does not; ``{table}`` in it is the table's name."""


@dataclass(slots=True)
class _Known:
    """What a pointer said, and when. One thread reads it at a time; the others go on with what is known."""

    name: str = ""
    read_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


_known: dict[str, _Known] = {}
_all = threading.Lock()


def table(name: str, ttl: float = 5.0, *, pointer: str = "", default: str = "", stale: float = 60.0) -> str:
    """The physical name of a table, as its pointer said within the last ``ttl`` seconds.

    ``pointer`` is ``ssm:/shop/orders``, ``file:PATH`` or ``hook:COMMAND``; without it the variable
    ``DYNASMITH_POINTER`` is used, and in both ``{table}`` stands for ``name``. ``default`` is the answer while the
    pointer says nothing. Where the pointer cannot be read, what it said up to ``stale`` seconds ago holds: after a
    switch a reader may go to the old table for so long. Thread-safe; costs one read of the pointer each ``ttl``
    seconds.

    Raises UsageError where no pointer is named, and PointerError where it says nothing or cannot be read.
    """
    place = (pointer or os.environ.get(VARIABLE, "")).replace("{table}", name)
    if not place:
        raise UsageError(f"No pointer is named for {name}.", hint=f"pass pointer=, or set {VARIABLE}")
    with _all:
        known = _known.setdefault(place, _Known())
    age = monotonic() - known.read_at
    if known.name and age < ttl:
        return known.name
    # Whoever has a name that is young enough does not wait for a read that is under way.
    if not known.lock.acquire(blocking=not (known.name and age < stale)):
        return known.name
    try:
        if known.name and monotonic() - known.read_at < ttl:
            return known.name
        return _read(known, place, default, stale)
    finally:
        known.lock.release()


def _read(known: _Known, place: str, default: str, stale: float) -> str:
    began = monotonic()
    try:
        said = pointer_at(place).read().table
    except PointerError:
        if known.name and began - known.read_at < stale:
            return known.name
        raise
    if said is None and not default:
        raise PointerError(f"The pointer {place} says nothing yet.", hint="pass default= with the physical name")
    known.name, known.read_at = said or default, began
    return known.name
