"""Records of CSV: Python's csv module both cuts and parses them, so there is one rule for where a record ends.

The module is given line after line and takes as many as a record needs; what it took is the record's length. So a
position is always the border of a record, and reading from it gives what reading from the start gives.
"""

import csv
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

from dynasmith.errors import FileFormatError
from dynasmith.files.items.streams import ItemStream
from dynasmith.files.items.text_lines import CHUNK_BYTES, RECORD_BYTES_MAX, check_length, text_lines


@dataclass(slots=True)
class CsvRecord:
    """One record: the ``line`` it begins on (from 1), its ``cells``, and the lines that it was read from.

    ``fault`` says in a sentence why it cannot be trusted: it is not UTF-8, a quoted value in it is not closed, or text
    stands behind a closing quote. The ``cells`` are what the module reads all the same.
    """

    line: int
    cells: list[str]
    lines: list[bytes] = field(default_factory=list)
    fault: str = ""
    not_text: bool = False

    @property
    def raw(self) -> bytes:
        """The bytes of the record, with its end."""
        return b"".join(self.lines)


class CsvRecords:
    """Reads records from ``opened``, which stands at ``at`` bytes and ``line`` lines from the start.

    ``delimiter`` stands between values. ``ended`` is True when nothing follows. Blank lines are passed over.
    """

    def __init__(
        self, opened: ItemStream, at: int, line: int, *, delimiter: str = ",", chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self._path = opened.path
        self.at, self.line = at, line
        self.ended = False
        self._delimiter = delimiter
        self._source = text_lines(opened, chunk_bytes)
        self._taken: list[bytes] = []
        self._bytes = self._first = 0
        self._not_text = False
        self._reader = csv.reader(self._lines(), delimiter=delimiter)

    def take(self, count: int, size: int) -> list[CsvRecord]:
        """Read up to ``count`` records or about ``size`` bytes; an empty list at the end. Raises FileFormatError."""
        found: list[CsvRecord] = []
        taken = 0
        with _long_fields():
            while len(found) < count and (taken < size or not found):
                record = self._one()
                if record is None:
                    self.ended = True
                    break
                taken += self._bytes
                if record.cells:
                    found.append(record)
        return found

    def _one(self) -> CsvRecord | None:
        self._taken, self._bytes, self._not_text = [], 0, False
        first = self._first = self.line + 1
        try:
            cells = next(self._reader, None)
        except csv.Error as error:
            raise FileFormatError(f"{self._path}:{first}: this record is not CSV ({error}).") from error
        if cells is None:
            return None
        self.at += self._bytes
        fault = ""
        if self.ended:  # the reader wanted more lines than there are
            fault = (
                "A quoted value of the record is not closed, so that it goes on to the end of the file, "
                f"line {self.line:,}."
            )
        if self._not_text:
            fault = "The record is not UTF-8."
        if not fault and any(b'"' in line for line in self._taken):
            fault = self._quoting_fault()
        return CsvRecord(first, cells, self._taken, fault, self._not_text)

    def _quoting_fault(self) -> str:
        """Why the record is not CSV although the module reads it: it joins what stands behind a closing quote."""
        try:
            for _ in csv.reader([line.decode() for line in self._taken], delimiter=self._delimiter, strict=True):
                pass
        except csv.Error as error:
            return f"The record has text behind a closing quote ({error})."
        return ""

    def _lines(self) -> Iterator[str]:
        for line in self._source:
            self.line += 1
            self._bytes += len(line)
            check_length(self._path, self._bytes, self._first)
            self._taken.append(line)
            try:
                text = line.decode()
            except UnicodeDecodeError:
                self._not_text = True
                text = line.decode(errors="surrogateescape")
            yield text
        self.ended = True


class _FieldLimit:
    """The csv module's limit of a field, which is one for the whole process: raised while somebody reads here."""

    lock: ClassVar = threading.Lock()
    readers: ClassVar[int] = 0
    before: ClassVar[int] = 0


@contextmanager
def _long_fields() -> Iterator[None]:
    limit = _FieldLimit
    with limit.lock:
        if limit.readers == 0:
            limit.before = csv.field_size_limit()
            csv.field_size_limit(max(limit.before, RECORD_BYTES_MAX))
        limit.readers += 1
    try:
        yield
    finally:
        with limit.lock:
            limit.readers -= 1
            if limit.readers == 0:
                csv.field_size_limit(limit.before)
