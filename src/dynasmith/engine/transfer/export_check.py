"""Whether an export in S3 is whole: its manifests, and that each data file is there as they say."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from dynasmith.errors import FileFormatError, RunError, UsageError
from dynasmith.jobs.export_manifest import (
    FILES,
    STARTED,
    SUMMARY,
    DataFile,
    ExportManifest,
    check_manifest_md5,
    checksum_name,
    manifest_of,
    summary_of,
)
from dynasmith.jobs.service_transfer import ManifestCheck, S3Place
from dynasmith.ports.service_transfer import TransferObjects

LOOKS_AT_ONCE = 16
EXPORT_AGAIN = "export the table again, or copy the whole export again"


def read_manifest(objects: TransferObjects, bucket: str, summary_key: str) -> ExportManifest:
    """The manifests of the export whose summary has that key, compared with their checksums. Four GetObject calls.

    Raises FileFormatError where one is missing, cut or damaged, or where they disagree.
    """
    folder = summary_key.rpartition("/")[0]
    place = f"s3://{bucket}/{folder}"
    summary = summary_of(_read(objects, bucket, summary_key), f"s3://{bucket}/{summary_key}")
    key = f"{folder}/{FILES}".lstrip("/")  # beside the summary, also where the export was copied elsewhere
    return _rebased(manifest_of(summary, _read(objects, bucket, key), place), folder)


def _read(objects: TransferObjects, bucket: str, key: str) -> bytes:
    content = objects.read(key)
    if content is None:
        raise FileFormatError(f"s3://{bucket}/{key} is missing.", hint=EXPORT_AGAIN)
    check_manifest_md5(content, objects.read(checksum_name(key)), f"s3://{bucket}/{key}")
    return content


def find_export(objects: TransferObjects, place: S3Place) -> str | None:
    """The key of the summary of the one export below a place; None where there is none.

    Lists the keys below it. Raises UsageError where there are several, RunError for one that is not finished.
    """
    if place.prefix.endswith(SUMMARY):
        return place.prefix
    names: list[str] = []
    started = ""
    for key in objects.keys(f"{place.prefix}/" if place.prefix else ""):
        name = key.rpartition("/")[2]
        if name == SUMMARY:
            names.append(key)
        elif name == STARTED:
            started = key
    if len(names) > 1:
        found = ", ".join(f"s3://{place.bucket}/{name.rpartition('/')[0]}" for name in names[:5])
        raise UsageError(f"{place} holds {len(names)} exports of the service.", hint=f"name one of them: {found}")
    if names:
        return names[0]
    if started:
        raise RunError(
            f"The export at s3://{place.bucket}/{started.rpartition('/')[0]} is not finished: it has no {SUMMARY}.",
            hint="wait until it is COMPLETED (dynasmith jobs show ARN), or export again where it failed",
        )
    return None


def _rebased(manifest: ExportManifest, folder: str) -> ExportManifest:
    """The manifest with the keys of an export that was copied to another prefix since it was made."""
    before = manifest.summary.manifest_files_key.rpartition("/")[0]
    if not before or before == folder:
        return manifest
    roots = [(before, folder), (before.rpartition("/")[0], folder.rpartition("/")[0])]

    def moved(key: str) -> str:
        for old, new in roots:
            if key.startswith(f"{old}/"):
                return f"{new}/{key.removeprefix(f'{old}/')}".lstrip("/")
        return key

    return replace(manifest, files=tuple(replace(file, key=moved(file.key)) for file in manifest.files))


def check_files(
    objects: TransferObjects, bucket: str, manifest: ExportManifest, md5: Callable[[str], bytes] | None = None
) -> ManifestCheck:
    """Look at each data file: one HeadObject each, some at a time.

    Raises FileFormatError for one that is missing, or is not what the export wrote. That is known from its ETag, but
    where that is no checksum (a copy that is encrypted with a key of KMS, or was made in parts) and another one than
    the manifest's: then from its MD5, where ``md5`` gives that of a key, else such a file is not counted as checked.
    """

    def looked(file: DataFile) -> bool:
        found = objects.facts(file.key)
        if found is None:
            raise FileFormatError(
                f"The export lacks s3://{bucket}/{file.key}, which its manifest names.", hint=EXPORT_AGAIN
            )
        if file.etag and found.etag == file.etag:
            return True
        if found.is_md5 and file.etag:
            raise FileFormatError(
                f"s3://{bucket}/{file.key} is not the file that the export wrote: its ETag is {found.etag}, and the "
                f"manifest says {file.etag}.",
                hint=EXPORT_AGAIN,
            )
        if md5 is None or not file.md5_checksum:
            return False
        if base64.b64encode(md5(file.key)).decode() != file.md5_checksum:
            raise FileFormatError(
                f"s3://{bucket}/{file.key} is damaged: its MD5 is not what the manifest says.", hint=EXPORT_AGAIN
            )
        return True

    with ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="dynasmith-s3") as pool:
        etags = sum(pool.map(looked, manifest.files))
    return ManifestCheck(manifests=True, files=len(manifest.files), etags=etags, items=manifest.summary.item_count)
