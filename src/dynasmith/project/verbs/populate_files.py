"""Files as the origin of a populate: looked at before a job begins, remembered by it, the same ones at its resume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from dynasmith.errors import CheckpointError, FileFormatError
from dynasmith.files.items.fingerprint import Fingerprint, check_unchanged, fingerprint_of
from dynasmith.files.items.foreign import renaming_of
from dynasmith.files.items.layout import Layout
from dynasmith.files.items.source import FileSource, Found
from dynasmith.files.items.streams import STDIN
from dynasmith.items.key import KeySchema
from dynasmith.jobs.job import Job
from dynasmith.jobs.report import Report
from dynasmith.ports.items import OpenSource, ThrottleListener
from dynasmith.project.locations import ReadOptions

FIELDS = "csv_fields"
"""The parameter of a job that says how each field of its CSV files is read."""
FORMATS = "formats"
"""The parameter of a job that says what each of its files was found to be."""
FINGERPRINTS = "fingerprints"
"""The parameter of a job by which it knows its files again."""
KEY = "key"
"""The parameter of a job that says the key of its target."""
ANEW = "populate the same data again with --mode skip-existing, or save it to a file and populate that"
"""How to go on with a job that read standard input."""
# Items of a page where nobody says --batch-size: a page of files is bounded by its bytes too.
PAGE_ITEMS = 1000


def file_source(layout: Layout, key: KeySchema, how: ReadOptions, page_items: int | None = None) -> OpenSource:
    """The files as a source. Raises UsageError at once for types and templates that are none."""
    return opens(new_source(layout, key, how, page_items))


def opens(made: FileSource) -> OpenSource:
    """Opens a source that is there already."""

    async def opened(_heard: ThrottleListener) -> FileSource:
        return made

    return opened


def remembered_files(layout: Layout, found: Found) -> dict[str, Any]:
    """What a job keeps of its files."""
    prints = {part.path: fingerprint_of(part.path) for part in layout.parts}
    kept: dict[str, Any] = {FINGERPRINTS: {path: msgspec.to_builtins(made) for path, made in prints.items() if made}}
    if found.fields:
        kept[FIELDS] = msgspec.to_builtins(found.fields)
    if found.decided:
        kept[FORMATS] = msgspec.to_builtins(found.decided)
    return kept


def check_files(parameters: Mapping[str, Any]) -> None:
    """Raise CheckpointError where a file of the job changed since it began, or is standard input, which nobody can look
    at again. The job stays as it is."""
    if STDIN in parameters.get("files", ()):
        raise CheckpointError("A job that reads standard input cannot be resumed.", hint=ANEW)
    try:
        kept = msgspec.convert(parameters.get(FINGERPRINTS, {}), dict[str, Fingerprint])
    except msgspec.ValidationError as error:
        raise CheckpointError(
            f"What the job keeps of its files is damaged: {error}.", hint="start a new job"
        ) from error
    for path, before in kept.items():
        check_unchanged(path, before)


def check_digest(report: Report, layout: Layout) -> None:
    """Raise FileFormatError where every item of an export was written and the digest is not its manifest's.

    For jobs without a transform. Says nothing with ``--map``, items left out, no digest, or an inexact export.
    """
    manifest, counts, parameters = layout.manifest, report.counts, report.job.parameters
    if manifest is None or manifest.style == "plain-lossy" or not manifest.digest:
        return
    whole = counts.written == counts.read == manifest.count == report.target.count
    if not whole or parameters.get("how", {}).get("map") or str(report.target) == manifest.digest:
        return
    raise FileFormatError(
        f"The items that were written ({report.target}) are not those that were exported ({manifest.digest}): "
        "a file of the export changed since.",
        hint="copy the export again and populate from it; dynasmith verify compares a table with it",
    )


def remembered_key(key: KeySchema) -> dict[str, Any]:
    """What a job keeps of its target."""
    return {KEY: key_words(key)}


def check_key_of(job: Job, table: str, key: KeySchema) -> None:
    """Raise CheckpointError where the target has another key than the one that the job began with."""
    before = job.parameters.get(KEY, key_words(key))
    if before != key_words(key):
        raise CheckpointError(
            f"Table {table} has the key {key_words(key)}, and had {before} when job {job.id} began.",
            hint="resume the job where the table is as it was, or start a new job",
        )


def key_words(key: KeySchema) -> str:
    """A key for a person: ``pk (S), sk (N)``."""
    return ", ".join(f"{part.name} ({part.type})" for part in key.parts)


def new_source(layout: Layout, key: KeySchema, how: ReadOptions, page_items: int | None = None) -> FileSource:
    """The files, to be looked at (`FileSource.look`) and read."""
    return FileSource(
        layout,
        key,
        format=how.format,  # type: ignore[arg-type]  # the source refuses another word
        types=how.types,
        page_items=page_items or PAGE_ITEMS,
        renaming=renaming_of(how.map),
    )
