"""The items of the requests that are under way: what a transaction holds, what is written, what is read together."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

Key = tuple[str, str]
"""An item: the ARN of its table, and a text of its key."""


@dataclass(slots=True)
class Conflicts:
    """The items of the requests that are under way on one server. Touched by its event loop only."""

    held: set[Key] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    written: Counter[Key] = field(default_factory=Counter)
    read: "list[tuple[frozenset[Key], set[Key]]]" = field(default_factory=list)

    @contextmanager
    def holding(self, keys: Iterable[Key], token: str = "") -> Iterator[None]:
        """A transaction that writes is under way."""
        mine = set(keys)
        self.held |= mine
        self.tokens |= {token} - {""}
        self._disturb(mine)
        try:
            yield
        finally:
            self.held -= mine
            self.tokens.discard(token)

    @contextmanager
    def writing(self, keys: Sequence[Key]) -> Iterator[None]:
        """Plain writes are under way."""
        self.written.update(keys)
        self._disturb(keys)
        try:
            yield
        finally:
            self.written.subtract(keys)
            for key in keys:
                if not self.written[key]:
                    del self.written[key]

    @contextmanager
    def reading(self, keys: Iterable[Key]) -> Iterator[set[Key]]:
        """A transaction that reads is under way; what it gives fills with the items that were written meanwhile."""
        mine = frozenset(keys)
        disturbed = {key for key in mine if key in self.held or key in self.written}
        entry = (mine, disturbed)
        self.read.append(entry)
        try:
            yield disturbed
        finally:
            self.read = [one for one in self.read if one is not entry]

    def _disturb(self, keys: Iterable[Key]) -> None:
        for wanted, disturbed in self.read:
            disturbed.update(wanted.intersection(keys))
