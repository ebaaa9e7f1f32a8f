"""One file of items, open at a place: records of JSON or of CSV, as items."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BufferedReader, BytesIO
from typing import Any, Protocol, cast

import msgspec

from dynasmith.errors import FileFormatError, ItemInvalid
from dynasmith.files.items.csv_fields import fields_of, item_of
from dynasmith.files.items.csv_records import CsvRecord, CsvRecords
from dynasmith.files.items.detection import SAMPLE_BYTES, SAMPLE_RECORDS, FileFormat, cut_of, decided
from dynasmith.files.items.elements import Elements
from dynasmith.files.items.foreign import FieldTemplates
from dynasmith.files.items.layout import FilePart
from dynasmith.files.items.notation import is_utf8, reader_of, renamed_wire, sure_reader_of
from dynasmith.files.items.records import Framing, Lines, Piece
from dynasmith.files.items.service_records import SERVICE_NOTATIONS, reader_of_service
from dynasmith.files.items.streams import STDIN, ItemStream
from dynasmith.items.key import KeySchema, check_key
from dynasmith.items.repeated_members import check_members
from dynasmith.jobs.file_facts import Cut, Decision, Field, Notation
from dynasmith.ports.items import DeadLetter, Item, Place

PAGE_BYTES = 1024 * 1024
_DELIMITERS = {"csv": ",", "tsv": "\t"}


class PartPlace(msgspec.Struct):
    """Where a file goes on: plain bytes and lines before it, and records read before it."""

    at: int
    line: int
    items: int


@dataclass(frozen=True, slots=True)
class PartReader:
    """How files are read: the table's key, and what was wanted of them."""

    key: KeySchema
    format: FileFormat
    types: dict[str, str]
    renaming: FieldTemplates


@dataclass(slots=True)
class PartPage:
    """The items of a page with their lines, and what is not an item; ``read`` counts the records."""

    read: int
    items: list[Item] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)


class OpenPart(Protocol):
    """One file open at ``place``. After the last page ``consumed`` is how many plain bytes were read, ``missing`` says
    why items are missing, and ``counted`` how many the file says it holds."""

    place: PartPlace
    decision: Decision

    @property
    def fields(self) -> Sequence[Field]:
        """The fields of CSV, in the order of the header; none for other formats."""
        ...

    @property
    def at(self) -> int:
        """Where the next record begins, in plain bytes."""
        ...

    @property
    def line(self) -> int:
        """The line of the next record, from 1."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the last record was read."""
        ...

    @property
    def consumed(self) -> int:
        """Plain bytes that were read."""
        ...

    @property
    def missing(self) -> str:
        """Why items are missing; empty where none is."""
        ...

    @property
    def counted(self) -> int | None:
        """How many items the file says it holds; None where it does not say."""
        ...

    @property
    def seekable(self) -> bool:
        """Whether reading can begin in the middle."""
        ...

    def take(self, count: int) -> PartPage:
        """The next page, of up to ``count`` records."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def open_part(part: FilePart, place: PartPlace, reading: PartReader) -> OpenPart:
    """Open a file at a place. Raises FileFormatError, RunError and, for a mixed file, UsageError."""
    opened = ItemStream(part.path, part.local)
    try:
        head = opened.head[opened.start :].lstrip()
        if not head and part.items is None:
            raise FileFormatError(f"{part.path} is empty.", hint="is it the right file?")
        if part.notation in SERVICE_NOTATIONS:
            opened.check_text()
            return _ServicePart(opened, part.notation, place, reading)
        wanted = "auto" if part.notation else reading.format
        cut = _cut_of(opened, head, wanted, reading.key)
        if cut in ("csv", "tsv"):
            return _CsvPart(opened, cut, place, reading, part.local)
        opened.check_text()
        if part.notation:
            decision = Decision(part.path, cut, cast(Notation, part.notation), declared=True)
        else:
            key = None if reading.renaming.templates else reading.key
            decision = decided(part.path, cut, _sample(opened, cut, part.local), wanted, key)
        return _JsonPart(opened, decision, place, reading)
    except BaseException:
        opened.close()
        raise


def _cut_of(opened: ItemStream, head: bytes, wanted: FileFormat, key: KeySchema) -> Cut:
    try:
        return cut_of(opened.path, head, wanted, key)
    except FileFormatError:
        opened.check_text()
        raise


class _Part:
    """What both kinds have."""

    decision: Decision
    _framing: Any

    def __init__(self, opened: ItemStream, place: PartPlace) -> None:
        self.opened, self.place = opened, place
        self.fields: Sequence[Field] = ()

    @property
    def at(self) -> int:
        """Plain bytes before the next record."""
        return cast(int, self._framing.at)

    @property
    def line(self) -> int:
        """Lines before the next record."""
        return cast(int, self._framing.line)

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return cast(bool, self._framing.ended)

    @property
    def seekable(self) -> bool:
        """Whether the file is not packed."""
        return self.opened.stream.seekable()

    def close(self) -> None:
        """Close the file."""
        self.opened.close()


class _JsonPart(_Part):
    """A file of JSON."""

    _framing: Framing

    def __init__(self, opened: ItemStream, decision: Decision, place: PartPlace, reading: PartReader) -> None:
        super().__init__(opened, place)
        self.decision = decision
        self._key = reading.key
        notation = decision.notation or "plain"
        self._read = reader_of(notation, reading.renaming, declared=decision.declared)
        self._sure: Callable[[bytes], bytes | None] | None = None
        if not reading.renaming.templates:
            self._sure = sure_reader_of(notation, reading.key)
        self._framing = _framing(opened, decision.cut, place)

    @property
    def consumed(self) -> int:
        """Plain bytes that were read."""
        return self._framing.consumed

    @property
    def missing(self) -> str:
        """Why the file does not hold all items."""
        return self._framing.missing

    @property
    def counted(self) -> int | None:
        """How many items the file says it holds."""
        return self._framing.counted

    def take(self, count: int) -> PartPage:
        """The next records."""
        pieces = self._framing.take(count, PAGE_BYTES)
        taken = PartPage(len(pieces))
        items, places, sure = taken.items, taken.places, self._sure
        for line, piece in pieces:
            item = piece  # what is an item but for its key goes to the dead letters as one, so that they can be used
            try:
                check_members(piece)
                if sure is not None and (found := sure(piece)) is not None:
                    items.append(found)
                    places.append(line)
                    continue
                if not is_utf8(piece):
                    raise ItemInvalid("This is not UTF-8.", hint="iconv -f LATIN1 -t UTF-8, if it is Latin-1")
                item = self._read(piece)
                check_key(item, self._key)
                items.append(item)
                places.append(line)
            except ItemInvalid as error:
                place = f"{self.opened.path}:{line}"
                taken.dead.append(DeadLetter(code="rejected", reason=error.message, item=item, place=place))
        return taken


class _ServicePart(_Part):
    """A data file of the service whose records are Ion, or changes: one a line."""

    missing = ""
    counted: int | None = None
    _framing: Lines

    def __init__(self, opened: ItemStream, notation: str, place: PartPlace, reading: PartReader) -> None:
        super().__init__(opened, place)
        self.decision = Decision(opened.path, "lines", declared=True)
        self._read = reader_of_service(notation, reading.key)
        at = place.at or opened.start
        opened.skip(at)
        self._framing = Lines(opened, at, place.line)

    @property
    def consumed(self) -> int:
        """Plain bytes that were read."""
        return self._framing.consumed

    def take(self, count: int) -> PartPage:
        """The next records."""
        pieces = self._framing.take(count, PAGE_BYTES)
        taken = PartPage(len(pieces))
        for line, piece in pieces:
            try:
                taken.items.append(self._read(piece))
                taken.places.append(line)
            except ItemInvalid as error:
                place = f"{self.opened.path}:{line}"
                taken.dead.append(DeadLetter(code="rejected", reason=error.message, item=piece, place=place))
        return taken


class _CsvPart(_Part):
    """A file of CSV: its header, fields by a sample, and its records."""

    missing = ""
    counted: int | None = None
    _framing: CsvRecords

    def __init__(self, opened: ItemStream, cut: Cut, place: PartPlace, reading: PartReader, local: str = "") -> None:
        super().__init__(opened, place)
        self._key, self._renaming = reading.key, reading.renaming
        delimiter = _DELIMITERS[cut]
        types = {part.name: part.type for part in reading.key.parts}
        moved = {field: types[name] for name, field in reading.renaming.moved.items() if name in types}
        types = {name: kind for name, kind in types.items() if name not in reading.renaming.moved} | moved
        self.fields, (at, line), records = _fields(opened.path, delimiter, reading.types, types, local)
        self.decision = Decision(opened.path, cut, records=records, declared=reading.format != "auto")
        if place.at:
            at, line = place.at, place.line
        opened.skip(at)
        self._framing = CsvRecords(opened, at, line, delimiter=delimiter)

    @property
    def consumed(self) -> int:
        """Plain bytes that were read."""
        return self._framing.at

    def take(self, count: int) -> PartPage:
        """The next records."""
        records = self._framing.take(count, PAGE_BYTES)
        taken = PartPage(len(records))
        for record in records:
            item = b""
            try:
                if record.fault:
                    raise ItemInvalid(record.fault)
                item = item_of(record.cells, self.fields)
                if self._renaming.templates:
                    item = renamed_wire(item, self._renaming)
                check_key(item, self._key)
                taken.items.append(item)
                taken.places.append(record.line)
            except ItemInvalid as error:
                place = f"{self.opened.path}:{record.line}"
                taken.dead.append(
                    DeadLetter(code="rejected", reason=error.message, item=item or record.raw, place=place)
                )
        return taken


def _fields(
    path: str, delimiter: str, types: Mapping[str, str], key: Mapping[str, str], local: str = ""
) -> tuple[tuple[Field, ...], tuple[int, int], int]:
    """The fields of a CSV file by its header and a sample, where its first item begins, and the records looked at."""
    if path == STDIN:
        raise FileFormatError("CSV is not read from standard input.", hint="write it to a file first")
    opened = ItemStream(path, local)
    try:
        opened.skip(opened.start)
        records = CsvRecords(opened, opened.start, 0, delimiter=delimiter)
        header = records.take(1, PAGE_BYTES)
        if not header:
            raise FileFormatError(f"{path} is empty.", hint="its first line names the attributes")
        after = records.at, records.line
        sample = [] if records.ended else records.take(SAMPLE_RECORDS, SAMPLE_BYTES)
    finally:
        opened.close()
    for record in (*header, *sample):
        _check_encoding(path, record)
    if header[0].fault:
        raise FileFormatError(f"{path}:{header[0].line}: {header[0].fault}", hint="the file is cut, or it is not CSV")
    rows = [record.cells for record in sample if not record.fault]
    return fields_of(header[0].cells, rows, types, key, path), after, len(sample)


def _check_encoding(path: str, record: CsvRecord) -> None:
    if record.not_text:
        raise FileFormatError(
            f"{path}:{record.line}: this is not a line of CSV in UTF-8.",
            hint="iconv -f LATIN1 -t UTF-8, if it is Latin-1",
        )


def _framing(opened: ItemStream, cut: Cut, place: PartPlace) -> Framing:
    """The pieces of a file, from ``place`` on."""
    if cut == "array":
        opened.skip(opened.start)
        return Elements(opened, opened.start, place.at, place.line)
    at = place.at or opened.start
    opened.skip(at)
    return Lines(opened, at, place.line)


def _sample(opened: ItemStream, cut: Cut, local: str = "") -> list[Piece]:
    """The first records of a file, looked at and not taken. Raises FileFormatError where it holds none."""
    path = opened.path
    if path == STDIN:
        return _sample_of_head(opened, cut)
    other = ItemStream(path, local)
    try:
        pieces = _framing(other, cut, PartPlace(0, 0, 0)).take(SAMPLE_RECORDS, SAMPLE_BYTES)
    finally:
        other.close()
    if not pieces and cut == "lines":
        raise FileFormatError(f"{path} holds no item.", hint="is it the right file?")
    return pieces


class _Head(ItemStream):
    """The first megabyte of standard input, as if it were all."""

    def __init__(self, opened: ItemStream) -> None:
        self.path = opened.path
        self.stream = BufferedReader(cast(Any, BytesIO(opened.head)))
        self.start = opened.start


def _sample_of_head(opened: ItemStream, cut: Cut) -> list[Piece]:
    pieces: list[Piece] = []
    try:
        framing = _framing(_Head(opened), cut, PartPlace(0, 0, 0))
        while len(pieces) < SAMPLE_RECORDS and (found := framing.take(1, 1)):
            pieces += found
    except FileFormatError:
        if not pieces:
            raise FileFormatError(
                "Standard input holds no item in its first megabyte.", hint="one item a line is easier to read"
            ) from None
    return pieces
