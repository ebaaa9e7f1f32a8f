"""What a job is to do: one frozen type a verb, with every parameter typed, enough to continue it in another process.

Starting a job is resuming it without checkpoints, so a spec is all that both need. It never holds a secret: sides,
files and databases are named, and found again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, TypeAlias, assert_never

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from dynasmith.jobs.erasure_recipe import ErasedTable
from dynasmith.jobs.file_facts import CsvFields, Decision, Fingerprint
from dynasmith.jobs.options import Database, ExportOptions, FirstRunLimits, ReadOptions, TransferOptions
from dynasmith.jobs.refresh_recipe import RefreshPart
from dynasmith.jobs.replacement_progress import ReplacementGoal, ReplacementProgress
from dynasmith.jobs.service_transfer import BulkRequest, ExportRequest, ImportRequest
from dynasmith.jobs.side import Side
from dynasmith.jobs.table_identity import TableIdentities
from dynasmith.tables.table import Billing, Encryption

UNKNOWN_TABLES = TableIdentities()
"""The identities of a job of an earlier version, which kept none."""


NO_OPTIONS = TransferOptions()
"""The options of a job that moves no items itself."""


NOT_KEPT = "(not kept)"
"""What stands for the condition of a deletion that is over and keeps nothing."""


class TransformRef(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A transform as it can be found again: an operations file or ``module:function``, and a digest of its file, where
    there is one, by which a change is noticed."""

    name: str
    digest: str = ""


class Copy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every item of a table into another one. ``personal`` are the attributes whose values are counted."""

    verb: ClassVar[str] = "copy"
    source: Side
    target: Side
    tables: TableIdentities = UNKNOWN_TABLES
    transform: TransformRef | None = None
    personal: tuple[str, ...] = ()
    options: TransferOptions = field(name="flow")


class Export(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every item of a table into files at ``dest``, an absolute path. ``personal`` are the attributes whose values are
    counted."""

    verb: ClassVar[str] = "export"
    source: Side
    dest: str
    how: ExportOptions
    tables: TableIdentities = UNKNOWN_TABLES
    transform: TransformRef | None = None
    personal: tuple[str, ...] = ()
    options: TransferOptions = field(name="flow")


class FunctionExport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every item of a table to a function of the caller's; it cannot be resumed in another process."""

    verb: ClassVar[str] = "export"
    source: Side
    tables: TableIdentities = UNKNOWN_TABLES
    transform: TransformRef | None = None
    personal: tuple[str, ...] = ()
    options: TransferOptions = field(name="flow")


class ServiceExport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A table into S3, by the service. ``place`` is ``s3://bucket/prefix``; with ``token`` a repeated request is one
    export, and ``arn`` is that export once it is known."""

    verb: ClassVar[str] = "export"
    source: Side
    place: str
    request: ExportRequest
    token: str
    arn: str = ""
    tables: TableIdentities = UNKNOWN_TABLES
    options: TransferOptions = field(name="flow", default=NO_OPTIONS)

    def asked(self) -> object:
        """What was asked for, without what the job learnt."""
        return replace(self, token="", arn="")


class _Populate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every populate has. ``key`` is the target's key in words, empty where it was not kept. ``personal`` are the
    attributes whose values are counted."""

    verb: ClassVar[str] = "populate"
    target: Side
    transform: TransformRef | None = None
    personal: tuple[str, ...] = ()
    key: str = ""
    tables: TableIdentities = UNKNOWN_TABLES


class PopulateFiles(_Populate, frozen=True, kw_only=True, omit_defaults=True):
    """The items of files, by their absolute paths, into a table; ``-`` is standard input, and the one place may be in
    S3, whose bucket is of the account ``owner`` where one is named."""

    files: tuple[str, ...]
    how: ReadOptions
    fingerprints: dict[str, Fingerprint]
    owner: str = ""
    csv_fields: tuple[CsvFields, ...] = ()
    formats: tuple[Decision, ...] = ()
    options: TransferOptions = field(name="flow")


class PopulateDatabase(_Populate, frozen=True, kw_only=True, omit_defaults=True):
    """The rows of a database into a table."""

    database: Database = field(name="from")
    options: TransferOptions = field(name="flow")


class PopulateItems(_Populate, frozen=True, kw_only=True, omit_defaults=True):
    """The items of an iterable of the caller's into a table; it cannot be resumed in another process."""

    options: TransferOptions = field(name="flow")


class ServiceImport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The files below ``place`` (``s3://bucket/prefix``) into a new table, by the service.

    ``definition`` is the document of the table as JSON, ``items`` how many the files hold, where a manifest says so.
    With ``token`` a repeated request is one import, and ``arn`` is that import once it is known."""

    verb: ClassVar[str] = "populate"
    target: Side
    place: str
    definition: str
    request: ImportRequest
    items: int | None = None
    token: str
    arn: str = ""
    tables: TableIdentities = UNKNOWN_TABLES
    options: TransferOptions = field(name="flow", default=NO_OPTIONS)

    def asked(self) -> object:
        """What was asked for, without what the job learnt."""
        return replace(self, token="", arn="", tables=UNKNOWN_TABLES)


class BulkPut(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The files below ``place`` (``s3://bucket/prefix``) into a table that exists, by the service.

    ``items`` is how many the files hold, where a manifest says so. With ``token`` a repeated request is one operation,
    and ``arn`` is that operation once it is known."""

    verb: ClassVar[str] = "populate"
    target: Side
    place: str
    request: BulkRequest
    items: int | None = None
    token: str
    arn: str = ""
    tables: TableIdentities = UNKNOWN_TABLES
    options: TransferOptions = field(name="flow", default=NO_OPTIONS)

    def asked(self) -> object:
        """What was asked for, without what the job learnt."""
        return replace(self, token="", arn="")


class Backfill(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every item of a table into the shape that a transform makes. ``journal`` keeps what undoes it; ``canary_items``
    is after how many items it stops and waits, 0 when it did, or shall not."""

    verb: ClassVar[str] = "backfill"
    target: Side
    journal: bool
    tables: TableIdentities = UNKNOWN_TABLES
    where: str = ""
    transform: TransformRef | None = None
    careful: FirstRunLimits
    canary_items: int
    options: TransferOptions = field(name="flow")


class DeleteItems(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The items of a table that meet the condition of its options, or all, deleted. ``journal`` keeps them. ``beyond``
    is an export, an absolute path, whose keys are left alone; ``keys`` are files, an absolute path, whose keys are
    those to delete, known again by their ``fingerprints``. ``limit_items``: at most so many are deleted, then the job
    is done."""

    verb: ClassVar[str] = "delete-items"
    target: Side
    journal: bool
    tables: TableIdentities = UNKNOWN_TABLES
    where: str = ""
    beyond: str = ""
    keys: str = ""
    fingerprints: dict[str, Fingerprint] = {}
    limit_items: int | None = None
    options: TransferOptions = field(name="flow")


class Undo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a backfill changed or a deletion deleted, put back from its journal. ``of`` is the id of that job."""

    verb: ClassVar[str] = "undo"
    target: Side
    of: str
    tables: TableIdentities = UNKNOWN_TABLES
    where: str = ""
    options: TransferOptions = field(name="flow")


class Restore(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new table from a backup (``backup``, an ARN), from a table as it was ``at`` a time (``table``, a name or an
    ARN), or from the files of an export (``file``, an absolute path).

    ``before`` is what the table was, as one entry of a definition file, and ``before_from`` who says so; empty where
    nothing does. ``unread`` are settings that could not be read then. ``table_arn`` is the table that was backed up.
    ``vault`` and ``role`` are those of a recovery point, which AWS Backup restores, else empty.
    ``settings`` says whether they are applied, ``prove`` what the items are compared with (a place in S3 without an
    export gets one of ``prove_at``), ``expected_items`` how many there should be."""

    verb: ClassVar[str] = "restore"
    target: Side
    backup: str = ""
    table: str = ""
    at: datetime | None = None
    file: str = ""
    before: dict[str, Any] = {}
    before_from: str = ""
    vault: str = ""
    role: str = ""
    billing: Billing | None = None
    encryption: Encryption | None = None
    unread: dict[str, str] = {}
    table_arn: str = ""
    without_indexes: bool = False
    settings: bool = True
    prove: str = ""
    prove_at: datetime | None = None
    expected_items: int | None = None
    tables: TableIdentities = UNKNOWN_TABLES
    options: TransferOptions = field(name="flow")


class RollBack(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The items of a table made those of an export in place: of its ``files`` (an absolute path), ``parts`` in number.
    ``source`` is the backup or the export as it was named."""

    verb: ClassVar[str] = "restore-into"
    target: Side
    source: str
    files: str
    parts: int
    tables: TableIdentities = UNKNOWN_TABLES
    where: str = ""
    options: TransferOptions = field(name="flow")

    @property
    def journal(self) -> bool:
        """It always keeps an undo journal."""
        return True


class TableProgress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the plan of one table is: ``place`` of its ``steps`` are done. ``since`` is when it began to wait,
    ``seen`` what was seen then, and ``percent`` how much of an index is built; ``failed`` says why it does not go on.
    ``table_id`` is the table that it is about, once that is known."""

    steps: int
    place: int = 0
    done: bool = False
    since: datetime | None = None
    seen: str = ""
    percent: float | None = None
    eta: datetime | None = None
    next_look: datetime | None = None
    failed: str = ""
    table_id: str = ""


class Apply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A plan that was consented to, done by processes that come and go. ``target`` names its tables, in one text.

    ``plan`` is the plan as a file holds it, ``tables_before`` the tables when it was made, as JSON by their names.
    ``consent`` says who consented to what, and it ends at ``deadline``. ``progress`` is by table."""

    verb: ClassVar[str] = "apply"
    target: Side
    plan: str
    tables_before: str
    consent: str
    deadline: datetime
    progress: dict[str, TableProgress]
    tables: TableIdentities = UNKNOWN_TABLES
    options: TransferOptions = field(name="flow", default=NO_OPTIONS)

    @property
    def step(self) -> int:
        """How many steps are done, of all tables."""
        return sum(each.place for each in self.progress.values())

    @property
    def steps(self) -> int:
        """How many steps there are, of all tables."""
        return sum(each.steps for each in self.progress.values())

    @property
    def next_look(self) -> datetime | None:
        """When the first of the tables is to be looked at again; None where none is waited for."""
        looks = [each.next_look for each in self.progress.values() if each.next_look is not None]
        return min(looks, default=None)

    @property
    def eta(self) -> datetime | None:
        """When what is waited for is there, about; None where that is not known of each table."""
        waiting = [each for each in self.progress.values() if each.next_look is not None]
        times = [each.eta for each in waiting if each.eta is not None]
        return max(times) if times and len(times) == len(waiting) else None


class Refresh(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tables of an environment made a copy of another one's, in ``parts``, each a job of its own or a command, by the
    recipe of that name. The sides name environments, and no table; ``environment`` is the name of the target's."""

    verb: ClassVar[str] = "refresh"
    source: Side
    target: Side
    environment: str
    recipe: str
    parts: tuple[RefreshPart, ...]
    tables: TableIdentities = UNKNOWN_TABLES
    options: TransferOptions = field(name="flow", default=NO_OPTIONS)


class Erase(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything about one person deleted from the tables of a recipe. The value is not kept: ``fingerprint`` is a
    keyed hash of it, by which the same command goes on with the job. The side names an environment, and no table."""

    verb: ClassVar[str] = "erase"
    target: Side
    recipe: str
    argument: str
    fingerprint: str
    erased: tuple[ErasedTable, ...]
    tables: TableIdentities = UNKNOWN_TABLES
    options: TransferOptions = field(name="flow", default=NO_OPTIONS)


class Replace(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A table replaced by another one while it is in use. ``definition`` is that of the new table, as JSON, and
    ``transform`` makes its items. ``owners`` names attributes of the new items that hold key attributes of the source
    under another name; ``inverse`` makes an old item of a new one. ``restart_stream``: the stream of the source shows
    too little, and is turned off and on. ``until`` is where a run ends, ``began`` the time that transforms get."""

    verb: ClassVar[str] = "replace"
    source: Side
    target: Side
    definition: str
    transform: TransformRef | None = None
    inverse: TransformRef | None = None
    owners: dict[str, str] = {}
    restart_stream: bool = False
    until: ReplacementGoal = "verified"
    began: datetime
    progress: ReplacementProgress = ReplacementProgress()
    tables: TableIdentities = UNKNOWN_TABLES
    options: TransferOptions = field(name="flow")

    @property
    def goes_back(self) -> bool:
        """Whether there is a way back to the old table: by an inverse, or where items stay as they are."""
        return self.inverse is not None or self.transform is None


class UnreadableSpec(Struct, frozen=True, kw_only=True):
    """The parameters of a job that this version cannot read: damaged, or of a verb that it does not have. Such a job
    can be listed, cancelled and removed, and is kept as it was written."""

    verb: str
    parameters: msgspec.Raw
    reason: str


Populate: TypeAlias = PopulateFiles | PopulateDatabase | PopulateItems
ServiceSpec: TypeAlias = ServiceExport | ServiceImport | BulkPut
"""What the service does by itself, and a job waits for."""
Spec: TypeAlias = (
    Copy
    | Export
    | FunctionExport
    | Populate
    | Backfill
    | DeleteItems
    | Undo
    | ServiceSpec
    | Restore
    | RollBack
    | Refresh
    | Erase
    | Apply
    | Replace
)


def sides_of(spec: Spec) -> dict[str, Side]:
    """The tables of a job, by side: ``source``, ``target``."""
    match spec:
        case Copy() | Refresh() | Replace():
            return {"source": spec.source, "target": spec.target}
        case Export() | FunctionExport() | ServiceExport():
            return {"source": spec.source}
        case PopulateFiles() | PopulateDatabase() | PopulateItems() | ServiceImport() | BulkPut():
            return {"target": spec.target}
        case Backfill() | DeleteItems() | Undo() | Restore() | RollBack() | Apply() | Erase():
            return {"target": spec.target}
    assert_never(spec)


def without_values(spec: Spec | UnreadableSpec) -> Spec | UnreadableSpec:
    """The spec of a job that is over. A deletion without a journal keeps nothing of the items, so not the values of its
    condition either."""
    if not isinstance(spec, DeleteItems) or spec.journal or not spec.options.condition:
        return spec
    return replace(spec, options=replace(spec.options, condition=NOT_KEPT))


def transform_of(spec: Spec) -> TransformRef | None:
    """The transform of a job; None for one that has none."""
    match spec:
        case Copy() | Export() | FunctionExport() | PopulateFiles() | PopulateDatabase() | PopulateItems() | Backfill():
            return spec.transform
        case Replace():
            return spec.transform
        case (
            DeleteItems()
            | Undo()
            | ServiceExport()
            | ServiceImport()
            | BulkPut()
            | Restore()
            | RollBack()
            | Apply()
            | Refresh()
            | Erase()
        ):
            return None
    assert_never(spec)
