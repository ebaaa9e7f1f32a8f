"""`DryRuns`: what the verbs that move items would do, cost and take. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dynasmith.project.verbs.argument_kinds import optional, path, text
from dynasmith.project.verbs.arguments import checked, side
from dynasmith.project.verbs.arguments import transform as transform_check
from dynasmith.project.verbs.item_methods import ALL_EXPORT_FORMATS
from dynasmith.project.verbs.populate_methods import PACKED, POPULATE_FORMATS
from dynasmith.project.verbs.verb_access import VerbAccess

if TYPE_CHECKING:
    from dynasmith.engine.backfill.dry_run import BackfillDryRun
    from dynasmith.engine.backfill.undo import UndoDryRun
    from dynasmith.engine.deletion.dry_run import DeletionDryRun
    from dynasmith.engine.transfer.dry_run import DryRun
    from dynasmith.jobs.erasure_report import TableErasureDryRun
    from dynasmith.jobs.options import Database
    from dynasmith.jobs.refresh_report import RefreshDryRun
    from dynasmith.jobs.side import Side
    from dynasmith.models import Model
    from dynasmith.plans.consent import Consent
    from dynasmith.project.verbs.transforms import AnyTransform


class DryRuns(VerbAccess):
    """The verbs that move items, with the same arguments, as dry runs: what would be moved, what it would cost and how
    long it would take, with samples. Only reads, with at most a few requests; user code of a transform runs in a
    guarded process. See `ItemMethods` for the options.
    """

    @checked(source=side, target=side)
    def copy(
        self,
        source: str | Side | type[Model],
        target: str | Side | type[Model],
        transform: AnyTransform | None = None,
        *,
        create_target: bool = False,
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
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
        limit_items: int | None = None,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
    ) -> DryRun:
        """What `Project.copy` would do. Creates no target.

        Raises UsageError for an argument that is wrong, TableNotFound where a table does not exist, TableExists for a
        target that ``create_target`` would create and that exists.
        """
        from dynasmith.project.verbs.item_options import transfer_options

        options = transfer_options(
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
        )
        return self._flow(transport).rehearse_copy(
            source,
            target,
            transform=transform,
            asked=options,
            create_target=create_target,
            keep_target_items=keep_target_items,
        )

    @checked(table=side, dest=optional(path), format=optional(ALL_EXPORT_FORMATS))
    def export(
        self,
        table: str | Side | type[Model],
        dest: str | Path | None = None,
        *,
        transform: AnyTransform | None = None,
        format: Literal["dynamodb", "plain", "plain-lossy", "csv", "tsv", "ion"] | None = None,
        compress: Literal["gz", "zst", "none"] | None = None,
        split_bytes: int | None = None,
        at: datetime | None = None,
        incremental: tuple[datetime, datetime | None] | None = None,
        kms_key: str = "",
        bucket_owner: str = "",
        filter: str = "",
        expired: Literal["keep", "skip"] = "keep",
        consistent: bool = False,
        segments: int | None = None,
        batch_size: int | None = None,
        processes: int | None = None,
        max_read_units: float | None = None,
        share: float = 0.5,
        limit_items: int | None = None,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
    ) -> DryRun:
        """What `Project.export` would do.

        Raises UsageError for an argument that is wrong and for a ``dest`` that exists or cannot be made, TableNotFound
        where there is no such table.
        """
        from dynasmith.project.verbs.item_options import export_options, transfer_options
        from dynasmith.project.verbs.service_options import is_s3, own_format, refuse_of_s3, service_export_of

        given = locals() | {"wait": True, "wait_timeout": None, "on": None}
        if is_s3(dest):
            return self._flow().rehearse_service_export(table, str(dest), service_export_of(given))
        refuse_of_s3(given)
        options = transfer_options(
            filter=filter,
            expired=expired,
            consistent=consistent,
            segments=segments,
            batch_size=batch_size,
            processes=processes,
            max_read_units=max_read_units,
            share=share,
            limit_items=limit_items,
        )
        if dest is not None:
            export_options(dest, own_format(format), compress, split_bytes)
        return self._flow(transport).rehearse_export(table, transform=transform, asked=options)

    @checked(table=side, compress=optional(PACKED), format=POPULATE_FORMATS)
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
        format: Literal["auto", "lines", "array", "csv", "tsv", "dynamodb", "plain", "mongo", "ion"] = "auto",
        types: Mapping[str, str] | None = None,
        map: Mapping[str, str] | None = None,
        transform: AnyTransform | None = None,
        create_target: bool = False,
        by: Literal["ours", "import", "bulk"] = "ours",
        bucket_owner: str = "",
        delimiter: str = "",
        headers: Sequence[str] = (),
        compress: Literal["none", "gzip", "zstd"] | None = None,
        error_bucket: str = "",
        mode: str = "overwrite",
        filter: str = "",
        on_error: Literal["stop", "dead"] = "stop",
        digest: bool = True,
        batch_size: int | None = None,
        processes: int | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
    ) -> DryRun:
        """What `Project.populate` would do. Standard input and an iterator are read to their end.

        Raises UsageError for an argument that is wrong, such as an option for files where there are none, and
        TableNotFound where there is no such table.
        """
        from dynasmith.project.verbs.item_options import read_format, read_options, transfer_options
        from dynasmith.project.verbs.service_options import owner_of, service_populate_of

        asked = service_populate_of(locals() | {"wait": True, "wait_timeout": None, "on": None})
        if asked is not None:
            return self._flow().rehearse_service_populate(table, asked)

        options = transfer_options(
            mode=mode,
            filter=filter,
            on_error=on_error,
            digest=digest,
            batch_size=batch_size,
            processes=processes,
            max_write_units=max_write_units,
            share=share,
        )
        flow, how = self._flow(transport), read_options(files, read_format(format), types, map)
        given = files if files is not None else [] if create_target else flow.items_of(table)
        return flow.rehearse_populate(
            table,
            given,
            how=how,
            transform=transform,
            create_target=create_target,
            owner=owner_of(bucket_owner, files),
            asked=options,
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
        sample: int | None = 1000,
        filter: str = "",
        expired: Literal["keep", "skip"] = "keep",
        on_error: Literal["stop", "dead"] = "stop",
        consistent: bool = False,
        segments: int | None = None,
        batch_size: int | None = None,
        processes: int | None = None,
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
    ) -> BackfillDryRun:
        """What `Project.backfill` would change, from a ``sample`` of so many items, or from every item (None).

        Raises UsageError for an argument that is wrong, such as ``where`` together with ``filter``, and TableNotFound
        where there is no such table.
        """
        from dynasmith.jobs.options import FirstRunLimits
        from dynasmith.project.verbs.item_options import transfer_options, where_or_filter

        options = transfer_options(
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
        )
        careful = FirstRunLimits(limit=limit, canary=canary)
        return self._backfills().rehearse(table, transform, asked=options, careful=careful, sample=sample)

    @checked(table=side)
    def delete_items(
        self,
        table: str | Side,
        *,
        where: str = "",
        keys: str | Path | None = None,
        all: bool = False,
        limit_items: int | None = None,
        sample: int | None = 1000,
        consistent: bool = False,
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
    ) -> DeletionDryRun:
        """What `Project.delete_items` would delete, from a ``sample`` of so many items, or from every item (None).

        Raises UsageError for a condition that is none, RunError where there is no file of keys, FileFormatError for a
        line that is no key, TableNotFound, and Interrupted where it was stopped.
        """
        from dynasmith.project.verbs.delete_items import rehearse_delete_items, which_items
        from dynasmith.project.verbs.item_options import transfer_options

        options = transfer_options(
            filter=which_items(where, all, keys),
            consistent=consistent,
            max_read_units=max_read_units,
            max_write_units=max_write_units,
            share=share,
        )
        return rehearse_delete_items(
            self._item_world(), table, options=options, keys=keys, sample=sample, limit_items=limit_items
        )

    @checked(recipe=text)
    def erase(
        self,
        recipe: str,
        value: str,
        *,
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
    ) -> tuple[TableErasureDryRun, ...]:
        """How many items `Project.erase` would delete from each table, where a key finds them; nothing is deleted.

        Costs the reads of what is found; a table that would be read whole is not read. Raises UsageError,
        TableNotFound and ProjectError.
        """
        from dynasmith.project.verbs.erasures.erase import rehearse_erasure
        from dynasmith.project.verbs.item_options import transfer_options

        options = transfer_options(max_read_units=max_read_units, max_write_units=max_write_units, share=share)
        return rehearse_erasure(self._item_world(), recipe, value, options)

    @checked()
    def refresh(
        self, recipe: str | None = None, *, source_env: str | None = None, consent: Consent | None = None
    ) -> RefreshDryRun:
        """What `Project.refresh` would do, part by part, and what it costs in total. ``consent`` is looked at for
        ``allow_personal`` alone.

        Costs the dry runs of its deletions and copies. Raises what `Project.refresh` raises before anything is done:
        UsageError, TableNotFound and the like.
        """
        from dynasmith.project.verbs.refreshes.refresh import rehearse_refresh

        return rehearse_refresh(self._item_world(), recipe or "", source_env or "", consent=consent)

    @checked(table=text)
    def replace(
        self,
        table: str,
        *,
        new_name: str | None = None,
        transform: str | None = None,
        restart_stream: bool = False,
        max_read_units: float | None = None,
        max_write_units: float | None = None,
    ) -> DryRun:
        """What `Project.replace` would do: the dry run of its copy, with what its comparisons read.

        Costs the dry run of the copy. Raises what `Project.replace` raises before anything is done: UsageError,
        TableNotFound, TableExists, RunError and the like.
        """
        from dynasmith.project.verbs.item_options import transfer_options
        from dynasmith.project.verbs.replacements.dry_run import rehearse_replacement

        options = transfer_options(max_read_units=max_read_units, max_write_units=max_write_units, consistent=True)
        return rehearse_replacement(
            self._item_world(),
            table,
            new_name=new_name or "",
            transform=transform,
            restart_stream=restart_stream,
            options=options,
        )

    @checked()
    def undo(self, job: str, *, max_write_units: float | None = None) -> UndoDryRun:
        """What `Jobs.undo` would send, counted from the undo journal. Costs one DescribeTable, and takes no lock.

        Raises JobNotFound, RunError where it has no journal, UsageError where several jobs begin so or the
        job is not a backfill.
        """
        from dynasmith.project.verbs.item_options import transfer_options

        options = transfer_options(max_write_units=max_write_units)
        return self._backfills().rehearse_undo(self._job(job), asked=options)
