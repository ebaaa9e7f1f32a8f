"""Whether a transform is still the one that a job began with: half a table in each of two shapes is in none."""

import sys
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from dynasmith.errors import ConsentNeed, ConsentRequired
from dynasmith.jobs.job import Job
from dynasmith.project.transforms import SUFFIXES, names_of, operations_path

DIGEST = "transform_digest"
"""The parameter of a job by which it knows its transform again."""
CONSENT = "--accept-changed-transform"


def remembered_transform(named: str, folder: str) -> dict[str, Any]:
    """What a job keeps of its transform: its name, and a digest of the file that holds it, where there is one.

    An operations file is digested whole, a function by the file of its module (what the module imports is not looked
    at). The module must be imported already.
    """
    digest = _digest(named, folder)
    kept = {"transform": named, DIGEST: digest}
    return {name: value for name, value in kept.items() if value}


def check_transform(job: Job, folder: str) -> None:
    """Raise ConsentRequired where the transform of a job changed since it began. The job stays as it is."""
    named, before = str(job.parameters.get("transform", "")), job.parameters.get(DIGEST)
    if not before or _digest(named, folder) == before:
        return
    text = f"{named} has changed since job {job.id} began; the items written so far were made by the old one."
    raise ConsentRequired(
        text,
        hint=f"use {CONSENT} to continue with the new one, or restore the old one, or start a new job",
        needs=[ConsentNeed("flag", text, CONSENT)],
    )


def with_transform_as_it_is(parameters: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """The parameters of a job that goes on with its transform as it is now."""
    return {**parameters, **remembered_transform(str(parameters.get("transform", "")), folder)}


def _digest(named: str, folder: str) -> str:
    digest = blake2b(digest_size=16)
    try:
        paths = [path for each in names_of(named) if (path := _source(each, folder)) is not None]
        for path in paths:
            digest.update(path.read_bytes())
    except OSError:
        return ""
    return digest.hexdigest() if paths else ""


def _source(named: str, folder: str) -> Path | None:
    if named.startswith("{"):
        return None  # operations that were given in Python: the name is all of them
    if named.lower().endswith(SUFFIXES):
        return operations_path(named, folder)
    module = sys.modules.get(named.partition(":")[0])
    file = getattr(module, "__file__", None)
    return Path(file) if file else None
