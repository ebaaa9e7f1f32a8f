"""The verbs that move items, wired: copy, export, populate, verify."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace as changed
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.aws.items.access import TableAccess
from dynasmith.aws.items.loop import new_event_loop
from dynasmith.aws.items.opening import Transport
from dynasmith.engine.importing import as_definition
from dynasmith.engine.planning import TOOL
from dynasmith.engine.transfer import copy as flow_copy
from dynasmith.engine.transfer import export as flow_export
from dynasmith.engine.transfer import populate as flow_populate
from dynasmith.engine.transfer.asked import Flowing
from dynasmith.engine.transfer.ends import from_iterable
from dynasmith.engine.transfer.rehearse import Rehearsal, rehearse_copy, rehearse_items
from dynasmith.engine.transfer.running import Around
from dynasmith.engine.transfer.sides import TableEnd, key_schema, rates
from dynasmith.engine.transfer.stage import Steps
from dynasmith.engine.transfer.verify import Verified, VerifySide, verify
from dynasmith.errors import RunError, TableExists, UsageError
from dynasmith.files.items.layout import Layout, layout_of
from dynasmith.files.items.sink import FileSink, Head
from dynasmith.files.items.source import FileSource
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.report import Report
from dynasmith.plans.prices import prices_for
from dynasmith.ports.items import Heard, OpenSink, OpenSource
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.sides import ExportAs, ReadAs, Side, absolute, file_names, is_file, remembered, side_of
from dynasmith.project.transforms import load_transform, name_of, plain_parameters, with_ctx
from dynasmith.tables.document_of import document_of
from dynasmith.tables.table import Key, KeyAttribute, Table

if TYPE_CHECKING:
    from dynasmith.project.project import Project


class ItemFlow:
    """The verbs that move items. Blocking; each run is a job in the ledger, resumable after any kill."""

    def __init__(self, project: Project, *, transport: Transport = "aiohttp") -> None:
        self._project = project
        self._transport: Transport = transport

    # --- ends

    @property
    def ledger(self) -> FolderLedger:
        """Where the jobs of this project are kept: a folder beside the project file."""
        place = self._project.place
        if place.ledger.startswith(("s3://", "table:")):
            raise UsageError(
                f"A ledger at {place.ledger} is not offered by this version.", hint="name a folder under [jobs]"
            )
        return FolderLedger(Path(place.folder) / (place.ledger or ".dynasmith/jobs"))

    @property
    def now(self) -> Callable[[], datetime]:
        """The project's clock."""
        return self._project.clock.now

    def side(self, said: str | Side) -> Side:
        """One end, as it was said: a name, an ARN, or a `Side`."""
        return side_of(said, isolated=self._project.session.access.isolated)

    def _at(self, side: Side) -> Project:
        return self._project.elsewhere(side) if side.elsewhere else self._project

    def end(self, side: Side) -> TableEnd:
        """The table of ``side`` as it is described now. Raises TableNotFound."""
        at = self._at(side)
        access = TableAccess(at.session.client("dynamodb"), transport=self._transport)
        return TableEnd(at.control.describe(at.physical(side.table), SEEN), access)

    def around(self, listener: Listener) -> Around:
        return Around(listener=listener, loop_factory=new_event_loop, now=self._project.clock.now, owner=_owner())

    # --- copy

    def copy(
        self,
        source: str | Side,
        target: str | Side,
        *,
        transform: str | Callable[..., Any] | None = None,
        asked: Flowing | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Copy every item of a table into another one, and give the report. See `engine.transfer.copy`."""
        first, second = self.side(source), self.side(target)
        function, named = self.function(transform)
        parameters = {"source": remembered(first), "target": remembered(second)}
        parameters |= plain_parameters({"transform": named})
        return flow_copy.copy(
            self.end(first),
            self.end(second),
            self.ledger,
            asked,
            transform=function,
            parameters=parameters,
            around=self.around(listener),
        )

    def rehearse_copy(
        self,
        source: str | Side,
        target: str | Side,
        *,
        transform: str | Callable[..., Any] | None = None,
        asked: Flowing | None = None,
    ) -> Rehearsal:
        """What `copy` would move, cost and take, with samples. Writes nothing."""
        function, _ = self.function(transform)
        ends = self.end(self.side(source)), self.end(self.side(target))
        return rehearse_copy(*ends, asked, transform=function, prices=self._prices(), around=self.around(silent))

    def create_like(self, source: str | Side, target: str | Side) -> Table:
        """Create the target from the source's definition (keys, indexes, billing, settings; no replicas, no policy).

        Raises TableExists. Its items come with `copy`.
        """
        first, second = self.side(source), self.side(target)
        seen = self._at(first).describe(first.table)
        at = self._at(second)
        wish = replace(
            as_definition(seen),
            name=at.physical(second.table),
            replicas=UNSET,
            consistency=UNSET,
            witness_region=UNSET,
            resource_policy=UNSET,
            kinesis_stream=UNSET,
            contributor_insights=UNSET,
            deletion_protection=UNSET,
        )
        at.create(wish)
        return wish

    def backup(self, source: str | Side, name: str = "", *, listener: Listener = silent) -> tuple[str, Report]:
        """Copy a table with its definition into a new one, verified by digest; its name and the report.

        The name is ``<table>_backup_YYYYmmdd`` where none is given. Raises TableExists, RunError where the digests
        differ (somebody writes to the source).
        """
        first = self.side(source)
        seen = self.end(first)
        stamp = self._project.clock.now().strftime("%Y%m%d")
        into = replace(first, table=name or f"{seen.name}_backup_{stamp}")
        if self._at(into).exists(into.table):
            raise TableExists(into.table, hint="name another backup; nothing was copied")
        self.create_like(first, into)
        report = self.copy(first, into, listener=listener)
        found = self.verify(first, into)
        if not found.equal:
            raise RunError(
                f"The backup {into.table} differs from {seen.name}: somebody writes to it.",
                hint=f"dynasmith verify {seen.name} {into.table} shows where",
            )
        return into.table, report

    def auto_migrate(
        self,
        table: str | Table,
        *,
        target: str | Table | None = None,
        copy: bool = False,
        backup: str | bool = False,
        transform: Callable[..., Any] | None = None,
        batch_size: int | None = None,
        listener: Listener = silent,
    ) -> list[Report]:
        """Make sure of the table and its target, back the table up, and copy its items, transformed.

        In this order: ensure ``table``; ``backup`` (a name, or True for the default one); ensure ``target``; with
        ``copy`` the items. ``transform`` takes an item (and ``ctx``) and returns one, none or many. A backup without a
        target is the backup alone. Raises UsageError where ``copy`` has no other table to go to.
        """
        reports: list[Report] = []
        self._ensure(table)
        if copy and target is None and not backup:
            raise UsageError(
                "copy=True needs a target.", hint="give target=, or backup= for a copy of the table itself"
            )
        if backup:
            _, report = self.backup(_named(table), backup if isinstance(backup, str) else "", listener=listener)
            reports.append(report)
        if target is not None:
            self._ensure(target)
            if copy:
                asked = Flowing(batch_size=batch_size)
                reports.append(
                    self.copy(_named(table), _named(target), transform=transform, asked=asked, listener=listener)
                )
        return reports

    def _ensure(self, table: str | Table) -> None:
        wish = table if isinstance(table, Table) else self._project.tables([table])[0]
        for error in self._project.ensure_tables([wish]).failures.values():
            raise error

    def function(self, transform: str | Callable[..., Any] | None) -> tuple[Function | None, str]:
        if transform is None:
            return None, ""
        if isinstance(transform, str):
            return load_transform(transform, self._project.place.folder), transform
        return with_ctx(transform), name_of(transform)

    # --- export

    def export(
        self,
        table: str | Side,
        dest: str | Path,
        *,
        how: ExportAs | None = None,
        asked: Flowing | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write every item of a table into files with a manifest, and give the report. `populate` takes it back."""
        side = self.side(table)
        where = Path(dest).absolute()
        if where.exists() and (where.is_file() or any(where.iterdir())):
            raise UsageError(f"{dest} exists already.", hint="name another place: an export never overwrites")
        return flow_export.export(
            self.end(side),
            self.files(side, where, how or ExportAs()),
            self.ledger,
            asked,
            parameters={"source": remembered(side), "dest": str(where), "how": msgspec.to_builtins(how or ExportAs())},
            around=self.around(listener),
        )

    def files(self, side: Side, dest: Path, how: ExportAs) -> OpenSink:
        described = self._at(side).describe(side.table)
        table = described.table
        head = Head(
            tool=TOOL,
            table=table.name,
            created_at=self._project.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            key=tuple((attribute.name, attribute.type) for attribute in table.key),
            definition=document_of(as_definition(described)),
        )

        async def opened(_heard: Heard) -> FileSink:
            return FileSink(
                dest,
                head,
                style=how.style,  # type: ignore[arg-type]  # the sink refuses another word
                compression=how.compression,  # type: ignore[arg-type]
                split_bytes=how.split_bytes,
            )

        return opened

    # --- populate

    def populate(
        self,
        table: str | Side,
        files: Sequence[str] | Iterable[Mapping[str, Any]] | Callable[[], Iterable[Mapping[str, Any]]],
        *,
        how: ReadAs | None = None,
        transform: str | Callable[..., Any] | None = None,
        asked: Flowing | None = None,
        listener: Listener = silent,
    ) -> Report:
        """Write the items of files (or of any iterable, or a function that gives one) into a table; the report."""
        side = self.side(table)
        target = self.end(side)
        function, named = self.function(transform)
        parameters: dict[str, Any] = {"target": remembered(side)} | plain_parameters({"transform": named})
        names = file_names(files)
        if names is None:
            source, segments, total = from_iterable(files, target.key), 1, None  # type: ignore[arg-type]
        else:
            layout = layout_of([absolute(name) for name in names])
            reading = how or ReadAs()
            source, segments = self.file_source(layout, target, reading), len(layout.parts)
            total = layout.manifest.count if layout.manifest else None
            parameters |= {"files": [absolute(name) for name in names], "how": msgspec.to_builtins(reading)}
        return flow_populate.populate(
            source,
            segments,
            target,
            self.ledger,
            asked,
            transform=function,
            parameters=parameters,
            total_items=total,
            around=self.around(listener),
        )

    def rehearse_populate(
        self, table: str | Side, files: Sequence[str], *, how: ReadAs | None = None, asked: Flowing | None = None
    ) -> Rehearsal:
        """What `populate` would write, cost and take, with samples. Writes nothing."""
        target = self.end(self.side(table))
        layout = layout_of([absolute(name) for name in files])
        size = sum(Path(part.path).stat().st_size for part in layout.parts if Path(part.path).is_file())
        count = layout.manifest.count if layout.manifest else 0
        source = self.file_source(layout, target, how or ReadAs())
        return rehearse_items(source, target, count, size, asked, prices=self._prices(), around=self.around(silent))

    def file_source(self, layout: Layout, target: TableEnd, how: ReadAs) -> OpenSource:
        async def opened(_heard: Heard) -> FileSource:
            return FileSource(layout, target.key, format=how.format, types=how.types)  # type: ignore[arg-type]

        return opened

    # --- verify

    def verify(
        self,
        source: str | Side,
        target: str | Side,
        *,
        transform: str | Callable[..., Any] | None = None,
        limit: int = 20,
        listener: Listener = silent,
    ) -> Verified:
        """Whether two tables, or a table and an export, hold the same items: count and digest, then differing keys."""
        first, second = self.side(source), self.side(target)
        ends = [None if is_file(side.table) else self.end(side) for side in (first, second)]
        layouts = [
            layout_of([absolute(s.table)]) if end is None else None
            for s, end in zip((first, second), ends, strict=True)
        ]
        keyed = next((end.key for end in reversed(ends) if end is not None), None)
        key = keyed or _key_of_manifest(layouts[1] or layouts[0])
        function, _ = self.function(transform)
        stage = None
        if function is not None:
            ctx = Context(self._project.clock.now(), "verify", key)
            stage = Steps(transform=Transform(function, ctx, target=key))
        sides = [self._verify_side(end, layout, key) for end, layout in zip(ends, layouts, strict=True)]
        return verify(changed(sides[0], stage=stage), sides[1], key, limit=limit, around=self.around(listener))

    def _verify_side(self, end: TableEnd | None, layout: Layout | None, key: Any) -> VerifySide:
        if end is not None:
            return VerifySide(
                source=end.access.source(end.name, segments=8, consistent=True),
                lookup=end.access.lookup(end.name),
                reads=rates(end, "read", None),
            )
        assert layout is not None

        async def opened(_heard: Heard) -> FileSource:
            return FileSource(layout, key)

        return VerifySide(source=opened)

    def _prices(self) -> dict[str, float | None]:
        prices = prices_for(self._project.session.region, dict(self._project.place.prices))
        return {
            "million_read_units": prices.million_read_units,
            "million_write_units": prices.million_write_units,
        }


# What the flow must know of a table: TTL for expired items, capacity and what owns it for the pace.
SEEN = ("time_to_live",)


def _named(table: str | Table) -> str:
    return table.name if isinstance(table, Table) else table


def _key_of_manifest(layout: Layout | None) -> Any:
    if layout is None or layout.manifest is None:
        raise UsageError(
            "Two files without a manifest cannot be compared: nobody knows their key.", hint="name a table on one side"
        )
    attributes = tuple(KeyAttribute(name=name, type=kind) for name, kind in layout.manifest.key)  # type: ignore[arg-type]
    return key_schema(Key(partition=attributes[:1], sort=attributes[1:]))


def _owner() -> str:
    import os
    import socket

    return f"{socket.gethostname()}:{os.getpid()}"
