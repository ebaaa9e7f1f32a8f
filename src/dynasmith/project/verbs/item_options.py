"""The keywords of the verbs that move items, and what becomes of them: the options that a job keeps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias, cast

from msgspec import UNSET

from dynasmith.errors import UsageError
from dynasmith.files.items.destination import check_dest
from dynasmith.jobs.options import Database, ExportOptions, ReadOptions, TransferOptions, mode_of
from dynasmith.project.verbs.export_files import export_options as named_options
from dynasmith.project.verbs.file_names import file_names

Expired: TypeAlias = Literal["keep", "skip"]
OnRefusal: TypeAlias = Literal["stop", "dead"]
Transport: TypeAlias = Literal["direct", "aiohttp", "botocore"]
ExportFormat: TypeAlias = Literal["dynamodb", "plain", "plain-lossy", "csv", "tsv"]
Compression: TypeAlias = Literal["gz", "zst", "none"]
FileFormat: TypeAlias = Literal["auto", "lines", "array", "csv", "tsv", "dynamodb", "plain", "mongo"]


def transfer_options(
    *,
    mode: str = "overwrite",
    filter: str = "",
    expired: Expired = "keep",
    on_error: OnRefusal = "stop",
    consistent: bool = False,
    digest: bool = True,
    segments: int | None = None,
    batch_size: int | None = None,
    processes: int | None = None,
    max_read_units: float | None = None,
    max_write_units: float | None = None,
    share: float = 0.5,
    limit_items: int | None = None,
) -> TransferOptions:
    """The options of a job."""
    return TransferOptions(
        mode=mode_of(mode),
        condition=filter,
        expired=expired,
        on_error=on_error,
        consistent=consistent,
        digest=digest,
        segments=segments,
        batch_size=batch_size,
        processes=processes or 0,
        max_read_units=max_read_units,
        max_write_units=max_write_units,
        share=share,
        limit_items=UNSET if limit_items is None else limit_items,
    )


def backup_name(backup_first: bool | str) -> str | None:
    """The name of a backup, empty for the default one; None is no backup."""
    return backup_first if isinstance(backup_first, str) else "" if backup_first else None


def where_or_filter(where: str, filter: str) -> str:
    """The condition of a backfill. Raises UsageError where both words are used."""
    if where and filter:
        raise UsageError("where and filter mean the same; use one of them.", hint="join two conditions with AND")
    return where or filter


def export_options(
    dest: str | Path, format: ExportFormat | None, compress: Compression | None, split_bytes: int | None
) -> ExportOptions:
    """How an export is written: what the name of its file says, and what was asked for. Raises UsageError where they
    contradict each other, and where nothing can be written at ``dest``."""
    name = str(dest)
    options = named_options(name, style=format, compression=compress, split_bytes=split_bytes)
    check_dest(dest)
    return options


def stream_options(format: ExportFormat | None, compress: Compression | None) -> ExportOptions:
    """How an export to a stream is written."""
    return ExportOptions(style=format or "dynamodb", compression=compress if compress in ("gz", "zst") else "")


def read_format(name: str) -> FileFormat:
    """The format of files that dynasmith reads: ``ion`` was refused before."""
    return cast(FileFormat, name)


def read_options(
    files: object, format: FileFormat, types: Mapping[str, str] | None, map: Mapping[str, str] | None
) -> ReadOptions:
    """How files are read. Raises UsageError where there are none and an option says how to."""
    if files is None or (not isinstance(files, Database) and file_names(files) is None):
        for given, word in ((types, "types"), (format != "auto", "format"), (map, "map")):
            if given:
                raise UsageError(
                    f"{word} says how files are read, and there are no files.", hint=f"name a file, or remove {word}"
                )
    if isinstance(files, Database) and map:
        raise UsageError("A Database has a map of its own.", hint="Database(url=..., map={...})")
    return ReadOptions(format=format, types=dict(types or {}), map=dict(map or {}))
