"""The manifest of an export of ours: what is in it, to the digest, and the table it came from."""

from pathlib import Path
from typing import Any

import msgspec

from dynasmith.errors import FileFormatError
from dynasmith.files.items.streams import translated
from dynasmith.items.value import NOT_JSON

MANIFEST = "manifest.json"
FORMAT = 1


class ManifestPart(msgspec.Struct, frozen=True):
    """One file of the export: its name inside the folder, how many items it holds, its length."""

    name: str
    items: int
    bytes: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an export holds. ``definition`` is the table's definition, as a definition file would say it; ``export`` is
    the name of the export that wrote it."""

    format: int = FORMAT
    tool: str
    table: str
    created_at: str
    style: str
    compression: str = ""
    count: int
    digest: str
    key: tuple[tuple[str, str], ...]
    parts: tuple[ManifestPart, ...]
    definition: dict[str, Any] | None = None
    export: str = ""

    @property
    def notation(self) -> str:
        """How its items are written: ``enveloped``, ``plain``, or empty for CSV."""
        return {"dynamodb": "enveloped", "plain": "plain", "plain-lossy": "plain"}.get(self.style, "")


def beside(path: Path) -> Path:
    """Where the manifest of a single-file export is: ``items.jsonl.gz`` has ``items.jsonl.gz.manifest.json``."""
    return path.with_name(f"{path.name}.{MANIFEST}")


def manifest_beside(path: Path) -> Manifest | None:
    """The manifest of a single-file export, or None where there is none."""
    return read_manifest(beside(path)) if beside(path).is_file() else None


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises FileFormatError for a damaged one or one of a newer format."""
    with translated(str(path)):
        text = path.read_bytes()
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except NOT_JSON as error:
        raise FileFormatError(
            f"{path} is not a manifest of an export: {error}.", hint="it is damaged: copy it again"
        ) from error
    if manifest.format != FORMAT:
        raise FileFormatError(
            f"{path} has format {manifest.format}, and this version reads {FORMAT}.",
            hint="use the version that wrote it",
        )
    return manifest


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write it whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.touch(0o600)  # like the items beside it
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    temporary.replace(path)
