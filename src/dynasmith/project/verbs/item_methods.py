"""The methods of `Project` that move items: copy, export, populate, backfill, verify, auto_migrate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from dynasmith.errors import UsageError
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.argument_kinds import any_text, one_of, optional, whole
from dynasmith.project.verbs.arguments import checked, side
from dynasmith.project.verbs.arguments import table as table_check
from dynasmith.project.verbs.arguments import transform as transform_check
from dynasmith.project.verbs.verb_access import VerbAccess

if TYPE_CHECKING:
    from dynasmith.engine.backfill.dry_run import CheckResult
    from dynasmith.engine.transfer.verify import VerifyResult
    from dynasmith.jobs.options import Database
    from dynasmith.jobs.report import Report
    from dynasmith.jobs.side import Side
    from dynasmith.models import Model
    from dynasmith.plans.consent import Consent
    from dynasmith.project.verbs.transforms import AnyTransform
    from dynasmith.tables.table import Table

EXPORT_FORMATS = one_of("dynamodb", "plain", "plain-lossy", "csv", "tsv")


class ItemMethods(VerbAccess):
    """Verbs that move items, with the options of the command line as keywords. Blocking; each run of one that writes is
    a job, resumable after any kill (`Jobs.resume`).

    ``mode`` says what to do where the target has another item with the key: ``overwrite``, ``skip-existing``,
    ``fail-existing`` or ``newer:ATTRIBUTE``. ``filter`` is a condition that items must meet. ``expired`` keeps or skips
    items whose TTL has passed. ``on_error`` says what becomes of an item that a transform refuses: ``stop`` the job, or
    send it to the ``dead`` letters. ``segments`` is the number of scan segments, fixed for the job; ``batch_size`` how
    many items are read and transformed at a time; ``processes`` how many processes move them. ``max_read_units`` and
    ``max_write_units`` are capacity units a second; without them a job takes ``share`` of provisioned capacity.
    ``digest`` computes the digest of the items, at about 12 us of CPU an item. ``consistent`` reads at twice the read
    units. ``transport`` is the HTTP client.
    """

    @checked()
    def copy(
        self,
        source: str | Side | type[Model] | Iterable[Mapping[str, Any]] | Callable[[], Iterable[Mapping[str, Any]]],
        target: str | Side | type[Model] | Callable[[Sequence[dict[str, Any]]], Awaitable[None] | None],
        *,
        transform: AnyTransform | None = None,
        create_target: bool = False,
        backup_first: bool | str = False,
        mode: str = "overwrite",
        filter: str = "",
        expired: Literal["keep", "skip"] = "keep",
        on_error: Literal["stop", "dead"] = "stop",
        consistent: bool = False,
        digest: bool = True,
        segments: int | None = None,
        batch_size: int | None = None,
        processes: int | None = None,
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Copy every item of a table into another one, also in another environment, Region or account (`Side`).

        In this order: everything is checked; the consent is looked at; with ``backup_first`` (True, or the name of a
        new table) the source is copied into a new table and verified; with ``create_target`` the target is created with
        the settings of the source; the items are copied. One side may be Python instead: a source that is an iterable
        of items or a function that gives one, or a target that is a function (also async), which gets page after page
        of items and must return before the next one comes.

        Raises UsageError for arguments that cannot be, ConsentRequired, TableNotFound, TransformError where an item
        stops the job, Interrupted and RunError. Costs the read units of the source and the write units of the target.
        Stopped halfway it is resumed with `Jobs.resume`; items that exist already are recognised.
        """
        from dynasmith.project.verbs.item_options import backup_name, transfer_options

        return self._flow(transport).copy(
            source,
            target,
            transform=transform,
            create_target=create_target,
            backup_first=backup_name(backup_first),
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
            ),
            consent=consent,
            listener=listener,
        )

    @checked(table=side, format=optional(EXPORT_FORMATS))
    def export(
        self,
        table: str | Side | type[Model],
        dest: str | Path,
        *,
        format: Literal["dynamodb", "plain", "plain-lossy", "csv", "tsv"] | None = None,
        compress: Literal["gz", "zst", "none"] | None = None,
        split_bytes: int | None = None,
        filter: str = "",
        expired: Literal["keep", "skip"] = "keep",
        consistent: bool = False,
        segments: int | None = None,
        batch_size: int | None = None,
        max_read_units: float | None = None,
        share: float = 0.5,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
        listener: Listener = silent,
    ) -> Report:
        """Write every item of a table into files with a manifest: counts, digest, definition. `populate` takes it back.

        ``dest`` is a file, whose name says format and compression (``orders.jsonl.gz``), or a folder: then ``format``
        is ``dynamodb`` (DynamoDB JSON), ``plain`` (no sets or binary), ``plain-lossy``, ``csv`` or ``tsv``, and
        ``split_bytes`` begins a new file at that size. Raises UsageError, TableNotFound, FileFormatError for items that
        the format cannot hold, Interrupted and RunError. Costs the read units of the table. Stopped halfway it is
        resumed with `Jobs.resume`.
        """
        from dynasmith.project.verbs.item_options import export_options, transfer_options

        return self._flow(transport).export(
            table,
            dest,
            how=export_options(dest, format, compress, split_bytes),
            asked=transfer_options(
                filter=filter,
                expired=expired,
                consistent=consistent,
                segments=segments,
                batch_size=batch_size,
                max_read_units=max_read_units,
                share=share,
            ),
            listener=listener,
        )

    @checked(table=side, format=optional(EXPORT_FORMATS))
    def export_to(
        self,
        table: str | Side | type[Model],
        out: BinaryIO,
        *,
        format: Literal["dynamodb", "plain", "plain-lossy", "csv", "tsv"] | None = None,
        compress: Literal["gz", "zst", "none"] | None = None,
        filter: str = "",
        expired: Literal["keep", "skip"] = "keep",
        consistent: bool = False,
        segments: int | None = None,
        batch_size: int | None = None,
        max_read_units: float | None = None,
        share: float = 0.5,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
        listener: Listener = silent,
    ) -> Report:
        """Write every item of a table to an open binary stream, a line an item, page after page.

        ``format`` is ``dynamodb`` (DynamoDB JSON), ``plain`` or ``plain-lossy``. There is no manifest, and no job to
        resume: what a stream got cannot be taken back or continued. Raises UsageError for CSV, TableNotFound,
        Interrupted, RunError, and BrokenPipeError when the reader of the stream has gone. Costs the read units of the
        table.
        """
        from dynasmith.project.verbs.item_options import stream_options, transfer_options

        return self._flow(transport).export_to(
            table,
            out,
            how=stream_options(format, compress),
            asked=transfer_options(
                filter=filter,
                expired=expired,
                consistent=consistent,
                segments=segments,
                batch_size=batch_size,
                max_read_units=max_read_units,
                share=share,
            ),
            listener=listener,
        )

    @checked(table=side)
    def populate(
        self,
        table: str | Side | type[Model],
        files: str
        | Path
        | Iterable[Mapping[str, Any] | str | Path]
        | Callable[[], Iterable[Mapping[str, Any]]]
        | Database
        | None = None,
        *,
        format: Literal["auto", "lines", "array", "csv", "tsv", "dynamodb", "plain", "mongo"] = "auto",
        types: Mapping[str, str] | None = None,
        map: Mapping[str, str] | None = None,
        transform: AnyTransform | None = None,
        create_target: bool = False,
        mode: str = "overwrite",
        filter: str = "",
        on_error: Literal["stop", "dead"] = "stop",
        digest: bool = True,
        batch_size: int | None = None,
        processes: int | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write items into a table: of files or an export, of any iterable, of a function that gives one (then the job
        can be repeated), of a database, or, without ``files``, those that the table's definition lists.

        With ``create_target`` the table is created first, from the definition in the manifest of an export, under the
        name ``table`` with the prefix and suffix of its environment; a table that is there is refused (TableExists).

        ``format`` says how files are read where that is not to be found out, ``types`` the types of CSV fields
        (``{"total": "N"}``), ``map`` rewrites fields by templates (``{"id": "user-{id}"}``). Lines that are not items
        go to the dead letters with their line number and reason. Raises UsageError, ConsentRequired, TableNotFound,
        FileFormatError, Interrupted and RunError. Costs write units. Stopped halfway it is resumed with `Jobs.resume`,
        but for an iterable: populate it again with ``mode="skip-existing"``.
        """
        from dynasmith.project.verbs.item_options import read_options, transfer_options

        if processes and transform is None:
            raise UsageError("processes does nothing without transform.", hint="add transform, or remove processes")
        flow = self._flow(transport)
        return flow.populate(
            table,
            files if files is not None else [] if create_target else flow.items_of(table),
            how=read_options(files, format, types, map),
            transform=transform,
            create_target=create_target,
            asked=transfer_options(
                mode=mode,
                filter=filter,
                on_error=on_error,
                digest=digest,
                batch_size=batch_size,
                processes=processes,
                max_write_units=max_write_units,
                share=share,
            ),
            consent=consent,
            listener=listener,
        )

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
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Change the items of a table in place, each on the condition that nobody else has changed it, with an undo
        journal (`Jobs.undo`) unless ``journal`` is False.

        ``where`` is a condition that is checked again at each write (``filter`` means the same). ``limit`` changes at
        most so many items and ends the job; ``canary`` stops after that share of the items (0.01), and `Jobs.resume`
        changes the rest. Raises UsageError, ConsentRequired, TableNotFound, TransformError, Interrupted and RunError.
        Costs a read of the table and the write units of what changes. Stopped halfway it is resumed with `Jobs.resume`.
        """
        from dynasmith.jobs.options import FirstRunLimits
        from dynasmith.project.verbs.item_options import transfer_options, where_or_filter

        return self._backfills().run(
            table,
            transform,
            asked=transfer_options(
                filter=where_or_filter(where, filter),
                expired=expired,
                on_error=on_error,
                consistent=consistent,
                segments=segments,
                batch_size=batch_size,
                max_read_units=max_read_units,
                max_write_units=max_write_units,
                share=share,
            ),
            careful=FirstRunLimits(limit=limit, canary=canary),
            journal=journal,
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

    @checked(source=side, target=side, job=any_text, limit=whole(0))
    def verify(
        self,
        source: str | Side | type[Model],
        target: str | Side | type[Model],
        *,
        transform: AnyTransform | None = None,
        job: str = "",
        limit: int = 20,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
        listener: Listener = silent,
    ) -> VerifyResult:
        """Whether two tables, or a table and an export, hold the same items: count and digest, then at most ``limit``
        differing keys. Writes nothing.

        ``transform`` is what a copy did to the source's items; ``job`` is that copy (an id, the beginning of one, or
        ``last``), which knows its transform and filter, and is needed where the transform uses ``ctx``. Raises
        UsageError, TableNotFound, RunError where there is no such job, CheckpointError where a table of the job was
        made again, and Interrupted: it is run again then. Costs the read units of both sides, and on a difference once
        more.
        """
        return self._flow(transport).verify(
            source, target, transform=transform, job=self._job(job), limit=limit, listener=listener
        )

    @checked(target=optional(table_check))
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
    ) -> Sequence[Report]:
        """Create ``table`` where it is missing, back it up, create ``target`` where it is missing, copy the items: in
        this order. A report for each copy.

        ``backup`` is the name of a new table, or True for the default one; without ``target`` it is the backup alone.
        Run again it finds the tables there; a backup of the same name is refused, a copied item is there already.
        Raises UsageError, before anything is done, where ``copy`` has no other table to go to; ConsentRequired,
        TableExists and what `copy` raises.
        """
        return self._flow().auto_migrate(
            table,
            target=target,
            copy=copy,
            backup=backup,
            transform=transform,
            batch_size=batch_size,
            consent=consent,
            listener=listener,
        )
