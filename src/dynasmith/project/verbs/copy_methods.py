"""The methods of `Project` that copy items from table to table: copy and auto_migrate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack, overload

from dynasmith.errors import UsageError
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.argument_kinds import optional
from dynasmith.project.verbs.arguments import checked, model
from dynasmith.project.verbs.arguments import table as table_check
from dynasmith.project.verbs.verb_access import VerbAccess

if TYPE_CHECKING:
    from dynasmith.items.ctx import Context
    from dynasmith.jobs.cluster import WorkerPlace
    from dynasmith.jobs.report import Report
    from dynasmith.jobs.side import Side
    from dynasmith.models import Model
    from dynasmith.operations import Operation, Operations
    from dynasmith.plans.consent import Consent
    from dynasmith.project.verbs.method_options import AutoMigrateOptions, CopyOptions
    from dynasmith.project.verbs.transforms import AnyTransform, ItemTransform
    from dynasmith.tables.table import Table

    M = TypeVar("M", bound=Model)
    N = TypeVar("N", bound=Model)


class CopyMethods(VerbAccess):
    """Verbs that copy; see `ItemMethods` for the options."""

    @overload
    def copy(
        self,
        source: type[M],
        target: type[N],
        transform: Callable[[M], N | Iterable[N] | None],
        **options: Unpack[CopyOptions],
    ) -> Report: ...
    @overload
    def copy(
        self,
        source: type[M],
        target: type[N],
        transform: Callable[[M, Context], N | Iterable[N] | None],
        **options: Unpack[CopyOptions],
    ) -> Report: ...
    @overload
    def copy(
        self,
        source: type[Model],
        target: type[Model],
        transform: str | Path | Operation | Operations | Sequence[ItemTransform] | None = None,
        **options: Unpack[CopyOptions],
    ) -> Report: ...
    @overload
    def copy(
        self,
        source: type[Model],
        target: str | Side | Callable[[Sequence[dict[str, Any]]], Awaitable[None] | None],
        transform: AnyTransform | None = None,
        **options: Unpack[CopyOptions],
    ) -> Report: ...
    @overload
    def copy(
        self,
        source: str | Side | Iterable[Mapping[str, Any]] | Callable[[], Iterable[Mapping[str, Any]]],
        target: str | Side | type[Model] | Callable[[Sequence[dict[str, Any]]], Awaitable[None] | None],
        transform: AnyTransform | None = None,
        **options: Unpack[CopyOptions],
    ) -> Report: ...
    @checked()
    def copy(
        self,
        source: str | Side | type[Model] | Iterable[Mapping[str, Any]] | Callable[[], Iterable[Mapping[str, Any]]],
        target: str | Side | type[Model] | Callable[[Sequence[dict[str, Any]]], Awaitable[None] | None],
        transform: AnyTransform | None = None,
        *,
        create_target: bool = False,
        backup: bool | str = False,
        backup_first: bool | str = False,
        keep_target_items: bool = False,
        mode: str = "overwrite",
        filter: str = "",
        expired: Literal["keep", "skip"] = "keep",
        on_error: Literal["stop", "dead"] = "stop",
        consistent: bool = False,
        digest: bool = True,
        segments: int | None = None,
        batch_size: int | None = None,
        processes: int | None = None,
        on: WorkerPlace | None = None,
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
        limit_items: int | None = None,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Copy every item of a table into another one, also in another environment, Region or account (`Side`).

        In this order: everything is checked; the consent is looked at; with ``backup`` (also called ``backup_first``;
        True, or the name of a new table) the source is copied into a new table and verified; with ``create_target`` the
        target is created with the settings of the source, or as its class says; the items are copied. One side may be
        Python instead: a source that is an iterable of items or a function that gives one, or a target that is a
        function (also async), which gets page after page of items and must return before the next one comes.

        Between two classes ``transform`` is a function of an instance of the first, which returns an instance of the
        second, several, or None to leave the item out. What it returns is the item: what the first class does not know
        is copied where the instance itself is returned. Stamps that it leaves None are set. Where a class shares its
        table, only its items are copied; the others count as skipped.

        A copy out of a protected environment into a table that holds items which may be unmasked is refused, but with
        ``keep_target_items``: they stay then, where the copy does not replace them.

        Raises UsageError for arguments that cannot be, ConsentRequired, TableNotFound, TransformError where an item
        stops the job, Interrupted and RunError. Costs the read units of the source and the write units of the target.
        Stopped halfway it is resumed with `Jobs.resume`; items that exist already are recognised.
        """
        from dynasmith.project.verbs.item_options import backup_name, transfer_options

        if backup and backup_first:
            raise UsageError("backup and backup_first are one option.", hint="use backup")
        return self._flow(transport, on).copy(
            source,
            target,
            transform=transform,
            create_target=create_target,
            backup_first=backup_name(backup or backup_first),
            keep_target_items=keep_target_items,
            asked=transfer_options(
                mode=mode,
                filter=filter,
                expired=expired,
                on_error=on_error,
                consistent=consistent,
                digest=digest,
                segments=segments,
                batch_size=batch_size,
                processes=processes,
                max_read_units=max_read_units,
                max_write_units=max_write_units,
                share=share,
                limit_items=limit_items,
            ),
            consent=consent,
            listener=listener,
        )

    @overload
    def auto_migrate(
        self, table: type[Model], *models: type[Model], **options: Unpack[AutoMigrateOptions]
    ) -> Sequence[Report]: ...
    @overload
    def auto_migrate(
        self,
        table: type[M],
        *,
        target: type[N],
        copy: bool = False,
        transform: Callable[[M], N | Iterable[N] | None] | None = None,
        batch_size: int | None = None,
        **options: Unpack[AutoMigrateOptions],
    ) -> Sequence[Report]: ...
    @overload
    def auto_migrate(
        self,
        table: str | Table,
        *,
        target: str | Table | type[Model] | None = None,
        copy: bool = False,
        transform: AnyTransform | None = None,
        batch_size: int | None = None,
        **options: Unpack[AutoMigrateOptions],
    ) -> Sequence[Report]: ...
    @checked(models=model, target=optional(table_check))
    def auto_migrate(
        self,
        table: str | Table | type[Model],
        *models: type[Model],
        target: str | Table | type[Model] | None = None,
        copy: bool = False,
        backup: str | bool = False,
        transform: AnyTransform | None = None,
        batch_size: int | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Sequence[Report]:
        """Create ``table`` where it is missing, back it up, create ``target`` where it is missing, copy the items: in
        this order. A report for each copy. Several classes are created where they are missing, and backed up each
        where ``backup`` is True.

        ``backup`` is the name of a new table, or True for the default one; without ``target`` it is the backup alone.
        Run again it finds the tables there; a backup of the same name is refused, a copied item is there already.
        Raises UsageError, before anything is done, where ``copy`` has no other table to go to; ConsentRequired,
        TableExists and what `copy` raises.
        """
        if not models:
            several: Sequence[str | Table | type[Model]] = (table,)
        elif target is not None or copy or transform is not None or batch_size is not None or isinstance(backup, str):
            words = "target, copy, transform, batch_size and the name of a backup"
            raise UsageError(f"{words} are of one class, not of several.", hint="call auto_migrate for each")
        else:
            several = (table, *models)
        flow = self._flow()
        return [
            report
            for each in several
            for report in flow.auto_migrate(
                each,
                target=target,
                copy=copy,
                backup=backup,
                transform=transform,
                batch_size=batch_size,
                consent=consent,
                listener=listener,
            )
        ]
