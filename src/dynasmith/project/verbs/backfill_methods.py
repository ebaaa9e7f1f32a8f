"""The methods of `Project` that change items in place: backfill, check_backfill and delete_items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, Unpack, overload

from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.arguments import checked, side
from dynasmith.project.verbs.arguments import transform as transform_check
from dynasmith.project.verbs.verb_access import VerbAccess

if TYPE_CHECKING:
    from dynasmith.engine.backfill.dry_run import CheckResult
    from dynasmith.items.ctx import Context
    from dynasmith.jobs.cluster import WorkerPlace
    from dynasmith.jobs.report import Report
    from dynasmith.jobs.side import Side
    from dynasmith.models import Model
    from dynasmith.operations import Operation, Operations
    from dynasmith.plans.consent import Consent
    from dynasmith.project.verbs.method_options import BackfillOptions
    from dynasmith.project.verbs.transforms import AnyTransform, ItemTransform

    M = TypeVar("M", bound=Model)
    N = TypeVar("N", bound=Model)


class BackfillMethods(VerbAccess):
    """Verbs that change items in place; see `ItemMethods` for the options."""

    @overload
    def backfill(
        self, table: type[M], transform: Callable[[M], M | None], **options: Unpack[BackfillOptions]
    ) -> Report: ...
    @overload
    def backfill(
        self, table: type[M], transform: Callable[[M, Context], M | None], **options: Unpack[BackfillOptions]
    ) -> Report: ...
    @overload
    def backfill(
        self,
        table: type[Model],
        transform: str | Path | Operation | Operations | Sequence[ItemTransform],
        **options: Unpack[BackfillOptions],
    ) -> Report: ...
    @overload
    def backfill(self, table: str | Side, transform: AnyTransform, **options: Unpack[BackfillOptions]) -> Report: ...
    @checked(table=side, transform=transform_check)
    def backfill(
        self,
        table: str | Side | type[Model],
        transform: AnyTransform,
        *,
        where: str = "",
        limit: int | None = None,
        canary: float | None = None,
        journal: bool = True,
        filter: str = "",
        expired: Literal["keep", "skip"] = "keep",
        on_error: Literal["stop", "dead"] = "stop",
        consistent: bool = False,
        segments: int | None = None,
        batch_size: int | None = None,
        processes: int | None = None,
        on: WorkerPlace | None = None,
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Change the items of a table in place, each on the condition that nobody else has changed it, with an undo
        journal (`Jobs.undo`) unless ``journal`` is False.

        With a class ``transform`` is a function of an instance, which returns it as it shall be, or None to leave it.
        What differs is written, as `Db.save` writes it: the version is raised, the time of the last write is set, and
        what the class does not know stays. Items of other classes of the table count as skipped.

        ``where`` is a condition that is checked again at each write (``filter`` means the same). ``limit`` changes at
        most so many items and ends the job; ``canary`` stops after that share of the items (0.01), and `Jobs.resume`
        changes the rest. Raises UsageError, ConsentRequired, TableNotFound, TransformError, Interrupted and RunError.
        Costs a read of the table and the write units of what changes. Stopped halfway it is resumed with `Jobs.resume`.
        """
        from dynasmith.jobs.options import FirstRunLimits
        from dynasmith.project.verbs.item_options import transfer_options, where_or_filter

        return self._backfills(on).run(
            table,
            transform,
            asked=transfer_options(
                filter=where_or_filter(where, filter),
                expired=expired,
                on_error=on_error,
                consistent=consistent,
                segments=segments,
                batch_size=batch_size,
                processes=processes,
                max_read_units=max_read_units,
                max_write_units=max_write_units,
                share=share,
            ),
            careful=FirstRunLimits(limit=limit, canary=canary),
            journal=journal,
            consent=consent,
            listener=listener,
        )

    @checked(table=side)
    def delete_items(
        self,
        table: str | Side,
        *,
        where: str = "",
        keys: str | Path | None = None,
        all: bool = False,
        journal: bool = True,
        limit_items: int | None = None,
        consistent: bool = False,
        segments: int | None = None,
        batch_size: int | None = None,
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Delete the items that meet the condition ``where``, those whose keys are in the file ``keys``, or ``all``,
        each while it is as it was read, with an undo journal (`Jobs.undo`) unless ``journal`` is False; then nothing of
        the items is kept anywhere. With ``limit_items`` the job is done when so many are deleted, over all its runs.

        A file of keys is JSON lines or CSV, one key a line, other attributes ignored; counts of the report: ``dropped``
        are keys that came before, ``unchanged`` those that have no item. Needs the name of the table as consent
        (``confirm``). Raises UsageError unless one of the three is given, FileFormatError for a line that is no key
        (nothing is deleted then), ConsentRequired, TableNotFound, CheckpointError, Interrupted and RunError. Costs a
        read of the table, or a strong read of each key, and the write units of what is deleted. Stopped halfway it is
        resumed with `Jobs.resume`.
        """
        from dynasmith.project.verbs.delete_items import delete_items, which_items
        from dynasmith.project.verbs.item_options import transfer_options

        return delete_items(
            self._item_world(),
            table,
            options=transfer_options(
                filter=which_items(where, all, keys),
                consistent=consistent,
                segments=segments,
                batch_size=batch_size,
                max_read_units=max_read_units,
                max_write_units=max_write_units,
                share=share,
            ),
            keys=keys,
            limit_items=limit_items,
            journal=journal,
            by_name=True,
            consent=consent,
            listener=listener,
        )

    @checked(table=side, transform=transform_check)
    def check_backfill(
        self,
        table: str | Side | type[Model],
        transform: AnyTransform,
        *,
        where: str = "",
        filter: str = "",
        expired: Literal["keep", "skip"] = "keep",
        on_error: Literal["stop", "dead"] = "stop",
        consistent: bool = False,
        segments: int | None = None,
        batch_size: int | None = None,
        max_read_units: float | None = None,
        share: float = 0.5,
    ) -> CheckResult:
        """Read the whole table and say which items a backfill would change. Writes nothing.

        User code runs in this process, unguarded; in a project that only reads (`Project.dry`) it is guarded. Raises
        UsageError, TableNotFound and TransformError. Costs the read units of the table.
        """
        from dynasmith.project.verbs.item_options import transfer_options, where_or_filter

        options = transfer_options(
            filter=where_or_filter(where, filter),
            expired=expired,
            on_error=on_error,
            consistent=consistent,
            segments=segments,
            batch_size=batch_size,
            max_read_units=max_read_units,
            share=share,
        )
        return self._backfills().check(table, transform, asked=options)
