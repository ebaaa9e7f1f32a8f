"""The method of `Project` that fills a table: populate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack, overload

from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.argument_kinds import one_of, optional
from dynasmith.project.verbs.arguments import checked, side
from dynasmith.project.verbs.verb_access import VerbAccess

if TYPE_CHECKING:
    from dynasmith.jobs.cluster import WorkerPlace
    from dynasmith.jobs.options import Database
    from dynasmith.jobs.report import Report
    from dynasmith.jobs.side import Side
    from dynasmith.models import Model
    from dynasmith.plans.consent import Consent
    from dynasmith.project.verbs.method_options import PopulateOptions
    from dynasmith.project.verbs.transforms import AnyTransform

    M = TypeVar("M", bound=Model)
    N = TypeVar("N", bound=Model)


POPULATE_FORMATS = one_of("auto", "lines", "array", "csv", "tsv", "dynamodb", "plain", "mongo", "ion")
PACKED = one_of("none", "gzip", "zstd")


class PopulateMethods(VerbAccess):
    """The verb that writes items of files, iterables and databases; see `ItemMethods` for the options."""

    @overload
    def populate(
        self,
        table: type[M],
        files: str
        | Path
        | Iterable[M | Mapping[str, Any] | str | Path]
        | Callable[[], Iterable[M | Mapping[str, Any]]]
        | Database
        | None = None,
        **options: Unpack[PopulateOptions],
    ) -> Report: ...
    @overload
    def populate(
        self,
        table: str | Side,
        files: str
        | Path
        | Iterable[Mapping[str, Any] | str | Path]
        | Callable[[], Iterable[Mapping[str, Any]]]
        | Database
        | None = None,
        **options: Unpack[PopulateOptions],
    ) -> Report: ...
    @checked(table=side, compress=optional(PACKED), format=POPULATE_FORMATS)
    def populate(
        self,
        table: str | Side | type[Model],
        files: str
        | Path
        | Iterable[Mapping[str, Any] | Model | str | Path]
        | Callable[[], Iterable[Mapping[str, Any] | Model]]
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
        on: WorkerPlace | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        transport: Literal["direct", "aiohttp", "botocore"] = "direct",
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write items into a table: of files or an export, of any iterable, of a function that gives one (then the job
        can be repeated), of a database, or, without ``files``, those that the table's definition lists.

        With ``create_target`` the table is created first, from the definition in the manifest of an export, under the
        name ``table`` with the prefix and suffix of its environment; a table that is there is refused (TableExists).

        ``s3://bucket/prefix`` is an export of the service, full or incremental, or objects that are read as files are;
        ``create_target`` then takes the definition of ``table``, and ``bucket_owner`` is the account of the bucket. Of
        an incremental export each change is put or deleted as it is.

        ``by="import"`` lets the service import files of S3 into a new table, as it is defined (``create_target``):
        no write units are used; ``by="bulk"`` lets it write them into a table that exists. Both wait, look at counts
        and errors, and go on with the same operation when they are called again after a kill. ``format`` is then
        ``dynamodb``, ``ion`` or ``csv`` with ``delimiter`` and ``headers``, ``compress`` how the files are packed;
        ``error_bucket`` is where a bulk write puts what it refused. `Report.service` says what became of it.

        A class takes instances too. Every item is read and validated as the class says, its keys are made, and stamps
        that it lacks are set; one that the class does not take goes to the dead letters. Validators only check.

        ``format`` says how files are read where that is not to be found out, ``types`` the types of CSV fields
        (``{"total": "N"}``), ``map`` rewrites fields by templates (``{"id": "user-{id}"}``). Lines that are not items
        go to the dead letters with their line number and reason. ``processes`` here, or workers elsewhere (``on``),
        move files side by side, each file in one of them at a time. Raises UsageError, ConsentRequired, TableNotFound,
        FileFormatError, Interrupted and RunError. Costs write units. Stopped halfway it is resumed with `Jobs.resume`,
        but for an iterable: populate it again with ``mode="skip-existing"``.
        """
        from dynasmith.project.verbs.item_options import read_format, read_options, transfer_options
        from dynasmith.project.verbs.service_options import owner_of, service_populate_of, waiting_of

        asked = service_populate_of(locals())
        if asked is not None:
            waiting = waiting_of(wait, wait_timeout)
            return self._flow().service_populate(table, asked, consent=consent, waiting=waiting, listener=listener)

        flow = self._flow(transport, on)
        return flow.populate(
            table,
            files if files is not None else [] if create_target else flow.items_of(table),
            how=read_options(files, read_format(format), types, map),
            transform=transform,
            create_target=create_target,
            owner=owner_of(bucket_owner, files),
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
