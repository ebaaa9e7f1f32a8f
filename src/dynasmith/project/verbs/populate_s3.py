"""Objects of S3 as the origin of a populate: an export of the service in all its forms, or files as on a machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from secrets import token_hex

from msgspec import Struct

from dynasmith.engine.transfer.dry_run import DryRun
from dynasmith.engine.transfer.export_check import check_files, find_export, read_manifest
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.errors import CheckpointError, FileFormatError, UsageError
from dynasmith.files.items.foreign import renaming_of
from dynasmith.files.items.layout import FilePart, Layout
from dynasmith.files.items.manifest import MANIFEST
from dynasmith.files.items.manifest import read_manifest as read_own_manifest
from dynasmith.files.items.source import FileSource, SourceSummary
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.files.scratch_folder import ScratchFolder
from dynasmith.items.key import KeySchema
from dynasmith.jobs.estimate import estimate_units, with_cost, with_time
from dynasmith.jobs.export_manifest import ExportManifest
from dynasmith.jobs.file_facts import Fingerprint
from dynasmith.jobs.options import ReadOptions, TransferOptions
from dynasmith.jobs.service_transfer import is_s3, s3_place
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import PopulateFiles
from dynasmith.ports.items import OpenSource, ThrottleListener
from dynasmith.ports.service_transfer import TransferObjects
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.needed_actions import POPULATE, naming_all
from dynasmith.project.verbs.populate_files import PAGE_ITEMS, seen_keys
from dynasmith.project.verbs.s3_source import ObjectSource, RemoteFile, fetch
from dynasmith.project.verbs.service_transfers import objects_of
from dynasmith.tables.table import known


class RemoteFiles(Struct, frozen=True):
    """The objects to read, how each is read, and the manifest where they are an export of the service."""

    bucket: str
    files: tuple[RemoteFile, ...]
    parts: tuple[FilePart, ...]
    objects: TransferObjects
    fingerprints: dict[str, Fingerprint]
    manifest: ExportManifest | None = None
    size_bytes: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know."""
        if self.manifest is None:
            return ()
        summary = self.manifest.summary
        if summary.incremental:
            when = f"from {summary.export_from_time} to {summary.export_to_time}"
            return (f"{summary.item_count:,} changes {when}: each is put or deleted",)
        return (f"a full export of {summary.export_time or 'an unknown time'}, {summary.item_count:,} items",)

    @property
    def changes(self) -> bool:
        """Whether they hold changes of keys."""
        return self.manifest is not None and self.manifest.summary.incremental

    @property
    def count(self) -> int | None:
        """How many records there are, where the manifest says so."""
        return None if self.manifest is None else self.manifest.summary.item_count


def remote_files(items: ItemWorld, side: Side, place: str, owner: str = "") -> RemoteFiles:
    """The objects at a place: of the one export of the service below it, or those that begin so.

    Reads the manifests and looks at each object. Raises UsageError where there is nothing, or several exports;
    FileFormatError for an export that is cut; AccessDenied with all actions that are needed.
    """
    named = s3_place(place)
    with naming_all(POPULATE, named, items.at(side).session.access):
        objects = objects_of(items, side, named.bucket, owner)
        objects.check_bucket()
        summary = find_export(objects, named)
        if summary is not None:
            return _of_export(objects, named.bucket, summary)
        return _of_objects(objects, named.bucket, place)


def _of_export(objects: TransferObjects, bucket: str, summary_key: str) -> RemoteFiles:
    manifest = read_manifest(objects, bucket, summary_key)
    summary = manifest.summary
    if not summary.notation:
        raise UsageError(
            f"s3://{bucket}/{summary_key} is of an export in {summary.output_format}.",
            hint="export again as dynamodb or ion",
        )
    with ScratchFolder() as folder:
        check_files(objects, bucket, manifest, md5=partial(_md5, objects, folder))
    parts = tuple(FilePart(f"s3://{bucket}/{file.key}", file.item_count, summary.notation) for file in manifest.files)
    made = hashlib.blake2b(repr((summary, manifest.files)).encode(), digest_size=16).hexdigest()
    files = tuple(RemoteFile(file.key, file.md5_checksum) for file in manifest.files)
    return RemoteFiles(
        bucket,
        files,
        parts,
        objects,
        {f"s3://{bucket}/{summary_key}": Fingerprint(len(files), made, 0)},
        manifest,
        summary.billed_size_bytes,
    )


def _md5(objects: TransferObjects, folder: Path, key: str) -> bytes:
    """The MD5 of an object, which is downloaded for it."""
    path = folder / token_hex(8)
    try:
        return objects.download(key, path)
    finally:
        path.unlink(missing_ok=True)


def _of_objects(objects: TransferObjects, bucket: str, place: str) -> RemoteFiles:
    """The object of that key, or those below it."""
    prefix = place.removeprefix(f"s3://{bucket}").lstrip("/")
    keys = [prefix] if prefix and objects.facts(prefix) is not None else []
    if not keys:
        folder = f"{prefix.rstrip('/')}/" if prefix else ""
        keys = [key for key in objects.keys(folder) if not key.endswith("/")]
    listed = next((key for key in keys if key.rpartition("/")[2] == MANIFEST), None)
    if listed is not None:
        return _of_own_export(objects, bucket, listed)
    if not keys:
        raise UsageError(f"{place} holds no object.", hint="name an export of the service, or an object")
    prints = {}
    for key in keys:
        found = objects.facts(key)
        if found is not None:
            prints[f"s3://{bucket}/{key}"] = Fingerprint(found.size_bytes, found.etag, 0)
    parts = tuple(FilePart(f"s3://{bucket}/{key}") for key in keys)
    size = sum(each.bytes for each in prints.values())
    return RemoteFiles(bucket, tuple(map(RemoteFile, keys)), parts, objects, prints, size_bytes=size)


def _of_own_export(objects: TransferObjects, bucket: str, manifest_key: str) -> RemoteFiles:
    """A folder that `export` wrote on a machine, copied to S3. Raises FileFormatError where it is not whole."""
    with ScratchFolder() as folder:
        local = folder / MANIFEST
        fetch(objects, bucket, RemoteFile(manifest_key), local)
        manifest = read_own_manifest(local)
    root = manifest_key.removesuffix(MANIFEST)
    parts, files, prints, size = [], [], {}, 0
    for part in manifest.parts:
        key = f"{root}{part.name}"
        found = objects.facts(key)
        if found is None:
            raise FileFormatError(
                f"s3://{bucket}/{root} lacks {part.name}, which its manifest names.", hint="copy the whole export again"
            )
        if found.size_bytes != part.bytes:
            raise FileFormatError(
                f"s3://{bucket}/{key} is cut: it has {found.size_bytes:,} bytes, and its manifest says {part.bytes:,}.",
                hint="copy the whole export again",
            )
        parts.append(FilePart(f"s3://{bucket}/{key}", part.items, manifest.notation))
        files.append(RemoteFile(key))
        prints[f"s3://{bucket}/{key}"] = Fingerprint(found.size_bytes, found.etag, 0)
        size += found.size_bytes
    return RemoteFiles(bucket, tuple(files), tuple(parts), objects, prints, size_bytes=size)


def s3_name(names: Sequence[str] | None) -> str | None:
    """The one place in S3 among the names of a populate; None where there is none. Raises UsageError for several."""
    if not names or not any(map(is_s3, names)):
        return None
    if len(names) > 1:
        raise UsageError("One place in S3 is populated from at a time.", hint="run it for each, in their order")
    return names[0]


def resumed_objects(items: ItemWorld, spec: PopulateFiles, target: TableEnd) -> PopulateSource:
    """The objects of a job that goes on. Raises CheckpointError where one changed since it began."""
    remote = remote_files(items, spec.target, spec.files[0], spec.owner)
    check_unchanged(spec.fingerprints, remote)
    return s3_origin(items, remote, target.key, spec.how, spec.options.batch_size)


def rehearse_changes(
    count: int, size_bytes: int, target: TableEnd, options: TransferOptions | None, prices: Mapping[str, float | None]
) -> DryRun:
    """What applying an incremental export would write: its count and size as the export says. Reads no item."""
    asked = options or TransferOptions()
    indexes = float(len(known(target.description.table.indexes, ())))
    estimate = replace(estimate_units(count, size_bytes, (), indexes=indexes), read_units=0.0)
    rate = rates(target, "write", asked.max_write_units, share=asked.share).ceiling
    return DryRun(with_cost(with_time(estimate, write_rate=rate), prices), ())


def look_at(remote: RemoteFiles, key: KeySchema, how: ReadOptions) -> SourceSummary:
    """What objects without a manifest are: each is downloaded for it once. An export needs no look."""
    if remote.manifest is not None:
        return SourceSummary()
    with ScratchFolder() as folder:
        for number, file in enumerate(remote.files):
            fetch(remote.objects, remote.bucket, file, folder / str(number))
        return _source(remote, key, how, None, folder).look()


def check_unchanged(before: dict[str, Fingerprint], remote: RemoteFiles) -> None:
    """Raise CheckpointError where the objects are not those that a job began with."""
    for place, now in remote.fingerprints.items():
        if before.get(place) != now:
            raise CheckpointError(
                f"{place} changed since the job began.",
                hint="put the old objects back and resume, or start a new job: items that exist already are recognised",
            )


def s3_origin(
    items: ItemWorld, remote: RemoteFiles, key: KeySchema, how: ReadOptions, batch: int | None
) -> PopulateSource:
    """Objects as the origin of a populate; they are downloaded beside the checkpoints of the job."""
    names = [part.path for part in remote.parts]
    of_job = partial(opened_objects, items, remote, key, how, batch)
    return PopulateSource(
        of_job("none"),
        partial(seen_keys, items),
        len(names),
        names,
        remote.count,
        of_job=of_job,
        changes=remote.changes,
    )


def opened_objects(
    items: ItemWorld, remote: RemoteFiles, key: KeySchema, how: ReadOptions, batch: int | None, job_id: str
) -> OpenSource:
    """Objects as a source; each is downloaded beside the checkpoints of the job, or to a temporary folder where those
    are not in a folder, or it has none."""
    ledger = items.ledger

    async def opened(_heard: ThrottleListener) -> ObjectSource:
        made = partial(_source, remote, key, how, batch)
        if isinstance(ledger, FolderLedger) and (ledger.folder / job_id).is_dir():
            folder = ledger.folder / job_id / "objects"
            return ObjectSource(made, remote.files, remote.objects, remote.bucket, folder)
        scratch = ScratchFolder()
        return ObjectSource(made, remote.files, remote.objects, remote.bucket, scratch.path, scratch.close)

    return opened


def _source(remote: RemoteFiles, key: KeySchema, how: ReadOptions, batch: int | None, folder: Path) -> FileSource:
    parts = (
        FilePart(part.path, part.items, part.notation, str(folder / str(number)))
        for number, part in enumerate(remote.parts)
    )
    return FileSource(
        Layout(tuple(parts)),
        key,
        format=how.format,  # type: ignore[arg-type]  # the source refuses another word
        types=how.types,
        page_items=batch or PAGE_ITEMS,
        renaming=renaming_of(how.map),
    )


def check_changes(options: TransferOptions, *, transforms: bool, mapped: bool) -> None:
    """Raise UsageError for what means nothing for changes: they are applied as they are."""
    given: Sequence[tuple[bool, str]] = (
        (transforms, "--transform"),
        (mapped, "--map"),
        (bool(options.condition), "--filter"),
        (options.mode.kind != "overwrite", "--mode"),
    )
    for is_given, word in given:
        if is_given:
            raise UsageError(
                f"{word} cannot be used with an incremental export: its changes are applied as they are.",
                hint=f"remove {word}, or populate from a full export",
            )
