"""The ends of a job as they can be found again: tables, here or elsewhere, and files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.files.items.manifest import MANIFEST

FILE_SCHEMES = ("/", "./", "../", "~")
FILE_ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".gz", ".zst")


class Location(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One end of a job, as it can be found again: a table, and where, if not in the project's own environment."""

    table: str
    env: str = ""
    endpoint: str = ""
    region: str = ""
    profile: str = ""
    role_arn: str = ""

    @property
    def elsewhere(self) -> bool:
        """Whether it is not in the project's own environment."""
        return bool(self.env or self.endpoint or self.region or self.profile or self.role_arn)


class ExportOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an export is written: style ``dynamodb``, ``plain``, ``plain-lossy``, ``csv`` or ``tsv``; compression ``gz``,
    ``zst`` or none.

    ``export`` is the name by which the export knows its own parts again; each gets a new one."""

    style: str = "dynamodb"
    compression: str = ""
    split_bytes: int | None = None
    export: str = ""


class ReadOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How files of items are read: ``format`` where it is not to be found out, ``types`` of CSV fields, ``map`` of
    names to templates that rewrite ids (``{"id": "user-{id}"}``) in plain JSON and mongoexport files."""

    format: str = "auto"
    types: dict[str, str] = {}
    map: dict[str, str] = {}


def side_of(said: str | Location, *, isolated: bool) -> Location:
    """A side as it was said. An ARN says its Region too, unless the environment has an endpoint and never leaves it."""
    side = said if isinstance(said, Location) else Location(table=said)
    if not side.table.startswith("arn:"):
        return side
    parts = side.table.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("table/"):
        raise UsageError(f"{side.table} is not the ARN of a table.", hint="arn:aws:dynamodb:REGION:ACCOUNT:table/NAME")
    table = parts[5].removeprefix("table/")
    return replace(side, table=table, region=side.region or ("" if isolated else parts[3]))


def remembered(side: Location) -> dict[str, Any]:
    """A side as a job keeps it. It never holds a secret."""
    said: dict[str, Any] = msgspec.to_builtins(side)
    return said


def is_file(name: str) -> bool:
    """Whether a SOURCE or TARGET is a file: by its look as a path, by a format at its end, or as an export that is
    there (a folder with a manifest). Everything else is a table."""
    path = Path(name)
    if name.startswith(FILE_SCHEMES) or name.lower().endswith(FILE_ENDINGS):
        return True
    return (path / MANIFEST).is_file() or ("/" in name and path.exists())


def absolute(name: str) -> str:
    """A file name that means the same in another working directory; ``-`` is standard input."""
    return name if name == "-" else str(Path(name).expanduser().absolute())


def file_names(files: Any) -> list[str] | None:
    """File names, or None where these are items themselves."""
    if isinstance(files, str | Path):
        return [str(files)]
    if isinstance(files, Sequence) and all(isinstance(name, str | Path) for name in files):
        return [str(name) for name in files]
    return None
