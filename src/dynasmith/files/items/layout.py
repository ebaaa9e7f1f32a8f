"""Which files hold the items: files as named, a folder of ours, a folder of the service's export."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from dynasmith.errors import FileFormatError, RunError
from dynasmith.files.items.manifest import MANIFEST, Manifest, manifest_beside, read_manifest
from dynasmith.files.items.streams import STDIN, translated
from dynasmith.jobs.export_manifest import (
    FILES,
    DataFile,
    check_manifest_md5,
    checksum_name,
    manifest_of,
    summary_of,
)


class FilePart(msgspec.Struct, frozen=True):
    """One file of items. ``items`` is how many it must hold, where a manifest says so; ``local`` is where its bytes
    are, if ``path`` is the name of something elsewhere."""

    path: str
    items: int | None = None
    notation: str = ""
    local: str = ""


class Layout(msgspec.Struct, frozen=True):
    """The files to read, and our manifest where they are an export of ours. ``changes``: they hold changes of keys."""

    parts: tuple[FilePart, ...]
    manifest: Manifest | None = None
    changes: bool = False


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
    summary = summary_of(_manifest(summary_path), str(summary_path))
    if not summary.notation:
        raise FileFormatError(
            f"{folder} is an export in {summary.output_format}.", hint="export again with DYNAMODB_JSON or ION"
        )
    manifest = manifest_of(summary, _manifest(folder / FILES), str(folder))
    parts = tuple(_checked_file(folder, file, summary.notation) for file in manifest.files)
    return Layout(parts, changes=summary.incremental)


def _manifest(path: Path) -> bytes:
    """A manifest, compared with the checksum beside it where there is one."""
    beside = path.with_name(checksum_name(path.name))
    with translated(str(path)):
        content = path.read_bytes()
        checksum = beside.read_bytes() if beside.is_file() else None
    check_manifest_md5(content, checksum, str(path))
    return content


def _checked_file(folder: Path, file: DataFile, notation: str) -> FilePart:
    """A data file: in the folder of its export, or beside it, where those of incremental exports are."""
    name = Path(file.key).name
    path = next((path for path in (folder / "data" / name, folder.parent / "data" / name) if path.is_file()), None)
    if path is None:
        raise FileFormatError(f"{folder} lacks {name}, which its manifest names.", hint="copy the whole export again")
    with translated(str(path)), path.open("rb") as opened:
        md5 = base64.b64encode(hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).digest())
    if file.md5_checksum and md5.decode() != file.md5_checksum:
        raise FileFormatError(f"{path} is damaged: its MD5 is not what the manifest says.", hint="copy it again")
    return FilePart(str(path), file.item_count, notation)
