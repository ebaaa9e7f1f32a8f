"""What the history of OneTable Migrate says, and what of it can be marked as applied here. Pure.

Its items are in the table that it migrates (observed with onetable-migrate 1.2.1)::

    {pk: "_migration", sk: "_migration:0.0.1:2026-11-29T22:05:33.887Z", "_type": "_Migration", "version": "0.0.1",
     "status": "success", "date": ..., "description": ..., "path": ...}

``date`` is ISO text or milliseconds. ``status`` is ``success`` or the message of an error; that row counts as applied
there and as failed here. A migration without a version has rows too. A ``down`` removes the rows of its version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from dynasmith.migrations.event import MigrationEvent, cut_text
from dynasmith.migrations.path import Catalog, MigrationFile
from dynasmith.migrations.version import parse_version

PARTITION: Final = "_migration"
"""The partition key of every row."""
SUCCESS: Final = "success"
_TEXT_MAX: Final = 120
"""Characters of a text of the table that a reason repeats."""


class OneTableMark(Struct, frozen=True, kw_only=True):
    """A version that OneTable Migrate applied, and when; it is marked as applied here."""

    version: str
    applied_at: datetime | None = None
    description: str = ""


class OneTableRemainder(Struct, frozen=True, kw_only=True):
    """What is not marked, and why: a version, a name, or the key of an item."""

    key: str
    reason: str


class OneTableMarks(Struct, frozen=True, kw_only=True):
    """What the history in ``table`` would mark. ``current`` is the version that OneTable Migrate says; ``events`` are
    those that were written, none before that."""

    table: str
    current: str
    marks: tuple[OneTableMark, ...] = ()
    left: tuple[OneTableRemainder, ...] = ()
    events: tuple[MigrationEvent, ...] = ()


class OneTableRow(Struct, frozen=True, kw_only=True):
    """One row. ``version`` is as it is written here, empty for a named migration; ``at`` is None where it cannot be
    read."""

    key: str
    version: str
    succeeded: bool
    status: str
    at: datetime | None
    description: str


def read_rows(
    items: Iterable[Mapping[str, Any]], partition_key: str, sort_key: str
) -> tuple[list[OneTableRow], list[OneTableRemainder]]:
    """The rows in some plain items, and the items that are none, each with its reason."""
    rows: list[OneTableRow] = []
    rubbish: list[OneTableRemainder] = []
    for item in items:
        key = _short(item.get(sort_key))
        version, status = item.get("version"), item.get("status")
        if item.get(partition_key) != PARTITION or not isinstance(version, str) or not version.strip():
            rubbish.append(OneTableRemainder(key=key, reason="is not a row of OneTable Migrate: it has no version"))
        elif not isinstance(status, str) or not status:
            rubbish.append(OneTableRemainder(key=key, reason="does not say whether it succeeded: it has no status"))
        else:
            rows.append(_row(item, version.strip(), status))
    return rows, rubbish


def marks_of(
    table: str, rows: Sequence[OneTableRow], rubbish: Sequence[OneTableRemainder], catalog: Catalog
) -> OneTableMarks:
    """What can be marked, in the order of versions: that whose newest row is a success, and that has a file here."""
    versions = sorted({row.version for row in rows if row.version}, key=_order)
    marks: list[OneTableMark] = []
    left: list[OneTableRemainder] = []
    for version in versions:
        found = _decided(version, [row for row in rows if row.version == version], catalog)
        if isinstance(found, OneTableMark):
            marks.append(found)
        elif found is not None:
            left.append(found)
    named = dict.fromkeys(row.key for row in rows if not row.version)
    left += [OneTableRemainder(key=name, reason=_named_reason(name)) for name in named]
    left += [
        OneTableRemainder(key=file.key, reason="is not in the history of OneTable: it stays outstanding")
        for file in catalog.files.versioned
        if versions and file.key not in versions and _order(file.key) < _order(versions[-1])
    ]
    return OneTableMarks(
        table=table, current=versions[-1] if versions else "0.0.0", marks=tuple(marks), left=(*left, *rubbish)
    )


def newest_success(rows: Iterable[OneTableRow]) -> str:
    """The highest version that has a row that succeeded; empty where none has."""
    return max((row.version for row in rows if row.version and row.succeeded), key=_order, default="")


def file_of(mark: OneTableMark, catalog: Catalog) -> MigrationFile:
    """The file of a version that is marked."""
    file = catalog.files.find(mark.version)
    assert file is not None
    return file


def line_of(mark: OneTableMark) -> str:
    """What the event keeps of it."""
    when = f" at {mark.applied_at:%Y-%m-%dT%H:%M:%SZ}" if mark.applied_at is not None else ""
    return cut_text(f"OneTable Migrate applied it{when}: {mark.description}".removesuffix(": "))


def _row(item: Mapping[str, Any], version: str, status: str) -> OneTableRow:
    parsed = parse_version(version.lstrip("v="))  # OneTable's SemVer takes these before a version
    return OneTableRow(
        key=_short(version),
        version=str(parsed) if parsed is not None else "",
        succeeded=status == SUCCESS,
        status=_short(status),
        at=_time(item.get("date")),
        description=_short(item.get("description") or ""),
    )


def _decided(version: str, rows: Sequence[OneTableRow], catalog: Catalog) -> OneTableMark | OneTableRemainder | None:
    """A mark, the reason why there is none, or None where it is applied here already."""
    state = catalog.states.get(version)
    if state is not None and state.is_applied:
        return None
    if len({row.succeeded for row in rows}) > 1 and any(row.at is None for row in rows):
        return OneTableRemainder(
            key=version, reason="has rows that succeeded and rows that failed, without readable dates"
        )
    last = max(rows, key=lambda row: row.at or datetime.min.replace(tzinfo=UTC))
    if not last.succeeded:
        return OneTableRemainder(
            key=version, reason=f"failed there, though OneTable counts it as applied: {last.status}"
        )
    if state is not None and state.is_open:
        return OneTableRemainder(key=version, reason=f"is {state.state} here")
    if catalog.files.find(version) is None:
        return OneTableRemainder(key=version, reason="has no file here")
    return OneTableMark(version=version, applied_at=last.at, description=last.description)


def _named_reason(name: str) -> str:
    if parse_version(name.partition("+")[0].lstrip("v=")) is not None:
        return "has build metadata, which orders nothing: mark its version"
    return "is a named migration: it has no version to be at"


def _time(value: Any) -> datetime | None:
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            return datetime.fromtimestamp(float(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 3]}..."


def _order(version: str) -> Any:
    return parse_version(version)
