"""What a person asks of a verb that moves items: its options as values, which a job keeps and a resume uses again."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from dynasmith.errors import UsageError
from dynasmith.items.transform import Policy

ExpiredItems: TypeAlias = Literal["keep", "skip"]


class Mode(Struct, frozen=True):
    """What to do where the target has an item of the same key. An item equal to ours is "already there" in all.

    ``overwrite`` replaces it, ``skip-existing`` leaves it, ``fail-existing`` stops the job, ``newer`` replaces it only
    where ``attribute`` of ours is greater.
    """

    kind: Literal["overwrite", "skip-existing", "fail-existing", "newer"] = "overwrite"
    attribute: str = ""

    def __str__(self) -> str:
        return f"newer:{self.attribute}" if self.kind == "newer" else self.kind


def mode_of(text: str) -> Mode:
    """The mode that a person wrote. Raises UsageError."""
    kind, _, attribute = text.partition(":")
    match kind:
        case "overwrite" | "skip-existing" | "fail-existing" if not attribute:
            return Mode(kind)
        case "newer" if attribute:
            return Mode("newer", attribute)
    raise UsageError(
        f"{text!r} is not a mode.",
        hint="overwrite, skip-existing, fail-existing or newer:ATTRIBUTE (such as newer:updated_at)",
    )


class KeyRead(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That a job reads by a Query of the key that serves its condition: of an index, or of the table (empty)."""

    index: str = ""


class TransferOptions(Struct, frozen=True, kw_only=True):
    """Options of every verb that moves items. Units are capacity units a second; None is the verb's own choice.

    ``batch_size`` is how many items are read and transformed at a time, any number from 1. ``share`` is the part of
    provisioned capacity that a job without limits takes. ``digest`` costs about 12 us of CPU an item. ``processes``
    move the segments of a copy, or transform the pages of a populate, beside this one; 0 does it here. ``limit_items``
    is after how many items a copy or an export is done, ``key_read`` how one is read that reads less than the whole
    table; a job without them is kept as before there were some.
    """

    mode: Mode = Mode()
    condition: str = ""
    segments: int | None = None
    batch_size: int | None = None
    max_read_units: float | None = None
    max_write_units: float | None = None
    share: float = 0.5
    consistent: bool = False
    on_error: Policy = "stop"
    expired: ExpiredItems = "keep"
    digest: bool = True
    segments_at_once: int = 6
    lanes: int = 5
    processes: int = 0
    limit_items: int | UnsetType = UNSET
    key_read: KeyRead | UnsetType = UNSET

    @property
    def query(self) -> KeyRead | None:
        """The Query that the job reads by; None for a scan."""
        return None if self.key_read is UNSET else self.key_read

    @property
    def limit(self) -> int | None:
        """At most so many items are sent to the target; None without a limit."""
        return None if self.limit_items is UNSET else self.limit_items


class FirstRunLimits(Struct, frozen=True, kw_only=True):
    """How careful the first run of a backfill is. ``limit``: at most so many items are changed, then the job is done.
    ``canary``: a share of the items, after which the job stops and waits for ``jobs resume``."""

    limit: int | None = None
    canary: float | None = None


class ExportOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an export is written: style ``dynamodb``, ``plain``, ``plain-lossy``, ``csv`` or ``tsv``; compression ``gz``,
    ``zst`` or none.

    ``export`` is the name by which the export knows its own parts again; each gets a new one."""

    style: str = "dynamodb"
    compression: str = ""
    split_bytes: int | None = None
    export: str = ""


class ReadOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How files of items are read: ``format`` where it is not to be found out, ``types`` of CSV fields, ``map`` of
    names to templates that rewrite ids (``{"id": "user-{id}"}``) in plain JSON and mongoexport files."""

    format: str = "auto"
    types: dict[str, str] = {}
    map: dict[str, str] = {}


class Database(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the items of a populate come from. ``table`` is a SQL table or a MongoDB collection; or a SQL ``query``
    with ``order``, the columns that identify its rows. ``map`` rewrites ids: ``{"id": "user-{id}"}``.

    ``url`` may hold ``${VAR}``: secrets belong there, since a job remembers its parameters.
    """

    url: str
    table: str = ""
    query: str = ""
    order: tuple[str, ...] = ()
    map: dict[str, str] = {}
