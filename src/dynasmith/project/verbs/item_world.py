"""`ItemWorld`: what the verbs that move items stand on: a world, a transport, and where jobs are kept."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.service_endpoint import Transport
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.aws.data.table_factory import table_updates
from dynasmith.aws.stores.s3.ledger import S3Ledger
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.aws.stores.table_ledger import TableLedger
from dynasmith.engine.identity import check_same, refuse_another
from dynasmith.engine.transfer.child_ledger import ChildLedger
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.events import FlowNote
from dynasmith.engine.transfer.runner import Placement, RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import UsageError
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.jobs.cluster import Cluster, ClusterConnection, WorkerPlace
from dynasmith.jobs.estimate import JobEstimate, with_cost
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.service_transfer import is_s3
from dynasmith.jobs.side import Side, side_of
from dynasmith.masking import Masks
from dynasmith.plans.consent import Consent, question
from dynasmith.ports.checkpoints import Claim, Ledger
from dynasmith.ports.listener import Listener
from dynasmith.ports.permit import Term
from dynasmith.ports.updates import OpenUpdates
from dynasmith.project.world import World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.prices import prices_for
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.models import Model

DESCRIBED = ("time_to_live",)
"""What the item flow must know of a table beside what every look at it tells: TTL, for expired items."""
REPLACED = "what was done until then is not in it"


@dataclass(frozen=True)
class ItemWorld:
    """A world, and what sends the requests of the item flow: ``direct``, ``aiohttp`` or ``botocore``.

    ``stop`` ends what runs; ``job_id`` and ``origin`` are of the job that begins next, where a migration begins it, and
    ``term`` is that of its lock. ``parent`` is the job whose parts the next jobs are. ``cluster`` is where the workers
    of jobs are, where they are elsewhere, and ``connection`` the open one to it, where the caller gave that.
    """

    world: World
    transport: Transport = "direct"
    stop: StopRequest | None = None
    job_id: str = ""
    origin: str = ""
    term: Term | None = None
    parent: Claim | None = None
    cluster: Cluster | None = None
    connection: ClusterConnection | None = None
    _same: dict[Side, TableDescription] | None = None

    @property
    def dry(self) -> ItemWorld:
        """The same for a dry run: every client of it only reads."""
        dry = self.world.dry
        return self if dry is self.world else replace(self, world=dry, _same=None)

    @property
    def only_reads(self) -> bool:
        """Whether this is the world of a dry run."""
        return self.world.session.only_reads

    @property
    def folder(self) -> str:
        """Where transforms and operations files are looked for first."""
        return self.world.settings.folder

    @property
    def masks(self) -> Masks:
        """What the project shows in place of what came out of variables."""
        return self.world.masks

    def granted(self, consent: Consent | None, side: Side, table: str, text: str) -> None:
        """Ask for the consent to write to a table (physical name), of the environment that it is in; ``text`` is the
        question. None is the consent that the project was opened with, also for another side. Raises
        ConsentRequired
        with what is missing."""
        given = self.world.consent if consent is None else consent
        self.at(side).granted(given, [table], question(text))

    @property
    def now(self) -> Callable[[], datetime]:
        """The project's clock."""
        return self.world.clock.now

    # --- tables

    def side(self, table: str | Side | type[Model]) -> Side:
        """One end, from a name, an ARN, a class, or a `Side`."""
        if not isinstance(table, str | Side):
            return Side(table=self.world.name_of(table))
        named = table.table if isinstance(table, Side) else table
        if is_s3(named):
            raise UsageError(
                f"{named} is a place in S3, not a table.", hint="export writes there, and populate reads from there"
            )
        return side_of(table, isolated=self.world.session.access.isolated)

    def at(self, side: Side) -> World:
        """The world of that side."""
        return self.world.elsewhere(side)

    def end(self, side: Side) -> TableEnd:
        """The table of ``side`` as it is described now. Raises TableNotFound."""
        at = self.at(side)
        described = at.control.describe(at.physical(side.table), DESCRIBED)
        if self._same is not None:
            refuse_another(self._same.setdefault(side, described), described, REPLACED)
        return TableEnd(described, self._access(at, {described.table.name: described.table_id}))

    def end_of(self, side: Side, table: Table) -> TableEnd:
        """A table of ``side`` that is not there yet, for a rehearsal."""
        return TableEnd(TableDescription(table=table, status="ACTIVE"), self._access(self.at(side)))

    @contextmanager
    def same_tables(self) -> Iterator[ItemWorld]:
        """A world in which a name is one table, from the first time that it is described to the end, where all are
        compared again: one DescribeTable each. RunError where one was deleted and recreated, TableNotFound where it is
        gone."""
        if self._same is not None:  # a verb within a verb: the outer one compares
            yield self
            return
        same: dict[Side, TableDescription] = {}
        yield replace(self, _same=same)
        for side, before in same.items():
            check_same(before, self.at(side).control, REPLACED)

    def updates(self, side: Side, end: TableEnd) -> OpenUpdates:
        """Changes of single items of a table."""
        client, table_id = self.at(side).session.client("dynamodb"), end.description.table_id
        return table_updates(client, end.name, end.key, transport=self.transport, table_id=table_id)

    def _access(self, at: World, table_ids: Mapping[str, str] | None = None) -> TableAccess:
        return TableAccess(
            at.session.client("dynamodb"), transport=self.transport, table_ids=table_ids, shown=at.masks.identity
        )

    # --- jobs

    @property
    def ledger(self) -> Ledger:
        """Where the jobs of this project are kept: a folder beside the project file, a DynamoDB table, or S3."""
        return self._ledger if self.parent is None else ChildLedger(self._ledger, self.parent)

    @property
    def _ledger(self) -> Ledger:
        settings, session = self.world.settings, self.world.session
        if settings.ledger.startswith("s3://"):
            objects = S3Objects(session.client("s3"), settings.ledger, access=session.access)
            return S3Ledger(objects, owner=_owner(), term=self.term)
        if settings.ledger.startswith("table:"):
            name = f"{settings.prefix}{settings.ledger.removeprefix('table:')}{settings.suffix}"
            return TableLedger(session.client("dynamodb"), name, owner=_owner(), term=self.term)
        return FolderLedger(Path(settings.folder) / (settings.ledger or ".dynasmith/jobs"), self.term)

    def context(self, listener: Listener) -> RunContext:
        """How a job of this project is run."""
        clock = self.world.clock
        return RunContext(
            listener=listener,
            loop_factory=new_event_loop,
            now=clock.now,
            owner=_owner(),
            monotonic=clock.monotonic,
            masked=self.masks,
            stop=self.stop,
            job_id=self.job_id,
            origin=self.origin,
            placement=self._placement(listener),
        )

    def _placement(self, listener: Listener) -> Placement | None:
        if self.cluster is None:
            return None
        from dynasmith.project.clusters.placement import crew_of

        def say(sentence: str) -> None:
            listener(FlowNote(table="", sentence=sentence))

        return Placement(crew_of(self.cluster, self.folder, say, self.connection), self.cluster.count)

    def placed(self, on: WorkerPlace | None) -> ItemWorld:
        """The same world with its workers there; None leaves them here. Raises UsageError for a place that is none."""
        if on is None:
            return self
        from dynasmith.project.clusters.placement import cluster_at, crew_of, named_cluster

        if not isinstance(on, str | Cluster):
            return replace(self, cluster=cluster_at(on), connection=on)
        cluster = named_cluster(on if isinstance(on, Cluster) else Cluster(on), self.world.settings.clusters)
        crew_of(cluster, self.folder, lambda _: None)
        return replace(self, cluster=cluster)

    def moved_by(self, options: TransferOptions | None) -> TransferOptions:
        """The options of a job, with as many workers as its cluster has. Raises UsageError beside processes."""
        options = options or TransferOptions()
        if self.cluster is None:
            return options
        if options.processes:
            raise UsageError("Workers elsewhere and processes here cannot be combined.", hint="remove --processes")
        return structs.replace(options, processes=self.cluster.count)

    def priced(self, report: Report) -> Report:
        """The report with what its units cost on demand; unknown where the prices are."""
        counts = report.counts
        spent = JobEstimate(counts.read, 0, counts.read_units, counts.write_units)
        return replace(report, dollars=with_cost(spent, self.prices()).dollars)

    def prices(self) -> dict[str, float | None]:
        """What a million units cost on demand; None where that is unknown."""
        prices = prices_for(self.world.session.region, dict(self.world.settings.prices))
        return {
            "million_read_units": prices.million_read_units,
            "million_write_units": prices.million_write_units,
        }


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
