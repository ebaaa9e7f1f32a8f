"""Which files hold the items: files as named, a folder of ours, a folder of the service's export."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from dynasmith.errors import FileFormatError, RunError
from dynasmith.files.items.manifest import MANIFEST, Manifest, manifest_beside, read_manifest
from dynasmith.files.items.streams import STDIN, translated
from dynasmith.items.value import NOT_JSON


class FilePart(msgspec.Struct, frozen=True):
    """One file of items. ``items`` is how many it must hold, where a manifest says so; ``local`` is where its bytes
    are, if ``path`` is the name of something elsewhere."""

    path: str
    items: int | None = None
    notation: str = ""
    local: str = ""


class Layout(msgspec.Struct, frozen=True):
    """The files to read, and our manifest where they are an export of ours."""

    parts: tuple[FilePart, ...]
    manifest: Manifest | None = None


class _Summary(msgspec.Struct, rename="camel"):
    item_count: int = 0
    output_format: str = "DYNAMODB_JSON"
    export_type: str = "FULL_EXPORT"


class _DataFile(msgspec.Struct, rename="camel"):
    data_file_s3_key: str = msgspec.field(name="dataFileS3Key")
    item_count: int = 0
    md5_checksum: str = ""


def layout_of(paths: Sequence[str]) -> Layout:
    """The files behind what was named. Raises RunError and FileFormatError. Reads manifests, not items."""
    if not paths:
        raise RunError("No file was named.", hint="dynasmith populate TABLE FILE...")
    for name in paths:
        _check_kind(name)
    if len(paths) == 1 and paths[0] != STDIN:
        path = Path(paths[0])
        if path.is_dir():
            return _folder(path)
        manifest = manifest_beside(path)
        if manifest is not None:
            return Layout((FilePart(str(path), manifest.count, manifest.notation),), manifest)
    for name in paths:
        if name != STDIN and not Path(name).exists():
            raise RunError(f"There is no file {name}.", hint="check the path")
        if name != STDIN and Path(name).is_dir():
            raise RunError(f"{name} is a folder, and it was named beside others.", hint="name one folder, or files")
    return Layout(tuple(FilePart(name) for name in paths))


def _check_kind(name: str) -> None:
    """Raise RunError for a pipe or a device: a file is read twice, and what a pipe gave once is gone then."""
    if name == STDIN:
        return
    path = Path(name)
    if path.exists() and not path.is_file() and not path.is_dir():
        raise RunError(
            f"{name} is a pipe or a device, and a file is read more than once.",
            hint="give JSON to standard input (COMMAND | dynasmith populate TABLE -), or write it to a file first",
        )


def _folder(folder: Path) -> Layout:
    if (folder / MANIFEST).is_file():
        manifest = read_manifest(folder / MANIFEST)
        parts = []
        for part in manifest.parts:
            if not (folder / part.name).is_file():
                raise FileFormatError(f"{folder} lacks {part.name}, which its manifest names.", hint="copy it again")
            parts.append(FilePart(str(folder / part.name), part.items, manifest.notation))
        return Layout(tuple(parts), manifest)
    with translated(str(folder)):
        summaries = sorted(folder.glob("**/manifest-summary.json"))
    if len(summaries) == 1:
        return _service_export(summaries[0])
    if summaries:
        names = ", ".join(str(summary.parent.relative_to(folder)) for summary in summaries[:5])
        raise RunError(f"{folder} holds {len(summaries)} exports of the service.", hint=f"name one of them: {names}")
    raise RunError(
        f"{folder} holds no export: neither {MANIFEST} nor manifest-summary.json is in it.",
        hint="name its files instead",
    )


def _service_export(summary_path: Path) -> Layout:
    """The layout that ExportTableToPointInTime writes (Developer Guide, "DynamoDB table export output format")."""
    folder = summary_path.parent
    with translated(str(summary_path)):
        summary = _parsed(summary_path, summary_path.read_bytes(), _Summary)
        listing = (folder / "manifest-files.json").read_bytes()
    if summary.output_format != "DYNAMODB_JSON":
        raise FileFormatError(
            f"{folder} is an export in {summary.output_format}.", hint="export again with DYNAMODB_JSON"
        )
    if summary.export_type != "FULL_EXPORT":
        raise FileFormatError(
            f"{folder} is an incremental export, which holds changes, not items.", hint="populate from a full export"
        )
    files = [_parsed(folder / "manifest-files.json", line, _DataFile) for line in listing.splitlines() if line.strip()]
    counted = sum(file.item_count for file in files)
    if counted != summary.item_count:
        raise FileFormatError(
            f"{folder} disagrees with itself: {summary.item_count} items in its summary, {counted} in its files.",
            hint="is it complete?",
        )
    return Layout(tuple(_checked_file(folder, file) for file in files))


def _checked_file(folder: Path, file: _DataFile) -> FilePart:
    path = folder / "data" / Path(file.data_file_s3_key).name
    with translated(str(path)), path.open("rb") as opened:
        md5 = base64.b64encode(hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).digest())
    if file.md5_checksum and md5.decode() != file.md5_checksum:
        raise FileFormatError(f"{path} is damaged: its MD5 is not what the manifest says.", hint="copy it again")
    return FilePart(str(path), file.item_count, "enveloped")


Parsed = TypeVar("Parsed", bound=msgspec.Struct)


def _parsed(path: Path, text: bytes, kind: type[Parsed]) -> Parsed:
    try:
        return msgspec.json.decode(text, type=kind)
    except NOT_JSON as error:
        raise FileFormatError(f"{path} is not the manifest that it should be: {error}.") from error
