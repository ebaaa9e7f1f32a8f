"""`ItemFlow`: the verbs that move items: copy, export, populate, verify."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import structs

from dynasmith.aws.data.service_endpoint import Transport
from dynasmith.engine.transfer.dry_run import DryRun
from dynasmith.engine.transfer.iterables import TakeItems
from dynasmith.engine.transfer.service_job import NO_LIMIT, WaitLimit
from dynasmith.engine.transfer.verify import VerifyResult
from dynasmith.errors import UsageError
from dynasmith.jobs.options import ExportOptions, ReadOptions, TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.service_transfer import ExportRequest
from dynasmith.jobs.side import Side
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.model_classes import is_model
from dynasmith.project.verbs import auto_migrate as migration
from dynasmith.project.verbs import copy as copying
from dynasmith.project.verbs import export as exporting
from dynasmith.project.verbs import populate as populating
from dynasmith.project.verbs import service_export as service_exporting
from dynasmith.project.verbs import service_populate as service_populating
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.model_transforms import copy_transform, new_items_transform, own_items
from dynasmith.project.verbs.new_target import class_target
from dynasmith.project.verbs.personal_data import refuse_leaving
from dynasmith.project.verbs.populate import Origin
from dynasmith.project.verbs.service_populate import ServicePopulate
from dynasmith.project.verbs.transforms import AnyTransform
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.models import Model


class ItemFlow:
    """The verbs that move items. Blocking; each run is a job in the ledger, resumable after any kill."""

    def __init__(self, items: ItemWorld) -> None:
        self._items = items

    @property
    def transport(self) -> Transport:
        """What sends the requests of the verbs."""
        return self._items.transport

    def over(self, transport: Transport) -> ItemFlow:
        """The same verbs over another transport: ``direct``, ``aiohttp`` or ``botocore``."""
        return ItemFlow(replace(self._items, transport=transport))

    @contextmanager
    def same_tables(self) -> Iterator[ItemFlow]:
        """The same verbs, for which a name is one table from the first time that it is described to the end, where all
        are compared again: one DescribeTable each. Raises RunError where one was deleted and recreated, TableNotFound
        where it is gone."""
        with self._items.same_tables() as same:
            yield ItemFlow(same)

    # --- copy

    def copy(
        self,
        source: str | Side | Iterable[Mapping[str, Any]] | Callable[[], Iterable[Mapping[str, Any]]] | type[Model],
        target: str | Side | TakeItems | type[Model],
        *,
        transform: AnyTransform | None = None,
        create_target: bool = False,
        backup_first: str | None = None,
        keep_target_items: bool = False,
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
        transform = copy_transform(transform, source, target, self._items.folder)
        like = class_target(self._items, target, transform) if create_target else None
        read = own_items(asked, source)
        if is_model(source):
            source = self._items.side(source)
        if is_model(target):  # before it is taken for a function: a class can be called
            target = self._items.side(target)
        if callable(target):
            if not isinstance(source, str | Side):
                raise UsageError("A copy needs a table on one side.", hint="name a table as source or as target")
            return exporting.hand_over(
                self._items, source, target, transform=transform, options=read, listener=listener
            )
        if not isinstance(source, str | Side):
            if asked is not None and asked.limit is not None:
                raise UsageError("limit_items is of a table.", hint="give fewer items, such as itertools.islice(...)")
            return self.populate(
                target,
                source,
                transform=transform,
                create_target=create_target,
                asked=asked,
                consent=consent,
                listener=listener,
            )
        return copying.copy(
            self._items,
            source,
            target,
            transform=transform,
            create_target=create_target,
            like=like,
            backup_first=backup_first,
            keep_target_items=keep_target_items,
            options=asked,
            consent=consent,
            listener=listener,
        )

    def check_copy(
        self,
        source: str | Side | type[Model],
        target: str | Side | type[Model],
        *,
        transform: AnyTransform | None = None,
        asked: TransferOptions | None = None,
        create_target: bool = False,
    ) -> str:
        """Raise what `copy` would raise before its first item, without doing anything: before a backup, a question. The
        physical name of the target."""
        transform = copy_transform(transform, source, target, self._items.folder)
        _, end = copying.check_copy(
            self._items,
            source,
            target,
            transform=transform,
            options=asked,
            create_target=create_target,
            like=class_target(self._items, target, transform) if create_target else None,
        )
        return end.name

    def rehearse_copy(
        self,
        source: str | Side | type[Model],
        target: str | Side | type[Model],
        *,
        transform: AnyTransform | None = None,
        asked: TransferOptions | None = None,
        create_target: bool = False,
        keep_target_items: bool = False,
    ) -> DryRun:
        """What `copy` would move, cost and take, with samples. Writes nothing, and creates no target."""
        transform = copy_transform(transform, source, target, self._items.folder)
        like = class_target(self._items, target, transform) if create_target else None
        return copying.rehearse_copy(
            self._items,
            source,
            target,
            transform=transform,
            options=asked,
            create_target=create_target,
            keep_target_items=keep_target_items,
            like=like,
        )

    def create_like(self, source: str | Side | type[Model], target: str | Side | type[Model]) -> Table:
        """Create the target from the source's definition. See `project.verbs.copy`."""
        return copying.create_like(self._items, source, target)

    def backup(
        self, source: str | Side | type[Model], name: str = "", *, listener: Listener = silent
    ) -> tuple[str, Report]:
        """Copy a table with its definition into a new one, verified. See `project.verbs.copy`."""
        return copying.backup(self._items, source, name, listener=listener)

    def auto_migrate(
        self,
        table: str | Table | type[Model],
        *,
        target: str | Table | type[Model] | None = None,
        copy: bool = False,
        backup: str | bool = False,
        transform: AnyTransform | None = None,
        batch_size: int | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> list[Report]:
        """Make sure of tables, back up, copy: in this order, and safely again. See `project.verbs.auto_migrate`.

        ``copy`` needs the consent that `ItemFlow.copy` needs: ConsentRequired is raised before anything is done.
        """
        wish = migration.AutoMigration(table, target, copy, backup, transform, batch_size, consent)
        return migration.auto_migrate(self._items, wish, listener=listener)

    # --- export

    def export(
        self,
        table: str | Side | type[Model],
        dest: str | Path,
        *,
        how: ExportOptions | None = None,
        transform: AnyTransform | None = None,
        asked: TransferOptions | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write every item of a table into files with a manifest, and give the report. `populate` takes it back.

        Raises ConsentRequired where personal attributes would leave a protected environment as they are.
        """
        asked = own_items(asked, table)
        return exporting.export(
            self._items,
            table,
            dest,
            how=how,
            transform=transform,
            options=asked,
            consent=consent,
            listener=listener,
        )

    def service_export(
        self,
        table: str | Side | type[Model],
        place: str,
        request: ExportRequest,
        *,
        waiting: WaitLimit = NO_LIMIT,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Let the service export a table to S3, wait for it, and check what it wrote. `populate` takes it back.

        The same call after a kill, or `Jobs.resume`, goes on with the same export. Raises UsageError for a table
        without point-in-time recovery, a window that cannot be, and a prefix that holds other files; AccessDenied with
        all actions that it needs; RunError where the export failed; FileFormatError where a file is not whole.
        """
        refuse_leaving(self._items, [table], consent)
        own = own_items(TransferOptions(condition=request.condition), table)
        request = structs.replace(request, condition=request.condition if own is None else own.condition)
        return service_exporting.service_export(self._items, table, place, request, waiting=waiting, listener=listener)

    def rehearse_service_export(self, table: str | Side | type[Model], place: str, request: ExportRequest) -> DryRun:
        """What `service_export` would export and cost. Writes nothing."""
        return service_exporting.rehearse_service_export(self._items, table, place, request)

    def export_to(
        self,
        table: str | Side | type[Model],
        out: BinaryIO,
        *,
        how: ExportOptions | None = None,
        transform: AnyTransform | None = None,
        asked: TransferOptions | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write every item of a table to an open binary stream, a line an item, page after page.

        It leaves no job: what a stream got cannot be taken back or continued. Raises UsageError for CSV, and
        BrokenPipeError when the reader of the stream has gone.
        """
        asked = own_items(asked, table)
        return exporting.stream(
            self._items,
            table,
            out,
            how=how,
            transform=transform,
            options=asked,
            consent=consent,
            listener=listener,
        )

    def rehearse_export(
        self,
        table: str | Side | type[Model],
        *,
        transform: AnyTransform | None = None,
        asked: TransferOptions | None = None,
    ) -> DryRun:
        """What `export` would read, cost and take, with samples. Writes nothing."""
        return exporting.rehearse_export(self._items, table, own_items(asked, table), transform)

    # --- populate

    def populate(
        self,
        table: str | Side | type[Model],
        files: Origin,
        *,
        how: ReadOptions | None = None,
        transform: AnyTransform | None = None,
        create_target: bool = False,
        owner: str = "",
        asked: TransferOptions | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write the items of files (or of any iterable, a function that gives one, or a database) into a table.

        With ``create_target`` the table is created first, from the definition in the manifest of an export, under the
        name ``table`` with the prefix and suffix of its environment. Raises UsageError for a source without such a
        manifest, and TableExists. Interrupted after that it leaves the new table, and the job can be resumed.

        Needs the consent `yes`, and the name of a protected environment that the table is in; else ConsentRequired.
        """
        return populating.populate(
            self._items,
            table,
            files,
            how=how,
            transform=new_items_transform(transform, table),
            create_target=create_target,
            owner=owner,
            options=asked,
            consent=consent,
            listener=listener,
        )

    def service_populate(
        self,
        table: str | Side | type[Model],
        asked: ServicePopulate,
        *,
        consent: Consent | None = None,
        waiting: WaitLimit = NO_LIMIT,
        listener: Listener = silent,
    ) -> Report:
        """Let the service import files of S3 into a new table, or write them into one that exists, and wait for it.

        The same call after a kill, or `Jobs.resume`, goes on with the same import. Needs the consent that `populate`
        needs. Raises UsageError, TableExists for an import into a table that is there, NotOffered where botocore does
        not know bulk writes, AccessDenied with all actions that it needs, RunError where the service failed.
        """
        return service_populating.service_populate(
            self._items, table, asked, consent=consent, waiting=waiting, listener=listener
        )

    def rehearse_service_populate(self, table: str | Side | type[Model], asked: ServicePopulate) -> DryRun:
        """What `service_populate` would do and cost. Writes nothing."""
        return service_populating.rehearse_service_populate(self._items, table, asked)

    def rehearse_populate(
        self,
        table: str | Side | type[Model],
        files: Origin,
        *,
        how: ReadOptions | None = None,
        transform: AnyTransform | None = None,
        create_target: bool = False,
        owner: str = "",
        asked: TransferOptions | None = None,
    ) -> DryRun:
        """What `populate` would create, write, cost and take, with samples. Writes nothing, and creates no table. It
        takes standard input."""
        transform = new_items_transform(transform, table)
        return populating.rehearse(
            self._items, table, files, how, transform, asked, create_target=create_target, owner=owner
        )

    def items_of(self, table: str | Side | type[Model]) -> list[dict[str, Any]]:
        """The items that the table's definition lists. Raises UsageError where there is none, or it lists none."""
        return populating.items_of(self._items, self._items.side(table))

    # --- verify

    def verify(
        self,
        source: str | Side | type[Model],
        target: str | Side | type[Model],
        *,
        transform: AnyTransform | None = None,
        job: str = "",
        limit: int = 20,
        processes: int | None = None,
        listener: Listener = silent,
    ) -> VerifyResult:
        """Whether two tables, or a table and an export, hold the same items: count and digest, then differing keys.

        ``transform`` is what a copy did to the source's items; ``job`` is that copy's id, which knows its transform and
        filter, and is needed where the transform uses ``ctx``.
        """
        if not job:
            transform = copy_transform(transform, source, target, self._items.folder)
        workers = self._items.moved_by(TransferOptions(processes=processes or 0)).processes
        return verify_sides(
            self._items,
            source,
            target,
            transform=transform,
            job=job,
            limit=limit,
            workers=workers,
            listener=listener,
        )
