"""What a name on a command line or of an argument means: a file, or a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dynasmith.files.items.manifest import MANIFEST
from dynasmith.jobs.service_transfer import is_s3

FILE_SCHEMES = ("/", "./", "../", "~")
FILE_ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".gz", ".zst")


def is_file(name: str) -> bool:
    """Whether a SOURCE or TARGET is a file: by its look as a path, by a format at its end, or as an export that is
    there (a folder with a manifest). Everything else is a table."""
    path = Path(name)
    if name.startswith(FILE_SCHEMES) or name.lower().endswith(FILE_ENDINGS):
        return True
    return (path / MANIFEST).is_file() or ("/" in name and path.exists())


def absolute(name: str) -> str:
    """A file name that means the same in another working directory; ``-`` is standard input, and
    a place in S3 is one everywhere."""
    return name if name == "-" or is_s3(name) else str(Path(name).expanduser().absolute())


def file_names(files: object) -> list[str] | None:
    """File names, or None where these are items themselves."""
    if isinstance(files, str | Path):
        return [str(files)]
    if isinstance(files, Sequence) and all(isinstance(name, str | Path) for name in files):
        return [str(name) for name in files]
    return None
