"""The methods of `Project` that move items: copy, export, populate, backfill, verify, auto_migrate."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.argument_kinds import any_text, one_of, optional, whole
from dynasmith.project.verbs.arguments import checked, side
from dynasmith.project.verbs.backfill_methods import BackfillMethods
from dynasmith.project.verbs.copy_methods import CopyMethods
from dynasmith.project.verbs.populate_methods import PopulateMethods

if TYPE_CHECKING:
    from dynasmith.engine.transfer.verify import VerifyResult
    from dynasmith.jobs.cluster import WorkerPlace
    from dynasmith.jobs.report import Report
    from dynasmith.jobs.side import Side
    from dynasmith.models import Model
    from dynasmith.plans.consent import Consent
    from dynasmith.project.verbs.transforms import AnyTransform

EXPORT_FORMATS = one_of("dynamodb", "plain", "plain-lossy", "csv", "tsv")
ALL_EXPORT_FORMATS = one_of("dynamodb", "plain", "plain-lossy", "csv", "tsv", "ion")


class ItemMethods(CopyMethods, PopulateMethods, BackfillMethods):
    """Verbs that move items, with the options of the command line as keywords. Blocking; each run of one that writes is
    a job, resumable after any kill (`Jobs.resume`).

    ``mode`` says what to do where the target has another item with the key: ``overwrite``, ``skip-existing``,
    ``fail-existing`` or ``newer:ATTRIBUTE``. ``filter`` is a condition that items must meet. ``expired`` keeps or skips
    items whose TTL has passed. ``on_error`` says what becomes of an item that a transform refuses: ``stop`` the job, or
    send it to the ``dead`` letters. ``segments`` is the number of scan segments, fixed for the job; ``batch_size`` how
    many items are read and transformed at a time; ``processes`` how many processes move them, and ``on``
    where workers elsewhere do (`Cluster`, ``listen://HOST:PORT``, ``dask://HOST:PORT``, ``spark``, a SparkContext
    or a client of Dask). ``max_read_units`` and ``max_write_units`` are capacity units a second; without them a job
    takes ``share`` of provisioned capacity. ``digest`` computes the digest of the items, at about 12 us of CPU an
    item. ``consistent`` reads at twice the read units. ``limit_items`` is after how many items a copy or an export
    is done, over all its runs: segments are read one after the other then, so that it is the same items each time.
    ``transport`` is the HTTP client.
    """

    @checked(table=side, format=optional(ALL_EXPORT_FORMATS))
    def export(
        self,
        table: str | Side | type[Model],
        dest: str | Path,
        *,
        transform: AnyTransform | None = None,
        format: Literal["dynamodb", "plain", "plain-lossy", "csv", "tsv", "ion"] | None = None,
        compress: Literal["gz", "zst", "none"] | None = None,
        split_bytes: int | None = None,
        at: datetime | None = None,
        incremental: tuple[datetime, datetime | None] | None = None,
        kms_key: str = "",
        bucket_owner: str = "",
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        filter: str = "",
        expired: Literal["keep", "skip"] = "keep",
        consistent: bool = False,
        segments: int | None = None,
        batch_size: int | None = None,
        processes: int | None = None,
        on: WorkerPlace | None = None,
        max_read_units: float | None = None,
        share: float = 0.5,
        limit_items: int | None = None,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write every item of a table into files with a manifest: counts, digest, definition. `populate` takes it back.
        With ``s3://bucket/prefix`` as ``dest`` the service exports: the table needs point-in-time recovery, no read
        units are used, and manifests and files are checked at the end.

        In S3 ``format`` is ``dynamodb`` or ``ion``; ``at`` is a time in the window of recovery; ``incremental`` exports
        the changes from one time to another (None: now); ``filter`` is judged by the service; ``kms_key`` encrypts the
        files; ``bucket_owner`` is the account of a bucket that is not the caller's. ``wait=False`` returns at once, the
        same call or `Jobs.resume` then waits: never a second export is begun. What the service wrote is in
        ``Report.service``, with ``problems`` where something is not as it should be.

        ``dest`` is a file, whose name says format and compression (``orders.jsonl.gz``), or a folder: then ``format``
        is ``dynamodb`` (DynamoDB JSON), ``plain`` (no sets or binary), ``plain-lossy``, ``csv`` or ``tsv``, and
        ``split_bytes`` begins a new file at that size. ``transform`` changes the items on the way; operations that mask
        may be among it, and a function takes items. Raises UsageError, TableNotFound, ConsentRequired where a personal
        attribute would leave a protected environment as it is and ``allow_personal`` of the consent does not name it,
        FileFormatError for items that the format cannot hold, TransformError where an item stops the job, Interrupted
        and RunError. Costs the read units of the table. Stopped halfway it is
        resumed with `Jobs.resume`.
        """
        from dynasmith.project.verbs.item_options import export_options, transfer_options
        from dynasmith.project.verbs.service_options import (
            is_s3,
            own_format,
            refuse_of_s3,
            service_export_of,
            waiting_of,
        )

        given = locals()
        if is_s3(dest):
            request, waiting = service_export_of(given), waiting_of(wait, wait_timeout)
            return self._flow().service_export(
                table, str(dest), request, waiting=waiting, consent=consent, listener=listener
            )
        refuse_of_s3(given)
        return self._flow(transport, on).export(
            table,
            dest,
            how=export_options(dest, own_format(format), compress, split_bytes),
            transform=transform,
            consent=consent,
            asked=transfer_options(
                filter=filter,
                expired=expired,
                consistent=consistent,
                segments=segments,
                batch_size=batch_size,
                processes=processes,
                max_read_units=max_read_units,
                share=share,
                limit_items=limit_items,
            ),
            listener=listener,
        )

    @checked(table=side, format=optional(EXPORT_FORMATS))
    def export_to(
        self,
        table: str | Side | type[Model],
        out: BinaryIO,
        *,
        transform: AnyTransform | None = None,
        format: Literal["dynamodb", "plain", "plain-lossy", "csv", "tsv"] | None = None,
        compress: Literal["gz", "zst", "none"] | None = None,
        filter: str = "",
        expired: Literal["keep", "skip"] = "keep",
        consistent: bool = False,
        segments: int | None = None,
        batch_size: int | None = None,
        max_read_units: float | None = None,
        share: float = 0.5,
        limit_items: int | None = None,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write every item of a table to an open binary stream, a line an item, page after page.

        ``format`` is ``dynamodb`` (DynamoDB JSON), ``plain`` or ``plain-lossy``. There is no manifest, and no job to
        resume: what a stream got cannot be taken back or continued. ``transform`` changes the items on the way. Raises
        UsageError for CSV, TableNotFound, ConsentRequired as `export` does, TransformError, Interrupted, RunError, and
        BrokenPipeError when the reader of the stream has gone. Costs the read units of the table.
        """
        from dynasmith.project.verbs.item_options import stream_options, transfer_options

        return self._flow(transport).export_to(
            table,
            out,
            how=stream_options(format, compress),
            transform=transform,
            consent=consent,
            asked=transfer_options(
                filter=filter,
                expired=expired,
                consistent=consistent,
                segments=segments,
                batch_size=batch_size,
                max_read_units=max_read_units,
                share=share,
                limit_items=limit_items,
            ),
            listener=listener,
        )

    @checked(source=side, target=side, job=any_text, limit=whole(0))
    def verify(
        self,
        source: str | Side | type[Model],
        target: str | Side | type[Model],
        *,
        transform: AnyTransform | None = None,
        job: str = "",
        limit: int = 20,
        processes: int | None = None,
        on: WorkerPlace | None = None,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
        listener: Listener = silent,
    ) -> VerifyResult:
        """Whether two tables, or a table and an export, hold the same items: count and digest, then at most ``limit``
        differing keys. Writes nothing.

        ``transform`` is what a copy did to the source's items; ``job`` is that copy (an id, the beginning of one, or
        ``last``), which knows its transform and filter, and is needed where the transform uses ``ctx``. ``processes``
        is how many processes read, ``on`` where workers elsewhere do. Raises
        UsageError, TableNotFound, JobNotFound where there is no such job, CheckpointError where a table of the job was
        made again, and Interrupted: it is run again then. Costs the read units of both sides, and on a difference once
        more.
        """
        return self._flow(transport, on).verify(
            source,
            target,
            transform=transform,
            job=self._job(job),
            limit=limit,
            processes=processes,
            listener=listener,
        )
