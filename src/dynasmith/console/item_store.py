"""What a reader asked and wrote about items, kept in memory under names that say nothing.

Addresses end in the browser's history, in bookmarks and in messages, and values of keys are customers' data. So an
address of this console has a name (``?q=Xk3…``) in place of a value. It is good for as long as the console runs.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from dynasmith.console.item_query import ItemQuery
from dynasmith.console.state import Console
from dynasmith.items.item_text import TextForm

KEPT_MAX: Final = 2_000
"""So many are kept; the oldest that nobody looked at goes first. An item has at most 400 KB, a key 3 KB."""
KEPT_CHARACTERS_MAX: Final = 64_000_000


@dataclass(frozen=True)
class KeptKey:
    """The key of an item (DynamoDB JSON) of a table."""

    table: str
    key: Mapping[str, Any]


@dataclass(frozen=True)
class KeptQuery:
    """A question about the items of a table."""

    table: str
    query: ItemQuery


@dataclass(frozen=True)
class Draft:
    """An item as a reader edits it: ``text`` as typed, ``before`` what was read (None: a new item), ``after`` what the
    text says, once it was looked at; ``now`` what another writer made of it since (None: nothing is known of one)."""

    table: str
    form: TextForm
    text: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    conflict: bool = False
    now: Mapping[str, Any] | None = None


Kept: TypeAlias = KeptKey | KeptQuery | Draft
T = TypeVar("T", KeptKey, KeptQuery, Draft)


class ItemStore:
    """Kept values by name. Safe to use from several threads; kept by the console."""

    def __init__(self, _console: Console) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._names: dict[tuple[str, str], str] = {}
        self._known: dict[str, tuple[str, str]] = {}
        self._characters = 0

    def name_of(self, value: Kept) -> str:
        """A name for a value; a key and a question that are known already keep theirs."""
        known = None if isinstance(value, Draft) else (value.table, repr((type(value).__name__, value)) + _start(value))
        with self._lock:
            if known is not None and known in self._names:
                self._kept.move_to_end(self._names[known])
                return self._names[known]
            name = secrets.token_urlsafe(9)
            self._kept[name] = value
            self._characters += _characters(value)
            if known is not None:
                self._names[known], self._known[name] = name, known
            while len(self._kept) > KEPT_MAX or (self._characters > KEPT_CHARACTERS_MAX and len(self._kept) > 1):
                gone, old = self._kept.popitem(last=False)
                self._characters -= _characters(old)
                self._names.pop(self._known.pop(gone, ("", "")), None)
            return name

    def find(self, name: str, kind: type[T], table: str) -> T | None:
        """The value of that name, where it is of this kind and this table."""
        with self._lock:
            value = self._kept.get(name)
            if value is None or not isinstance(value, kind) or value.table != table:
                return None
            self._kept.move_to_end(name)
            return value


def _start(value: KeptKey | KeptQuery) -> str:
    return repr(value.query.start) if isinstance(value, KeptQuery) else ""


def _characters(value: Kept) -> int:
    return 8 * len(value.text) if isinstance(value, Draft) else 0
