"""The verbs that move items, wired: copy, export, populate, verify."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace as changed
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import msgspec

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.service_endpoint import Transport
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.aws.stores.s3.ledger import S3Ledger
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.aws.stores.table_ledger import TableLedger
from dynasmith.engine.definition_import import as_definition
from dynasmith.engine.ensure import Ensured
from dynasmith.engine.guarded.dry_run import Keeping
from dynasmith.engine.identity import check_same, refuse_another
from dynasmith.engine.planner import TOOL
from dynasmith.engine.transfer import copy as flow_copy
from dynasmith.engine.transfer import export as flow_export
from dynasmith.engine.transfer.dry_run import DryRun, rehearse_copy, rehearse_export
from dynasmith.engine.transfer.events import FlowNote
from dynasmith.engine.transfer.iterables import TakeItems, to_callable
from dynasmith.engine.transfer.options import TransferOptions
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd, check_ends
from dynasmith.engine.transfer.verify import VerifyResult
from dynasmith.errors import UsageError
from dynasmith.files.items.destination import check_dest
from dynasmith.files.items.sink import FileSink, Head
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.transform import Function
from dynasmith.jobs.estimate import JobEstimate, with_cost
from dynasmith.jobs.report import Report
from dynasmith.masking import Masks
from dynasmith.plans.consent import Consent, question
from dynasmith.ports.checkpoints import Ledger
from dynasmith.ports.items import OpenSink, ThrottleListener
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.databases import Database
from dynasmith.project.identity import remembered_tables
from dynasmith.project.locations import ExportOptions, Location, ReadOptions, remembered, side_of
from dynasmith.project.transform_fingerprint import remembered_transform
from dynasmith.project.transforms import AnyTransform, function_of, name_of
from dynasmith.project.verbs import auto_migrate as migrating
from dynasmith.project.verbs import populate as populating
from dynasmith.project.verbs.dry_run import rehearsed
from dynasmith.project.verbs.populate import Origin
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_of import document_of
from dynasmith.tables.prices import prices_for
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.project.project import Project


class ItemFlow:
    """The verbs that move items. Blocking; each run is a job in the ledger, resumable after any kill."""

    def __init__(self, project: Project, *, transport: Transport = "direct") -> None:
        self._project = project
        self._transport: Transport = transport
        self._same: dict[Location, TableDescription] | None = None

    @property
    def transport(self) -> Transport:
        """What sends the requests of the verbs."""
        return self._transport

    def over(self, transport: Transport) -> ItemFlow:
        """The same verbs over another transport: ``direct``, ``aiohttp`` or ``botocore``."""
        return ItemFlow(self._project, transport=transport)

    @property
    def dry(self) -> ItemFlow:
        """The same verbs for a dry run: every client of theirs only reads."""
        dry = self._project.dry
        return self if dry is self._project else ItemFlow(dry, transport=self._transport)

    def rehearsed(self, transform: AnyTransform | None, *, in_place: bool = False) -> tuple[Function | None, Keeping]:
        """A transform for a dry run, and how its user code is kept dry. See `project.verbs.dry_run`."""
        return rehearsed(transform, self.folder, self._project.session, self._transport, in_place=in_place)

    @property
    def masks(self) -> Masks:
        """What the project shows in place of what came out of variables."""
        return self._project.masks

    def consent(self, given: Consent | None) -> Consent:
        """What a caller gave, or what the project was opened with: also for another side of a job."""
        return self._project.consent if given is None else given

    @property
    def only_reads(self) -> bool:
        """Whether these are the verbs of a dry run."""
        return self._project.session.only_reads

    # --- ends

    @property
    def ledger(self) -> Ledger:
        """Where the jobs of this project are kept: a folder beside the project file, a DynamoDB table, or S3."""
        place, session = self._project.place, self._project.session
        if place.ledger.startswith("s3://"):
            objects = S3Objects(session.client("s3"), place.ledger, access=session.access)
            return S3Ledger(objects, owner=_owner())
        if place.ledger.startswith("table:"):
            name = f"{place.prefix}{place.ledger.removeprefix('table:')}{place.suffix}"
            return TableLedger(session.client("dynamodb"), name, owner=_owner())
        return FolderLedger(Path(place.folder) / (place.ledger or ".dynasmith/jobs"))

    @property
    def now(self) -> Callable[[], datetime]:
        """The project's clock."""
        return self._project.clock.now

    def side(self, said: str | Location) -> Location:
        """One end, as it was said: a name, an ARN, or a `Location`."""
        return side_of(said, isolated=self._project.session.access.isolated)

    def at(self, side: Location) -> Project:
        """The project of that side."""
        return self._project.elsewhere(side) if side.elsewhere else self._project

    def end(self, side: Location) -> TableEnd:
        """The table of ``side`` as it is described now. Raises TableNotFound."""
        at = self.at(side)
        described = at.control.describe(at.physical(side.table), SEEN)
        if self._same is not None:
            refuse_another(self._same.setdefault(side, described), described, "what was done until then is not in it")
        return TableEnd(described, self._access(at, {described.table.name: described.table_id}))

    @contextmanager
    def same_tables(self) -> Iterator[None]:
        """Within this a name is one table, from the first time that it is described to the end, where all are compared
        again: one DescribeTable each. RunError where one was deleted and made again, TableNotFound where it is gone."""
        if self._same is not None:  # a verb within a verb: the outer one compares
            yield
            return
        self._same = {}
        try:
            yield
            for side, before in self._same.items():
                check_same(before, self.at(side).control, "what was done until then is not in it")
        finally:
            self._same = None

    def end_of(self, side: Location, table: Table) -> TableEnd:
        """A table of ``side`` that is not there yet, for a rehearsal."""
        return TableEnd(TableDescription(table=table, status="ACTIVE"), self._access(self.at(side)))

    def _access(self, at: Project, table_ids: Mapping[str, str] | None = None) -> TableAccess:
        return TableAccess(
            at.session.client("dynamodb"),
            transport=self._transport,
            table_ids=table_ids,
            shown=at.masks.identity,
        )

    def ensure(self, tables: Sequence[str | Table]) -> Ensured:
        """Create what is absent of these tables (names are looked up in the definitions)."""
        wishes = [each if isinstance(each, Table) else self._project.tables([each])[0] for each in tables]
        return self._project.ensure_tables(wishes)

    def around(self, listener: Listener) -> RunContext:
        """What a run gets from this process: clock, loop, owner, masks, and who is told of events."""
        clock = self._project.clock
        return RunContext(
            listener=listener,
            loop_factory=new_event_loop,
            now=clock.now,
            owner=_owner(),
            monotonic=clock.monotonic,
            masked=self._project.masks,
        )

    # --- copy

    def copy(
        self,
        source: str | Location | Iterable[Mapping[str, Any]] | Callable[[], Iterable[Mapping[str, Any]]],
        target: str | Location | TakeItems,
        *,
        transform: AnyTransform | None = None,
        create_target: bool = False,
        backup_first: str | None = None,
        asked: TransferOptions | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Copy every item of a table into another one, and give the report. See `engine.transfer.copy`.

        In this order: everything is checked; consent is asked for (`yes`, and the name of a protected environment that
        the target is in), or ConsentRequired raised; with ``backup_first`` (a name, empty for the default one) the
        source is copied into a new table and verified; with ``create_target`` the target is created; the items are
        copied.

        One side may be Python instead: a source that is an iterable of items or a function that gives one, or a target
        that is a function (also async), which gets page after page of items and must return before the next one comes.
        """
        if callable(target):
            return self._hand_over(source, target, asked, listener)
        if not isinstance(source, str | Location):
            return self.populate(target, source, transform=transform, asked=asked, consent=consent, listener=listener)
        first, second = self.side(source), self.side(target)
        with self.same_tables():
            name = self.check_copy(first, second, transform=transform, asked=asked, create_target=create_target)
            asks = question(f"Copy {first.table} into {name} in {{where}}?")
            self.at(second).granted(self.consent(consent), [name], asks)
            if backup_first is not None:
                made, _ = self.backup(first, backup_first, listener=listener)
                listener(FlowNote(table=made, sentence=f"Backed up into {made}, verified."))
            if create_target:
                self.create_like(first, second)
                listener(FlowNote(table=name, sentence=f"Created {name}."))
                second = msgspec.structs.replace(second, table=name)
            return self.copy_items(first, second, transform=transform, asked=asked, listener=listener)

    def copy_items(
        self,
        first: Location,
        second: Location,
        *,
        transform: AnyTransform | None = None,
        asked: TransferOptions | None = None,
        listener: Listener = silent,
    ) -> Report:
        """`copy` between two tables that are there, for who has the consent."""
        function, named = self.function(transform)
        ends = migrating.copy_ends(self, first, second)
        parameters = {"source": remembered(first), "target": remembered(second)}
        parameters |= remembered_tables(source=ends[0], target=ends[1]) | self.remembered_transform(named)
        report = flow_copy.copy(
            *ends,
            self.ledger,
            asked,
            transform=function,
            parameters=parameters,
            around=self.around(listener),
        )
        return self.priced(report)

    def _hand_over(self, source: Any, function: TakeItems, asked: TransferOptions | None, listener: Listener) -> Report:
        if not isinstance(source, str | Location):
            raise UsageError("A copy needs a table on one side.", hint="name a table as source or as target")
        side = self.side(source)
        end = self.end(side)
        report = flow_export.export(
            end,
            to_callable(function),
            self.ledger,
            asked,
            parameters={"source": remembered(side)} | remembered_tables(source=end),
            around=self.around(listener),
        )
        return self.priced(report)

    def check_copy(
        self,
        source: str | Location,
        target: str | Location,
        *,
        transform: AnyTransform | None = None,
        asked: TransferOptions | None = None,
        create_target: bool = False,
    ) -> str:
        """Raise what `copy` would raise before its first item, without doing anything: before a backup, a question. The
        physical name of the target."""
        self.function(transform)
        if asked is not None and asked.condition:
            parse_condition(asked.condition)
        ends = migrating.copy_ends(self, self.side(source), self.side(target), create_target=create_target)
        check_ends(*ends, transforms=transform is not None)
        return ends[1].name

    def rehearse_copy(
        self,
        source: str | Location,
        target: str | Location,
        *,
        transform: AnyTransform | None = None,
        asked: TransferOptions | None = None,
        create_target: bool = False,
    ) -> DryRun:
        """What `copy` would move, cost and take, with samples. Writes nothing, and creates no target."""
        dry = self.dry
        function, keeping = dry.rehearsed(transform)
        ends = migrating.copy_ends(dry, dry.side(source), dry.side(target), create_target=create_target)
        around, prices = dry.around(silent), dry.prices()
        return rehearse_copy(*ends, asked, transform=function, keeping=keeping, prices=prices, around=around)

    def create_like(self, source: str | Location, target: str | Location) -> Table:
        """Create the target from the source's definition. See `project.auto_migrate.create_like`."""
        return migrating.create_like(self, source, target)

    def backup(self, source: str | Location, name: str = "", *, listener: Listener = silent) -> tuple[str, Report]:
        """Copy a table with its definition into a new one, verified. See `project.auto_migrate.backup`."""
        return migrating.backup(self, source, name, listener=listener)

    def auto_migrate(
        self,
        table: str | Table,
        *,
        target: str | Table | None = None,
        copy: bool = False,
        backup: str | bool = False,
        transform: AnyTransform | None = None,
        batch_size: int | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> list[Report]:
        """Make sure of tables, back up, copy: in this order, and safely again. See `project.auto_migrate`.

        ``copy`` needs the consent that `ItemFlow.copy` needs: ConsentRequired is raised before anything is done.
        """
        wish = migrating.AutoMigration(table, target, copy, backup, transform, batch_size, consent)
        return migrating.auto_migrate(self, wish, listener=listener)

    def function(self, transform: AnyTransform | None, *, in_place: bool = False) -> tuple[Function | None, str]:
        """A transform as a function, and what a job remembers of it. See `function_of`."""
        if transform is None:
            return None, ""
        return function_of(transform, self.folder, in_place=in_place), name_of(transform)

    @property
    def folder(self) -> str:
        """Where transforms and operations files are looked for first."""
        return self._project.place.folder

    def remembered_transform(self, named: str) -> dict[str, Any]:
        """What a job keeps of its transform. See `project.transform_kept`."""
        return remembered_transform(named, self.folder)

    # --- export

    def export(
        self,
        table: str | Location,
        dest: str | Path,
        *,
        how: ExportOptions | None = None,
        asked: TransferOptions | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write every item of a table into files with a manifest, and give the report. `populate` takes it back."""
        side = self.side(table)
        where = Path(dest).absolute()
        check_dest(dest)
        end, writing = self.end(side), msgspec.structs.replace(how or ExportOptions(), export=token_hex(4))
        parameters = {"source": remembered(side), "dest": str(where), "how": msgspec.to_builtins(writing)}
        report = flow_export.export(
            end,
            self.files(side, where, writing),
            self.ledger,
            asked,
            parameters=parameters | remembered_tables(source=end),
            around=self.around(listener),
        )
        return self.priced(report)

    def rehearse_export(self, table: str | Location, *, asked: TransferOptions | None = None) -> DryRun:
        """What `export` would read, cost and take, with samples. Writes nothing."""
        dry = self.dry
        end = dry.end(dry.side(table))
        return rehearse_export(end, asked, prices=dry.prices(), around=dry.around(silent))

    def files(self, side: Location, dest: Path, how: ExportOptions) -> OpenSink:
        """The files of an export, opened when it begins."""
        described = self.at(side).describe(side.table)
        table = described.table
        head = Head(
            tool=TOOL,
            table=table.name,
            created_at=self._project.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            key=tuple((attribute.name, attribute.type) for attribute in table.key),
            definition=document_of(as_definition(described)),
        )

        async def opened(_heard: ThrottleListener) -> FileSink:
            return FileSink(
                dest,
                head,
                style=how.style,  # type: ignore[arg-type]  # the sink refuses another word
                compression=how.compression,  # type: ignore[arg-type]
                split_bytes=how.split_bytes,
                export=how.export,
            )

        return opened

    # --- populate

    def populate(
        self,
        table: str | Location,
        files: Origin,
        *,
        how: ReadOptions | None = None,
        transform: AnyTransform | None = None,
        asked: TransferOptions | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write the items of files (or of any iterable, a function that gives one, or a database) into a table.

        Needs the consent `yes`, and the name of a protected environment that the table is in; else ConsentRequired.
        """
        return populating.populate(self, table, files, how, transform, asked, consent, listener)

    def rehearse_populate(
        self,
        table: str | Location,
        files: Sequence[str] | Iterable[Mapping[str, Any]] | Database,
        *,
        how: ReadOptions | None = None,
        transform: AnyTransform | None = None,
        asked: TransferOptions | None = None,
    ) -> DryRun:
        """What `populate` would write, cost and take, with samples. Writes nothing. It takes standard input."""
        return populating.rehearse(self, table, files, how, transform, asked)

    def items_of(self, table: str | Location) -> list[dict[str, Any]]:
        """The items that the table's definition lists. Raises UsageError where there is none, or it lists none."""
        return populating.items_of(self, self.side(table))

    # --- verify

    def verify(
        self,
        source: str | Location,
        target: str | Location,
        *,
        transform: AnyTransform | None = None,
        job: str = "",
        limit: int = 20,
        listener: Listener = silent,
    ) -> VerifyResult:
        """Whether two tables, or a table and an export, hold the same items: count and digest, then differing keys.

        ``transform`` is what a copy did to the source's items; ``job`` is that copy's id, which knows its transform and
        filter, and is needed where the transform uses ``ctx``.
        """
        return verify_sides(self, source, target, transform=transform, job=job, limit=limit, listener=listener)

    def priced(self, report: Report) -> Report:
        """The report with what its units cost on demand; unknown where the prices are."""
        counts = report.counts
        spent = JobEstimate(counts.read, 0, counts.read_units, counts.write_units)
        return changed(report, dollars=with_cost(spent, self.prices()).dollars)

    def prices(self) -> dict[str, float | None]:
        """Dollars for a million units; None where they are unknown."""
        prices = prices_for(self._project.session.region, dict(self._project.place.prices))
        return {
            "million_read_units": prices.million_read_units,
            "million_write_units": prices.million_write_units,
        }


# What the flow must know of a table: TTL for expired items, capacity and what owns it for the pace.
SEEN = ("time_to_live",)


def _owner() -> str:
    import socket

    return f"{socket.gethostname()}:{os.getpid()}"
