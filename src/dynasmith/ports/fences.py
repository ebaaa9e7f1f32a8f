"""The fence of a table: what keeps everybody from writing it while a replacement switches."""

from collections.abc import Sequence
from typing import Protocol


class WriteFence(Protocol):
    """The fence of one table. Each call can be made again: what is so already is left as it is.

    Every error is a `dynasmith.errors.DynasmithError`: ChangeConflict where somebody else changed what the fence is
    made of, WaitTimeout where it was not settled in time (make the call again), NoEffect where writes pass the fence,
    AccessDenied where the caller lacks a permission.
    """

    def refusal(self) -> str:
        """Why there can be no fence, one sentence; "" where there can. It may write what changes nothing, to see that
        this caller may write: `prove`."""
        ...

    def put(self, passes: Sequence[str] = ()) -> None:
        """Deny the writes of everybody but the principals that ``passes`` names (patterns of ARNs). Done once the
        service keeps it, which is before it holds everywhere: `prove`."""
        ...

    def prove(self) -> None:
        """Return once writes of this caller are refused again and again, and by the fence: that it may not write
        anyway proves nothing. Changes nothing where they pass."""
        ...

    def admit(self) -> None:
        """Let this caller write, and nobody else; return once its writes pass. Done again it is so already."""
        ...

    def lift(self) -> None:
        """Take the fence off, and leave everything else as it was."""
        ...
