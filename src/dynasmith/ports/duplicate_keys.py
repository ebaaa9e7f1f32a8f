"""The keys that a job has met, so that one that comes twice is noticed however far apart its items are."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from dynasmith.ports.items import Place


class KeyEntry(NamedTuple):
    """One item of a page: its key as 16 bytes, where it stands, and a hash of all of it (64 bits, signed)."""

    key: bytes
    place: Place
    hash: int


class KeyAnswer(NamedTuple):
    """Where a key was met first, and the hash of the item that had it."""

    segment: int
    place: Place
    hash: int


class KeyStore(Protocol):
    """The keys of a job. Not for several threads at once."""

    def reached(self, segment: int) -> tuple[bytes | None, bytes | None] | None:
        """The page of ``segment`` that it was told of last, as start and next; None before the first one.

        Where this is not the page that the job's checkpoint stands at, keys are missing: read them again.
        """
        ...

    def meet(
        self, segment: int, start: bytes | None, following: bytes | None, entries: Sequence[KeyEntry]
    ) -> Mapping[int, KeyAnswer]:
        """Keep a page's keys, each once in ``entries``; the numbers of those that another place had before.

        A page that is told again is not met by itself.
        """
        ...

    def free(self, segment: int, entries: Sequence[KeyEntry]) -> None:
        """The items of these places do not stand in the target: their keys may come again."""
        ...

    def forget(self) -> None:
        """Begin anew, with no key."""
        ...

    def close(self, *, over: bool) -> None:
        """Let go; where the job is ``over``, nothing is left of it."""
        ...
