"""Whether a file is still the one that a job began with: a checkpoint is a place in it, and means nothing in another.

Its length, its first and its last megabyte, 64 pieces between, and when it was written to. The pieces are the file
itself where it is small; a gzip file ends with a checksum of all of it. Only a plain file of many megabytes can change
where no piece is, and there the time of writing decides: a file that was written to is refused though it may be equal.
A digest of everything would notice the same, and cost reading the file twice, before the first item is written.
"""

from hashlib import blake2b
from pathlib import Path

from dynasmith.errors import CheckpointError
from dynasmith.files.items.streams import STDIN, translated
from dynasmith.jobs.file_facts import Fingerprint

ENDS_BYTES = 1024 * 1024
PIECES = 64
PIECE_BYTES = 16 * 1024
WHOLE_BYTES = 2 * ENDS_BYTES
"""A file of up to this length is looked at whole."""


def fingerprint_of(path: str) -> Fingerprint | None:
    """The fingerprint of a file; None for standard input. Reads at most 3 MB. Raises RunError where it cannot."""
    if path == STDIN:
        return None
    with translated(path), Path(path).open("rb", buffering=0) as file:
        length = Path(path).stat().st_size
        made = blake2b(file.read(min(length, WHOLE_BYTES if length <= WHOLE_BYTES else ENDS_BYTES)), digest_size=16)
        if length > WHOLE_BYTES:
            for number in range(1, PIECES + 1):
                file.seek(ENDS_BYTES + (length - WHOLE_BYTES) * number // (PIECES + 1))
                made.update(file.read(PIECE_BYTES))
            file.seek(length - ENDS_BYTES)
            made.update(file.read(ENDS_BYTES))
        return Fingerprint(length, made.hexdigest(), Path(path).stat().st_mtime_ns)


def check_unchanged(path: str, before: Fingerprint) -> None:
    """Raise CheckpointError where the file is not the one of the fingerprint."""
    now = fingerprint_of(path)
    if now is None or now == before:
        return
    if now.bytes != before.bytes:
        how = f"it had {before.bytes:,} bytes and has {now.bytes:,}"
    elif now.digest != before.digest:
        how = "it holds something else"
    elif now.bytes > WHOLE_BYTES:
        how = "it was written to"
    else:
        return  # written to, and looked at whole: it is equal
    raise CheckpointError(
        f"{path} changed since the job began: {how}.",
        hint="put the old file back and resume, or start a new job: items that exist already are recognised",
    )
