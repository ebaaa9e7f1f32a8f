"""Files as the origin of a populate: looked at before a job begins, remembered by it, the same ones at its resume."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import CheckpointError, FileFormatError
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.items.fingerprint import check_unchanged, fingerprint_of
from dynasmith.files.items.foreign import renaming_of
from dynasmith.files.items.layout import Layout, layout_of
from dynasmith.files.items.source import FileSource
from dynasmith.files.items.streams import STDIN
from dynasmith.files.items.visible_files import OpenVisibleFiles
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.items.key import KeySchema
from dynasmith.jobs.file_facts import Fingerprint
from dynasmith.jobs.options import ReadOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.spec import Populate, PopulateFiles
from dynasmith.ports.items import OpenSource, ThrottleListener
from dynasmith.project.verbs.item_world import ItemWorld

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


def fingerprints_of(layout: Layout) -> dict[str, Fingerprint]:
    """By what a job knows its files again, by path; standard input is not among them."""
    made = {part.path: fingerprint_of(part.path) for part in layout.parts}
    return {path: fingerprint for path, fingerprint in made.items() if fingerprint is not None}


@dataclass(frozen=True, slots=True)
class NewSource:
    """Makes the source of files in a worker; see `new_source`."""

    key: KeySchema
    how: ReadOptions
    page_items: int | None = None

    def __call__(self, layout: Layout) -> FileSource:
        """The source."""
        return new_source(layout, self.key, self.how, self.page_items)


def files_origin(
    items: ItemWorld, layout: Layout, source: OpenSource, spec: PopulateFiles, key: KeySchema
) -> PopulateSource:
    """A source of files as the origin of a populate. At its end the digest of an export is compared with its manifest,
    unless a transform changed its items."""
    make = NewSource(key, spec.how, spec.options.batch_size)
    total = layout.manifest.count if layout.manifest else None
    names = [part.path for part in layout.parts]

    def finish(report: Report) -> None:
        if spec.transform is None:
            check_digest(report, layout)

    def visible(pages: OpenSource) -> OpenSource:
        return OpenVisibleFiles(layout, make, spec.fingerprints, pages)

    again = ANEW if STDIN in names else ""
    return PopulateSource(
        source,
        partial(seen_keys, items),
        len(names),
        names,
        total,
        visible=visible,
        again=again,
        changes=layout.changes,
        finish=finish,
    )


def resumed_files(items: ItemWorld, spec: PopulateFiles, target: TableEnd) -> PopulateSource:
    """The files of a job that goes on. Raises CheckpointError where one changed since the job began, or is standard
    input, which nobody can look at again."""
    if STDIN in spec.files:
        raise CheckpointError("A job that reads standard input cannot be resumed.", hint=ANEW)
    for path, before in spec.fingerprints.items():
        check_unchanged(path, before)
    layout = layout_of(spec.files)
    source = file_source(layout, target.key, spec.how, spec.options.batch_size)
    return files_origin(items, layout, source, spec, target.key)


def seen_keys(items: ItemWorld, job_id: str) -> SeenKeys:
    """The keys that a job has met: beside its checkpoints, or in a temporary file where those are in a table."""
    ledger = items.ledger
    return SeenKeys(ledger.folder / job_id / "keys.sqlite" if isinstance(ledger, FolderLedger) else None)


def check_digest(report: Report, layout: Layout) -> None:
    """Raise FileFormatError where every item of an export was written and the digest is not its manifest's.

    For jobs without a transform. Says nothing with ``--map``, items left out, no digest, or an inexact export.
    """
    manifest, counts, spec = layout.manifest, report.counts, report.job.spec
    if manifest is None or manifest.style == "plain-lossy" or not manifest.digest:
        return
    whole = counts.written == counts.read == manifest.count == report.target.count
    mapped = isinstance(spec, PopulateFiles) and spec.how.map
    if not whole or mapped or str(report.target) == manifest.digest:
        return
    raise FileFormatError(
        f"The items that were written ({report.target}) are not those that were exported ({manifest.digest}): "
        "a file of the export changed since.",
        hint="copy the export again and populate from it; dynasmith verify compares a table with it",
    )


def check_key(spec: Populate, target: TableEnd) -> None:
    """Raise CheckpointError where the target has another key than the one that the job began with."""
    now = key_words(target.key)
    if spec.key and spec.key != now:
        raise CheckpointError(
            f"Table {target.name} has the key {now}, and had {spec.key} when the job began.",
            hint="resume the job on the table as it was, or start a new job",
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
