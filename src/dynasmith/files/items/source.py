"""Files as a source: one segment a file, pages of some items, positions that a job goes on from."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from dynasmith.errors import CheckpointError, FileFormatError, UsageError
from dynasmith.files.items.csv_fields import CSV_TYPES
from dynasmith.files.items.detection import FILE_FORMATS, FileFormat
from dynasmith.files.items.foreign import FieldTemplates
from dynasmith.files.items.layout import FilePart, Layout
from dynasmith.files.items.parts import OpenPart, PartPlace, PartReader, open_part
from dynasmith.files.items.streams import STDIN, plain_bytes
from dynasmith.items.key import KeySchema
from dynasmith.jobs.file_facts import CsvFields, Decision
from dynasmith.ports.concurrency import ThreadCalls
from dynasmith.ports.items import DeadLetter, Page


class SourceSummary(msgspec.Struct, frozen=True):
    """What the files were found to be: the ``fields`` of those of CSV, and what was ``decided`` of each."""

    fields: tuple[CsvFields, ...] = ()
    decided: tuple[Decision, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of it, a sentence without its full stop each."""
        csv = {each.path for each in self.fields}
        return tuple(map(str, (*self.fields, *(each for each in self.decided if each.path not in csv))))


class FileSource:
    """Reads items from the files of ``layout``. ``key`` is the target's key, which every item must have.

    ``types`` declares CSV fields, ``format`` overrides what the first records say, ``page_items`` bounds a page;
    ``renaming`` rewrites names and ids, in every format.
    A record that is not an item becomes a dead entry with file, line and reason, as does what a file says it lacks; a
    damaged or cut file raises FileFormatError. ``look`` says before a job begins what the files are.
    """

    def __init__(
        self,
        layout: Layout,
        key: KeySchema,
        *,
        format: FileFormat = "auto",  # noqa: A002  # the word that the command line has
        types: Mapping[str, str] | None = None,
        page_items: int = 1000,
        renaming: FieldTemplates | None = None,
    ) -> None:
        self._parts = layout.parts
        if format not in FILE_FORMATS:
            raise UsageError(f"{format!r} is not a format of files.", hint=f"one of {', '.join(FILE_FORMATS)}")
        self._reading = PartReader(key, format, dict(types or {}), renaming or FieldTemplates({}))
        self._check_types()
        self._page_items = page_items
        self._open: dict[int, OpenPart] = {}
        self._threads = ThreadCalls()

    @property
    def segments(self) -> int:
        """One for each file."""
        return len(self._parts)

    async def read(self, segment: int, start: bytes | None) -> Page:
        """The page at ``start``; read and unpacked in a thread."""
        if self._parts[segment].path == STDIN:  # it stays open, and may keep a thread waiting for as long as it likes
            return await asyncio.to_thread(self._page, segment, start)
        return await self._threads.run(self._page, segment, start)

    def look(self) -> SourceSummary:
        """Open what was named and close it again: what each file is.

        Costs the first megabyte of a file. Parts of an export have a manifest and are not opened; standard input stays
        open, because it cannot be read again. Raises FileFormatError for what is not a file of items, or CSV without
        the key, and UsageError for a sample that is mixed, and a declared type that no file has a field for.
        """
        fields, decided = [], []
        for number, part in enumerate(self._parts):
            if part.notation:
                continue
            opened = open_part(part, PartPlace(0, 0, 0), self._reading)
            if part.path == STDIN:
                self._open[number] = opened
            else:
                opened.close()
            decided.append(opened.decision)
            if opened.fields:
                fields.append(CsvFields(part.path, tuple(opened.fields)))
        self._check_fields(fields, [(each.path, each.cut) for each in decided])
        return SourceSummary(tuple(fields), tuple(decided))

    def count_estimate(self) -> int:
        """About how many items the files hold, from a page of each: exact where a page is all; 0 for standard input."""
        total = 0.0
        for segment, part in enumerate(self._parts):
            if part.path == STDIN:
                return 0
            page = self._page(segment, None)
            share = 1.0 if page.next is None else plain_bytes(part.path) / self._open[segment].at
            total += len(page.items) * share
        return round(total)

    async def close(self) -> None:
        """Close the files, after the pages that are still being read."""
        await self._threads.ended()
        for part in self._open.values():
            part.close()
        self._open.clear()

    def leave(self, segment: int) -> None:
        """Close the file of a segment; it is opened again where it is read again."""
        part = self._open.pop(segment, None)
        if part is not None:
            part.close()

    def _page(self, segment: int, start: bytes | None) -> Page:
        place = PartPlace(0, 0, 0) if start is None else _place_of(start)
        part = self._open.get(segment)
        if part is None or part.place != place:
            if part is not None:
                part.close()
            part = self._open[segment] = open_part(self._parts[segment], place, self._reading)
        taken = part.take(self._page_items)
        part.place = PartPlace(part.at, part.line, part.place.items + taken.read)
        dead = taken.dead
        at_end = part.ended or not taken.read
        if at_end:
            dead += _lacking(self._parts[segment], part)
        following = None if at_end else msgspec.json.encode(part.place)
        return Page(items=taken.items, next=following, read=taken.read, dead=tuple(dead), places=taken.places)

    def _check_types(self) -> None:
        types = self._reading.types
        unknown = sorted(set(types.values()) - set(CSV_TYPES))
        if unknown:
            raise UsageError(
                f"{', '.join(unknown)} is not a type of a CSV field.", hint=f"one of {', '.join(CSV_TYPES)}"
            )
        for part in self._reading.key.parts:
            if types.get(part.name, part.type) not in (part.type, "JSON"):
                raise UsageError(
                    f"--type says that {part.name} is {types[part.name]}, and in the table's key it is {part.type}.",
                    hint="remove it: the types of the key are known",
                )

    def _check_fields(self, found: Sequence[CsvFields], cuts: Sequence[tuple[str, str]]) -> None:
        names = {field.name for each in found for field in each.fields}
        if found and (missing := sorted(set(self._reading.types) - names)):
            raise UsageError(
                f"--type names {', '.join(missing)}, and no file has such a field.",
                hint=f"there are: {', '.join(sorted(names))}",
            )
        made = self._reading.renaming.templates
        needed = [name for name in self._reading.key.names if name not in made]
        for each in found:
            own = [field.name for field in each.fields]
            if lacking := [name for name in needed if name not in own]:
                between = "tabs" if dict(cuts)[each.path] == "tsv" else "commas"
                near = [repr(name) for name in own if name.strip() in lacking]
                if any("\0" in name for name in own):
                    raise FileFormatError(
                        f"{each.path} has NUL characters in its first line: it is UTF-16, or not text.",
                        hint=f"iconv -f UTF-16LE -t UTF-8 {each.path}, or UTF-16BE",
                    )
                raise FileFormatError(
                    f"{each.path} has no field {', '.join(lacking)}, which the table's key needs.",
                    hint=f"remove the spaces around {', '.join(near)} in its first line"
                    if near
                    else f"its first line names the attributes, with {between} between them",
                )


def _place_of(start: bytes) -> PartPlace:
    try:
        return msgspec.json.decode(start, type=PartPlace)
    except msgspec.DecodeError as error:
        raise CheckpointError(f"A checkpoint of a file is damaged: {error}.", hint="start a new job") from error


def _lacking(part: FilePart, opened: OpenPart) -> list[DeadLetter]:
    """At the end of a file: what it says that it does not hold. Raises FileFormatError where its manifest disagrees,
    or where less was read than there is."""
    items = opened.place.items
    if part.items is not None and part.items != items:
        raise FileFormatError(
            f"{part.path} holds {items} items, and its manifest says {part.items}.", hint="copy the file again"
        )
    size = _plain_size(part.path, opened)
    if size is not None and size != opened.consumed:
        raise FileFormatError(
            f"{part.path} changed while it was read: {opened.consumed:,} bytes were read, and it has {size:,}.",
            hint="copy the file, and read the copy",
        )
    if opened.missing:
        return [DeadLetter(code="incomplete", reason=opened.missing, place=f"{part.path}:{opened.line + 1}")]
    if opened.counted is not None and opened.counted > items:
        reason = f"The file says that it holds {opened.counted:,} items, and it holds {items:,}."
        return [DeadLetter(code="incomplete", reason=reason, place=f"{part.path}:{opened.line + 1}")]
    return []


def _plain_size(path: str, opened: OpenPart) -> int | None:
    """The length of a file that is not packed; None where it is unknown."""
    if path == STDIN or not opened.seekable:
        return None
    file = Path(path)
    return os.stat(file).st_size if file.is_file() else None
