"""Files as a source: one segment a file, pages of some items, positions that a job goes on from."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, cast

import msgspec

from dynasmith.errors import CheckpointError, FileFormatError, ItemInvalid, UsageError
from dynasmith.files.items.foreign import Renaming
from dynasmith.files.items.framing import CsvLines, Elements, Framing, Lines, Piece
from dynasmith.files.items.layout import Layout, Part
from dynasmith.files.items.notation import (
    CSV_TYPES,
    Field,
    Notation,
    Read,
    cells,
    fields_of,
    is_utf8,
    item_of,
    notation_of,
    reader_of,
    sure_reader_of,
)
from dynasmith.files.items.opening import STDIN, Opened
from dynasmith.items.key import KeySchema, check_key
from dynasmith.ports.items import Dead, Item, Page, Place

PAGE_BYTES = 1024 * 1024
SAMPLE_LINES = 1000
"""Lines of CSV that types are inferred from."""

FileFormat: TypeAlias = Literal["auto", "lines", "array", "csv"]


class _Place(msgspec.Struct):
    """Where a file goes on: plain bytes and lines before it, items read before it, and whether anything is left."""

    at: int
    line: int
    items: int


class FileSource:
    """Reads items from the files of ``layout``. ``key`` is the target's key, which every item must have.

    ``types`` declares CSV fields, ``format`` overrides what the first bytes say, ``page_items`` bounds a page;
    ``renaming`` rewrites names and ids of plain JSON and of ``mongoexport`` files.
    What is no item becomes a dead entry with file, line and reason; a damaged or cut file raises FileFormatError.
    ``look`` says before a job begins what is no file of items, and which CSV types were inferred.
    """

    def __init__(
        self,
        layout: Layout,
        key: KeySchema,
        *,
        format: FileFormat = "auto",  # noqa: A002  # the word that the command line has
        types: Mapping[str, str] | None = None,
        page_items: int = 1000,
        renaming: Renaming | None = None,
    ) -> None:
        self._parts = layout.parts
        self._key = key
        self._format = format
        self._types = dict(types or {})
        self._check_types()
        self._page_items = page_items
        self._renaming = renaming or Renaming({})
        self._open: dict[int, _OpenPart] = {}

    @property
    def segments(self) -> int:
        """One for each file."""
        return len(self._parts)

    async def read(self, segment: int, start: bytes | None) -> Page:
        """The page at ``start``; read and unpacked in a thread."""
        return await asyncio.to_thread(self._page, segment, start)

    def look(self) -> tuple["CsvFields", ...]:
        """Open what was named and close it again: the fields of each CSV file.

        Costs the first megabyte of a file. Parts of an export have a manifest and are not opened, standard input could
        not be read again. Raises FileFormatError for what is no file of items, or CSV without the key, and UsageError
        for a declared type that no file has a field for.
        """
        found = []
        for part in self._parts:
            if part.path == STDIN or part.notation:
                continue
            opened = self._opened(part, _Place(0, 0, 0))
            opened.opened.close()
            if opened.fields:
                found.append(CsvFields(part.path, tuple(opened.fields)))
        names = {field.name for each in found for field in each.fields}
        if found and (missing := sorted(set(self._types) - names)):
            raise UsageError(
                f"--type names {', '.join(missing)}, and no file has such a field.",
                hint=f"there are: {', '.join(sorted(names))}",
            )
        for each in found:
            if lacking := [name for name in self._key.names if name not in {field.name for field in each.fields}]:
                raise FileFormatError(
                    f"{each.path} has no field {', '.join(lacking)}, which the table's key needs.",
                    hint="its first line names the attributes, with commas between them",
                )
        return tuple(found)

    async def close(self) -> None:
        """Close the files."""
        for part in self._open.values():
            part.opened.close()
        self._open.clear()

    def _page(self, segment: int, start: bytes | None) -> Page:
        place = _Place(0, 0, 0) if start is None else _place_of(start)
        part = self._open.get(segment)
        if part is None or part.place != place:
            if part is not None:
                part.opened.close()
            part = self._open[segment] = self._opened(self._parts[segment], place)
        pieces = part.framing.take(self._page_items, PAGE_BYTES)
        items, places, dead = self._items(part, pieces)
        part.place = _Place(part.framing.at, part.framing.line, part.place.items + len(pieces))
        at_end = part.framing.ended or not pieces
        if at_end:
            _check_count(self._parts[segment], part.place.items)
        following = None if at_end else msgspec.json.encode(part.place)
        return Page(items=items, next=following, read=len(pieces), dead=tuple(dead), places=places)

    def _check_types(self) -> None:
        unknown = sorted(set(self._types.values()) - set(CSV_TYPES))
        if unknown:
            raise UsageError(f"{', '.join(unknown)} is no type of a CSV field.", hint=f"one of {', '.join(CSV_TYPES)}")
        for part in self._key.parts:
            if self._types.get(part.name, part.type) != part.type:
                said = self._types[part.name]
                raise UsageError(
                    f"--type says that {part.name} is {said}, and in the table's key it is {part.type}.",
                    hint="leave it away: the types of the key are known",
                )

    def _items(self, part: "_OpenPart", pieces: Sequence[Piece]) -> tuple[list[Item], list[Place], list[Dead]]:
        items: list[Item] = []
        places: list[Place] = []
        dead: list[Dead] = []
        sure = part.sure
        for line, piece in pieces:
            if sure is not None and (found := sure(piece)) is not None:
                items.append(found)
                places.append(line)
                continue
            item = piece  # what is an item but for its key goes to the dead letters as one, so that they can be mended
            try:
                item = part.read(line, piece)
                check_key(item, self._key)
                items.append(item)
                places.append(line)
            except (ItemInvalid, FileFormatError) as error:
                place = f"{part.opened.path}:{line}"
                dead.append(Dead(code="rejected", reason=error.message, item=item, place=place))
        return items, places, dead

    def _opened(self, part: Part, place: _Place) -> "_OpenPart":
        opened = Opened(part.path)
        try:
            return self._begun(opened, part, place)
        except BaseException:
            opened.close()
            raise

    def _begun(self, opened: Opened, part: Part, place: _Place) -> "_OpenPart":
        head = opened.head[opened.start :].lstrip()
        if not head and part.items is None:
            raise FileFormatError(f"{part.path} is empty.", hint="is it the right file?")
        kind = _kind_of(part.path, head) if self._format == "auto" else self._format
        if kind == "csv":
            return self._csv(opened, place)
        notation = cast(Notation, part.notation) if part.notation else _first_notation(opened, kind)
        begin = place.at or opened.start
        opened.skip(begin)
        framing: Framing = (
            Lines(opened, begin, place.line)
            if kind == "lines"
            else Elements(opened, begin, place.line, inside=place.at > 0)
        )
        return _OpenPart(
            opened, framing, reader_of(notation, self._renaming), place, sure=sure_reader_of(notation, self._key)
        )

    def _csv(self, opened: Opened, place: _Place) -> "_OpenPart":
        fields, after = _fields(opened.path, self._types, {part.name: part.type for part in self._key.parts})
        at, line = (place.at, place.line) if place.at else after
        opened.skip(at)
        return _OpenPart(opened, CsvLines(opened, at, line), None, place, fields)


class CsvFields(msgspec.Struct, frozen=True):
    """A CSV file and its fields."""

    path: str
    fields: tuple[Field, ...]

    def __str__(self) -> str:
        return f"{self.path}: " + ", ".join(f"{field.name} is {field.type} ({field.how})" for field in self.fields)


class _OpenPart:
    """One file open at a place."""

    def __init__(
        self,
        opened: Opened,
        framing: Framing,
        read: Read | None,
        place: _Place,
        fields: Sequence[Field] = (),
        sure: Callable[[bytes], bytes | None] | None = None,
    ) -> None:
        self.opened, self.framing, self.place, self.fields = opened, framing, place, fields
        self.sure = sure
        self._read = read

    def read(self, line: int, piece: bytes) -> bytes:
        """One piece as an item on the wire."""
        if self._read is None:
            return item_of(cells(piece, self.opened.path, line), self.fields)
        if not is_utf8(piece):
            raise ItemInvalid("This is not UTF-8.", hint="iconv -f LATIN1 -t UTF-8, if it is Latin-1")
        return self._read(piece)


def _kind_of(path: str, head: bytes) -> FileFormat:
    """The framing that a file's first bytes, else its name, say."""
    name = path.lower()
    if any(part in name for part in (".csv", ".tsv")):
        return "csv"
    if head.startswith(b"["):
        return "array"
    if head.startswith(b"{"):
        return "array" if _is_listing(head) else "lines"
    if not head and not name.endswith(".json"):
        return "lines"
    shown = head[:20].decode("utf-8", "replace")
    raise FileFormatError(
        f"{path} is neither JSON Lines nor a JSON array nor named as CSV: it begins with {shown!r}.",
        hint="--format says what it is",
    )


def _is_listing(head: bytes) -> bool:
    """Whether the object that begins is ``{"Items": [...]}`` of a scan, or an item over several lines."""
    first = head.split(b"\n", 1)[0].strip()
    try:
        document = msgspec.json.decode(first, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        # The first line is no whole object: a listing over several lines, or one line of many megabytes.
        return b'"Items"' in head
    return "Items" in document and bytes(document["Items"]).startswith(b"[")


def _first_notation(given: Opened, kind: FileFormat) -> Notation:
    """How the items of a file are written, by its first one, which is looked at and not taken."""
    path = given.path
    if path == STDIN:
        head = given.head[given.start :].lstrip()
        return notation_of(head.split(b"\n", 1)[0] if kind == "lines" else _first_element(head), f"{path}:1")
    opened = Opened(path)
    try:
        opened.skip(opened.start)
        framing: Framing = Lines(opened, 0, 0) if kind == "lines" else Elements(opened, opened.start, 0, inside=False)
        first_pieces = framing.take(1, 1)
    finally:
        opened.close()
    if not first_pieces:
        if kind == "array":
            return "wire"  # an empty array: there is nothing to judge by, and nothing to read
        raise FileFormatError(f"{path} holds no item.", hint="is it the right file?")
    line, first = first_pieces[0]
    return notation_of(first, f"{path}:{line}")


def _first_element(head: bytes) -> bytes:
    decoder = msgspec.json.Decoder()
    start = head.index(b"[") + 1
    for end in (place for place in range(start, len(head)) if head[place] == ord("}")):
        try:
            decoder.decode(head[start : end + 1])
        except msgspec.DecodeError:
            continue
        return head[start : end + 1].strip()
    raise FileFormatError(
        "Standard input holds no item in its first megabyte.", hint="one item a line is easier to read"
    )


def _fields(path: str, types: Mapping[str, str], key: Mapping[str, str]) -> tuple[tuple[Field, ...], tuple[int, int]]:
    """The fields of a CSV file by its header and a sample, and where its first item begins."""
    if path == STDIN:
        raise FileFormatError("CSV is not read from standard input.", hint="write it to a file first")
    opened = Opened(path)
    try:
        opened.skip(opened.start)
        framing = CsvLines(opened, opened.start, 0)
        header = framing.take(1, PAGE_BYTES)
        if not header:
            raise FileFormatError(f"{path} is empty.", hint="its first line names the attributes")
        after = (framing.at, framing.line)
        sample = list(_readable(path, framing.take(SAMPLE_LINES, PAGE_BYTES)))
    finally:
        opened.close()
    return fields_of(cells(header[0][1], path, 1), sample, types, key, path), after


def _readable(path: str, pieces: Sequence[Piece]) -> Iterator[list[str]]:
    """The sample without lines that are no CSV: they are rejected in their turn. Another encoding is the file's."""
    for line, piece in pieces:
        try:
            yield cells(piece, path, line)
        except FileFormatError as error:
            if isinstance(error.__cause__, UnicodeDecodeError):
                raise


def _place_of(start: bytes) -> _Place:
    try:
        return msgspec.json.decode(start, type=_Place)
    except msgspec.DecodeError as error:
        raise CheckpointError(f"A checkpoint of a file is damaged: {error}.", hint="start a new job") from error


def _check_count(part: Part, items: int) -> None:
    if part.items is not None and part.items != items:
        raise FileFormatError(
            f"{part.path} holds {items} items, and its manifest says {part.items}.", hint="copy the file again"
        )
