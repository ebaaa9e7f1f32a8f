"""The keys that a job has met: in memory while they are few, then in a SQLite file, so that memory stays flat.

The file is kept beside the job's checkpoints and goes with the job. It holds hashes, no keys and no items; 48 bytes an
item. A kill leaves it whole (a write-ahead log); a loss of power may not, and then it is made anew from the source.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from struct import Struct
from typing import Final

from dynasmith.errors import RunError
from dynasmith.ports.duplicate_keys import KeyAnswer, KeyEntry

FEW: Final = 20_000
"""Keys that are held in memory, about 6 MB; a job with no more never opens a file."""
CACHE_KIB: Final = 8_000
"""SQLite's own cache of the file."""

_AT_ONCE: Final = 100
"""Lines a statement; SQLite before 3.32 takes no more than 999 values, five of which are a line."""

_SPLIT: Final = Struct(">qq").unpack  # a key's first half finds it, its second half proves it
_TABLES: Final = """
CREATE TABLE keys (key INTEGER PRIMARY KEY, proof INTEGER, segment INTEGER, place, hash INTEGER);
CREATE TABLE pages (segment INTEGER PRIMARY KEY, start BLOB, following BLOB);
"""


class SeenKeys:
    """Keeps `dynasmith.ports.duplicate_keys.Seen`. ``path`` is where many keys go; without one, into a temporary file.

    CPU an item, on average: 1 us in memory, 4 with 50,000 keys, 7 with 200,000, and more with more. Of two keys whose
    hashes have the same first 64 bits the second is not remembered: one such pair in 6 * 10^9 items is to be expected.
    Raises RunError where the disk is full or the file is damaged.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lasts = path is not None
        self._few: dict[bytes, KeyAnswer] = {}
        self._pages: dict[int, tuple[bytes | None, bytes | None]] = {}
        self._many: sqlite3.Connection | None = None
        if path is not None and path.exists():
            self._open_again(path)

    def reached(self, segment: int) -> tuple[bytes | None, bytes | None] | None:
        """The page of ``segment`` that it was told of last."""
        return self._pages.get(segment)

    def meet(
        self, segment: int, start: bytes | None, following: bytes | None, entries: Sequence[KeyEntry]
    ) -> Mapping[int, KeyAnswer]:
        """Keep a page's keys; the numbers of those that another place had before."""
        self._pages[segment] = (start, following)
        if self._many is None and len(self._few) + len(entries) > FEW:
            self._spill()
        if self._many is not None:
            return self._meet_many(self._many, segment, entries)
        met = {}
        for number, entry in enumerate(entries):
            first = self._few.setdefault(entry.key, KeyAnswer(segment, entry.place, entry.hash))
            if (first.segment, first.place) != (segment, entry.place):
                met[number] = first
        return met

    def free(self, segment: int, entries: Sequence[KeyEntry]) -> None:
        """Let go of the keys of these places."""
        if self._many is None:
            for entry in entries:
                first = self._few.get(entry.key)
                if first is not None and (first.segment, first.place) == (segment, entry.place):
                    del self._few[entry.key]
            return
        places = [(*_SPLIT(entry.key), segment, entry.place) for entry in entries]
        with self._translated(), _transaction(self._many):
            self._many.executemany("DELETE FROM keys WHERE key = ? AND proof = ? AND segment = ? AND place = ?", places)

    def forget(self) -> None:
        """Begin anew, with no key."""
        self._few.clear()
        self._pages.clear()
        self._remove()

    def close(self, *, over: bool) -> None:
        """Let go; the file stays only for a job that can be resumed."""
        if over or not self._lasts:
            self.forget()
        elif self._many is not None:
            self._many.close()
            self._many = None

    def _meet_many(
        self, many: sqlite3.Connection, segment: int, entries: Sequence[KeyEntry]
    ) -> Mapping[int, KeyAnswer]:
        halves = [_SPLIT(entry.key) for entry in entries]
        # In the order of their keys, so that neighbours in the file are written together.
        lines = sorted([(*half, segment, place, made) for half, (_, place, made) in zip(halves, entries, strict=True)])
        with self._translated(), _transaction(many):
            before = many.total_changes
            _insert(many, lines)
            known = many.total_changes - before < len(lines)
            many.execute("REPLACE INTO pages VALUES (?, ?, ?)", (segment, *self._pages[segment]))
            return self._found(many, segment, entries, halves) if known else {}

    def _found(
        self, many: sqlite3.Connection, segment: int, entries: Sequence[KeyEntry], halves: Sequence[tuple[int, int]]
    ) -> dict[int, KeyAnswer]:
        met = {}
        find = "SELECT segment, place, hash FROM keys WHERE key = ? AND proof = ?"
        for number, (entry, half) in enumerate(zip(entries, halves, strict=True)):
            line = many.execute(find, half).fetchone()
            if line is not None and line[:2] != (segment, entry.place):
                met[number] = KeyAnswer(*line)
        return met

    def _spill(self) -> None:
        """From memory into the file."""
        if self._path is None:
            file, name = tempfile.mkstemp(prefix="dynasmith-", suffix=".keys")
            self._path = Path(name)
        else:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.close(file)
        with self._translated():
            many = self._many = _opened(self._path)
            many.executescript(_TABLES)
            lines = sorted((*_SPLIT(key), *met) for key, met in self._few.items())
            pages = [(segment, *page) for segment, page in self._pages.items()]
            with _transaction(many):
                _insert(many, lines)
                many.executemany("INSERT INTO pages VALUES (?, ?, ?)", pages)
        self._few.clear()

    def _open_again(self, path: Path) -> None:
        """The file of a job that is resumed; one that cannot be read counts as lost."""
        try:
            self._many = _opened(path)
            self._pages = {segment: (*page,) for segment, *page in self._many.execute("SELECT * FROM pages")}
        except sqlite3.Error:
            self.forget()

    def _remove(self) -> None:
        if self._many is not None:
            self._many.close()
            self._many = None
        if self._path is not None:
            for end in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)
        if not self._lasts:
            self._path = None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            with suppress(sqlite3.Error, OSError):  # what is half there is of no use: it is made anew at the resume
                self._remove()
            raise RunError(
                f"The job's list of keys could not be written ({self._path or tempfile.gettempdir()}): {error}.",
                hint="free disk space or fix the permissions, then resume the job; nothing is lost",
            ) from error


def _insert(many: sqlite3.Connection, lines: Sequence[tuple[object, ...]]) -> None:
    """Those of the lines that are new. Many a statement: each one gives Python's lock away and waits for it."""
    for start in range(0, len(lines), _AT_ONCE):
        some = lines[start : start + _AT_ONCE]
        values = ", ".join(["(?, ?, ?, ?, ?)"] * len(some))
        many.execute(f"INSERT INTO keys VALUES {values} ON CONFLICT DO NOTHING", [*chain.from_iterable(some)])


def _opened(path: Path) -> sqlite3.Connection:
    many = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (
            f"cache_size = -{CACHE_KIB}",
            "locking_mode = EXCLUSIVE",
            "journal_mode = WAL",
            "synchronous = OFF",
        ):
            many.execute(f"PRAGMA {pragma}")
    except BaseException:
        many.close()
        raise
    return many


@contextmanager
def _transaction(many: sqlite3.Connection) -> Iterator[None]:
    many.execute("BEGIN")
    yield  # where this raises, the file is removed: there is nothing to roll back
    many.execute("COMMIT")
