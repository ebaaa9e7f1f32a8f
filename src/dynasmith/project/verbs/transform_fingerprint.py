"""Whether a transform is still the one that a job began with: half a table in each of two shapes is in none."""

import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from msgspec.structs import replace

from dynasmith.errors import ConsentNeed, ConsentRequired, UsageError
from dynasmith.items.transform import Function
from dynasmith.jobs.spec import (
    Backfill,
    Copy,
    PopulateDatabase,
    PopulateFiles,
    PopulateItems,
    Spec,
    TransformRef,
    transform_of,
)
from dynasmith.operations import Chain, Operations
from dynasmith.project.verbs.transforms import COMPOSED, SUFFIXES, names_of, operations_path

CONSENT = "--accept-changed-transform"
_KEY = "+key:"
"""What stands between the digest of a file and the fingerprint of the key of masking."""


def transform_ref(named: str, folder: str, function: Function | None = None) -> TransformRef:
    """What a job keeps of its transform: its name, a digest of the file that holds it, where there is one, and what
    tells its key of masking from others.

    An operations file is digested whole, a function by the file of its module, and by those of its classes (what a
    module imports is not looked at). The module must be imported already.
    """
    return TransformRef(name=named, digest=_digest(named, folder) + _key_mark(function))


def check_transform(job_id: str, spec: Spec, folder: str) -> None:
    """Raise ConsentRequired where the transform of a job changed since it began. The job stays as it is."""
    before = transform_of(spec)
    digest = "" if before is None else before.digest.partition(_KEY)[0]
    if before is None or not digest or _digest(before.name, folder) == digest:
        return
    text = f"{before.name} has changed since job {job_id} began; the items written so far were made by the old one."
    raise ConsentRequired(
        text,
        hint=f"use {CONSENT} to continue with the new one, or restore the old one, or start a new job",
        needs=[ConsentNeed("flag", text, CONSENT)],
    )


def check_masking_key(job_id: str, spec: Spec, function: Function | None) -> None:
    """Raise UsageError where a job would go on with another key of masking, whatever is consented to.

    The job stays as it is.
    """
    ref = transform_of(spec)
    before, now = "" if ref is None else ref.digest.partition(_KEY)[2], _key_mark(function).removeprefix(_KEY)
    if before and now and before != now:
        raise UsageError(
            f"The key of masking is not the one that job {job_id} began with; what belongs together would part.",
            hint="give the same key again, or start a new job into an empty table",
        )


def with_current_transform(spec: Spec, folder: str, function: Function | None = None) -> Spec:
    """The spec of a job that goes on with its transform as it is now."""
    match spec:
        case Copy() | PopulateFiles() | PopulateDatabase() | PopulateItems() | Backfill() if spec.transform is not None:
            return replace(spec, transform=transform_ref(spec.transform.name, folder, function))
    return spec


def _key_mark(function: Function | None) -> str:
    match function:
        case Operations() if function.keyed_operations and (keys := function.keyed_operations[0].keys):
            return f"{_KEY}{keys.fingerprint}"
        case Chain():
            return next(filter(None, map(_key_mark, function.functions)), "")
    return ""


def _digest(named: str, folder: str) -> str:
    digest = blake2b(digest_size=16)
    try:
        paths = [path for each in names_of(named) for path in _sources(each, folder)]
        for path in paths:
            digest.update(path.read_bytes())
    except OSError:
        return ""
    return digest.hexdigest() if paths else ""


def _sources(named: str, folder: str) -> Iterator[Path]:
    if named.startswith("{"):
        return  # operations that were given in Python: the name is all of them
    if named.lower().endswith(SUFFIXES):
        yield operations_path(named, folder)
        return
    composed = COMPOSED.fullmatch(named)
    names = [named] if composed is None else [each for each in composed.groups() if each]
    for module_name in dict.fromkeys(name.partition(":")[0] for name in names):
        file = getattr(sys.modules.get(module_name), "__file__", None)
        if file:
            yield Path(file)
