"""Files opened as ends of a flow: what ``populate`` and ``export`` are wired with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dynasmith.errors import UsageError
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.manifest import MANIFEST, Manifest, beside
from dynasmith.files.items.opening import STDIN
from dynasmith.files.items.sink import Compression, FileSink, Head, Style, style_of
from dynasmith.files.items.source import FileFormat, FileSource
from dynasmith.items.key import KeySchema
from dynasmith.ports.items import Heard, OpenSink, OpenSource


@dataclass(frozen=True, slots=True)
class FileEnd:
    """Files as a source. ``items`` is what manifests say, None where there is none; ``size_bytes`` what they weigh.

    ``manifest`` is the one of our own export, with the table's key and definition. ``said`` holds, once the flow has
    begun, which CSV types were declared and which inferred.
    """

    open: OpenSource
    segments: int
    items: int | None
    size_bytes: int
    manifest: Manifest | None
    said: list[str]


def file_end(
    paths: Sequence[str],
    key: KeySchema,
    *,
    format: FileFormat = "auto",  # noqa: A002  # the word that the command line has
    types: Mapping[str, str] | None = None,
    page_items: int | None = None,
) -> FileEnd:
    """The files of ``paths`` (``-`` is standard input) as a source of items with ``key``.

    Reads manifests, not items. Raises RunError where a file is absent, FileFormatError for a damaged manifest.
    """
    layout = layout_of(paths)
    said: list[str] = []

    async def opened(_heard: Heard) -> FileSource:
        source = FileSource(layout, key, format=format, types=types, page_items=page_items or 1000)
        source.said = said
        return source

    counts = [part.items for part in layout.parts]
    return FileEnd(
        open=opened,
        segments=len(layout.parts),
        items=None if None in counts else sum(count or 0 for count in counts),
        size_bytes=sum(Path(part.path).stat().st_size for part in layout.parts if part.path != STDIN),
        manifest=layout.manifest,
        said=said,
    )


def export_end(
    dest: str,
    head: Head,
    *,
    style: Style | None = None,
    compression: Compression | None = None,
    split_bytes: int | None = None,
    resumed: bool = False,
) -> OpenSink:
    """A folder, or one file where ``dest`` names one (``items.jsonl.gz``, ``items.csv``), as a sink.

    What the name says wins nothing over what is said: both must agree. Raises UsageError where they do not, where an
    export is there already (unless it is resumed), or where one file shall be split.
    """
    path = Path(dest)
    named = style_of(path.name)
    if named is not None:
        if style not in (None, named[0]) and not (style == "plain" and named[0] == "dynamodb"):
            raise UsageError(f"{dest} is named as {named[0]}, and {style} was asked for.", hint="name it otherwise")
        if compression not in (None, named[1]):
            raise UsageError(f"{dest} is not named as {compression}.", hint=f"name it {path.name}.{compression}")
        if split_bytes is not None:
            raise UsageError(f"{dest} is one file, and cannot be split.", hint="name a folder")
        style, compression = style or named[0], named[1]
    there = path if named is not None else path / MANIFEST
    if there.exists() and not resumed:
        raise UsageError(f"{there} exists already.", hint="name another place, or remove it")
    if named is None and path.is_dir() and any(path.iterdir()) and not resumed:
        raise UsageError(f"{dest} is a folder that is not empty.", hint="name another one, or empty it")

    async def opened(_heard: Heard) -> FileSink:
        return FileSink(path, head, style=style or "dynamodb", compression=compression or "", split_bytes=split_bytes)

    return opened


def manifest_path(dest: str) -> Path:
    """Where the manifest of an export is."""
    path = Path(dest)
    return beside(path) if style_of(path.name) is not None else path / MANIFEST
