"""What a file of items is: decided from its name and a bounded sample of its records, never from one of them."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final, Literal, TypeAlias

import msgspec

from dynasmith.errors import FileFormatError, UsageError
from dynasmith.files.items.elements import LISTING_NAMES, listing_head
from dynasmith.files.items.mongo import extended_names
from dynasmith.files.items.notation import Vote, parsed_record, vote_of
from dynasmith.files.items.records import Piece
from dynasmith.items.key import KeySchema
from dynasmith.jobs.file_facts import FORMAT_NAMES, Cut, Decision, Notation

SAMPLE_RECORDS: Final = 1000
SAMPLE_BYTES: Final = 1024 * 1024
"""How much of a file is looked at before it is read; at least one record."""

FileFormat: TypeAlias = Literal["auto", "lines", "array", "csv", "tsv", "dynamodb", "plain", "mongo"]
FILE_FORMATS: Final[tuple[FileFormat, ...]] = ("auto", "lines", "array", "csv", "tsv", "dynamodb", "plain", "mongo")
"""What ``--format`` takes: how records are cut (``lines``, ``array``, ``csv``, ``tsv``), or the notation of JSON."""

_NOTATIONS: Final[dict[str, Notation]] = {"dynamodb": "dynamodb", "plain": "plain", "mongo": "mongo"}


def cut_of(path: str, head: bytes, wanted: FileFormat, key: KeySchema) -> Cut:
    """How records are cut: as ``wanted``, by the name, else by the first megabyte. Raises FileFormatError."""
    if wanted in ("lines", "array", "csv", "tsv"):
        return wanted
    if wanted == "auto" and (name := _named(path)) in ("csv", "tsv"):
        return name  # type: ignore[return-value]  # these two
    if head.startswith(b"["):
        return "array"
    if head.startswith(b"{"):
        return "array" if _is_listing(head, key) else "lines"
    if not head:
        return "lines"
    # An odd first line, such as a comment, does not make the lines behind it something else.
    if any(line.lstrip().startswith(b"{") for line in head.splitlines()[1:SAMPLE_RECORDS]):
        return "lines"
    shown = head[:20].decode("utf-8", "replace")
    raise FileFormatError(
        f"{path} is neither JSON Lines nor a JSON array nor named as CSV: it begins with {shown!r}.",
        hint="--format says what it is",
    )


def _named(path: str) -> str:
    """The format that a file's own name ends in, packed or not, such as ``csv``."""
    known = [each[1:].lower() for each in PurePath(path).suffixes]
    return next((each for each in reversed(known) if each in ("csv", "tsv", "json", "jsonl", "ndjson")), "")


def _is_listing(head: bytes, key: KeySchema) -> bool:
    """Whether the object that begins is ``{"Items": [...]}`` of a scan, and not an item with an attribute Items."""
    try:
        found = listing_head(head, array=False)
    except ValueError:
        return False
    if found is None or not set(found.names) <= LISTING_NAMES:
        return False
    line = head.splitlines()[0] if head else b""
    try:
        names = set(msgspec.json.decode(line, type=dict[str, msgspec.Raw]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return True  # it goes on over several lines: what stands behind the array is checked when it is read
    return names <= LISTING_NAMES and not names.issuperset(key.names)


def decided(path: str, cut: Cut, sample: Sequence[Piece], wanted: FileFormat, key: KeySchema | None) -> Decision:
    """The notation of a file of JSON. ``key`` is the table's, or None where a record need not have it (``--map``).

    Records that are not JSON, or lack the key, decide nothing as long as others do. Raises FileFormatError where none
    can be read, and UsageError where the sample is mixed.
    """
    if wanted in _NOTATIONS:
        return Decision(path, cut, _NOTATIONS[wanted], declared=True)
    first: dict[Vote, int] = {}
    fault: FileFormatError | None = None
    for line, piece in sample:
        try:
            vote = vote_of(parsed_record(piece, f"{path}:{line}"), key)
        except FileFormatError as error:
            fault = fault or error
            continue
        first.setdefault(vote, line)
    if not first:
        if fault is not None:
            raise fault
        return Decision(path, cut, "dynamodb")
    unclear = first.pop("unclear", None)
    if unclear is not None and not first:
        first["plain"] = unclear
    if "changes" in first and len(first) == 1:
        raise FileFormatError(
            f"{path}:{first['changes']}: this is an incremental export (it has Keys), which holds changes, not items.",
            hint="export the whole table, or populate from a full export first",
        )
    return Decision(path, cut, _agreed(path, first, sample), len(sample))


def _agreed(path: str, first: dict[Vote, int], sample: Sequence[Piece]) -> Notation:
    if len(first) == 1:
        (vote,) = first
        return vote  # type: ignore[return-value]  # neither unclear nor changes, which were looked at
    if set(first) == {"wire", "enveloped"}:
        return "dynamodb"
    if set(first) == {"plain", "mongo"} and (other := _other_names(path, sample)) is None:
        return "mongo"
    found = ", ".join(
        f"line {line} is {FORMAT_NAMES[vote]}" for vote, line in sorted(first.items(), key=lambda one: one[1])
    )
    if set(first) == {"plain", "mongo"}:
        found += f", and line {other} has names with $ that MongoDB does not have"
    raise UsageError(
        f"{path} is mixed: {found}.",
        hint="--format dynamodb, plain or mongo says how to read it; other records become dead letters",
    )


def _other_names(path: str, sample: Sequence[Piece]) -> int | None:
    """The line of the first record that has names with ``$`` which are not MongoDB's."""
    for line, piece in sample:
        try:
            if extended_names(parsed_record(piece, path))[1]:
                return line
        except FileFormatError:
            continue
    return None
