"""The port of what keeps user code dry: the environment of its process, and what it tried in there.

User code (a transform, later a migration) runs in a process of its own in a dry run. A guard says what that process
may know, and answers its AWS calls: reads, yes; everything else is refused and remembered.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from msgspec import Struct


class RefusedCall(Struct, frozen=True, kw_only=True):
    """A call that user code tried in a dry run and that was not done: how many ``times``, on which ``table`` if one.

    ``service`` is botocore's id of it in small letters, or the name that AWS signs for (``dynamodb``, ``s3``);
    ``operation`` the service's own name of it, or method and path where the caller says no name.
    """

    service: str
    operation: str
    table: str = ""
    times: int = 1


class Guard(Protocol):
    """Guards one process. Nothing of its variables is a secret of the parent's."""

    @property
    def variables(self) -> Mapping[str, str]:
        """The whole environment of the process."""
        ...

    @property
    def enclose(self) -> Callable[[], None]:
        """What the process calls before any user code; it can be sent to a process."""
        ...

    @property
    def refused(self) -> Sequence[RefusedCall]:
        """What was refused so far, oldest kind first."""
        ...

    @property
    def counted(self) -> Sequence[RefusedCall]:
        """What was answered as if it were done, and was not, oldest kind first."""
        ...


OpenGuard: TypeAlias = Callable[[], AbstractContextManager[Guard]]
"""Opens a guard; leaving it ends it."""
