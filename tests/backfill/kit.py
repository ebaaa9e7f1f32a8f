"""What the backfill's tests share: a table at its end, a run with a journal in a folder, and its undo."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dynasmith.aws.data.calls import Patience
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.aws.data.table_factory import table_updates
from dynasmith.aws.stores.s3.journal import create_s3_journal, reopen_s3_journal
from dynasmith.aws.stores.s3.journal_reader import S3JournalReader
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.files.journal.folder import FolderJournal, create_journal
from dynasmith.files.journal.reader import FolderJournalReader
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.items.transform import Function
from dynasmith.jobs.job import Job
from dynasmith.jobs.journal import JournalHead
from dynasmith.jobs.options import FirstRunLimits, TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.ports.journal import JournalReader, UndoJournal
from dynasmith.ports.updates import OpenUpdates
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Index, Key, KeyAttribute, Table
from flow.engine_runs import backfill, resumed_backfill, resumed_undo, undo
from flow.kit import items_of

FAST = Patience(first_seconds=0.005, longest_seconds=0.2)


def end(client: Any, table: str, *, sort: str = "", items: int = 0, size: int = 0, indexes: Any = ()) -> TableEnd:
    """A table whose partition key is the string ``pk``, as if it had been described."""
    sorts = (KeyAttribute(name=sort, type="S"),) if sort else ()
    made = tuple(Index(name=name, key=Key(partition=(KeyAttribute(name=key, type="S"),))) for name, key in indexes)
    described = TableDescription(
        table=Table(name=table, key=Key(partition=(KeyAttribute(name="pk", type="S"),), sort=sorts), indexes=made),
        status="ACTIVE",
        item_count_estimate=items,
        size_bytes_estimate=size,
    )
    return TableEnd(described, TableAccess(client, patience=FAST))


@dataclass
class Bench:
    """One table, a ledger and a folder of journals (or a prefix of a bucket): what a person has on the disk."""

    client: Any
    table: str
    folder: Path
    sort: str = ""
    journal: bool = True
    statements: bool | None = None
    items: int = 0
    wrap: Callable[[UndoJournal], Any] | None = None
    indexes: Any = ()
    objects: S3Objects | None = None

    @property
    def ledger(self) -> FolderLedger:
        return FolderLedger(self.folder / "jobs")

    @property
    def end(self) -> TableEnd:
        return end(self.client, self.table, sort=self.sort, items=self.items, indexes=self.indexes)

    @property
    def updates(self) -> OpenUpdates:
        return table_updates(self.client, self.table, self.end.key, statements=self.statements, patience=FAST)

    def home(self, job: str) -> Path:
        return self.folder / "journal" / job

    def open_journal(self, job: Job, new: bool) -> Any:
        head = JournalHead(job=job.id, table=self.table, where="", segments=job.segments)
        journal: UndoJournal
        if self.objects is not None:
            journal = create_s3_journal(self.objects, head) if new else reopen_s3_journal(self.objects, job.id)
        else:
            home = self.home(job.id)
            journal = create_journal(home, head) if new else FolderJournal(home)
        return journal if self.wrap is None else self.wrap(journal)

    def kept(self, job: str) -> JournalReader:
        claim = self.ledger.claim(job)
        marks = {segment: checkpoint.mark for segment, checkpoint in claim.checkpoints().items()}
        claim.release()
        return (
            FolderJournalReader(self.home(job), marks)
            if self.objects is None
            else S3JournalReader(self.objects, job, marks)
        )

    def run(self, function: Function, asked: TransferOptions | None = None, **more: Any) -> Report:
        around = more.pop("around", None) or RunContext(loop_factory=new_event_loop)
        return backfill(self.end, self.updates, self.ledger, self.open_journal, function, asked,
                        journal=self.journal, around=around, **more)  # fmt: skip

    def again(self, job: str, function: Function) -> Report:
        around = RunContext(loop_factory=new_event_loop)
        claim = self.ledger.claim(job)
        return resumed_backfill(claim, self.end, self.updates, self.open_journal, function, around=around)

    def undo(self, job: str, asked: TransferOptions | None = None) -> Report:
        around = RunContext(loop_factory=new_event_loop)
        return undo(self.end, self.updates, self.ledger, lambda: self.kept(job), asked, around=around)

    def undo_again(self, job: str, of: str) -> Report:
        claim = self.ledger.claim(job)
        return resumed_undo(claim, self.end, self.updates, lambda: self.kept(of))

    def last(self) -> Job:
        return self.ledger.jobs()[-1]


def canonical(client: Any, table: str) -> dict[str, bytes]:
    """Every item of a table by its key, in one spelling: equal to the byte."""
    import json

    found = {}
    for wire in items_of(client, table):
        item = json.loads(wire)
        key = item["pk"]["S"] + "|" + item.get("sk", {}).get("S", "")
        found[key] = json.dumps(item, sort_keys=True).encode()
    return found


__all__ = ["FAST", "Bench", "FirstRunLimits", "canonical", "digest_items", "end"]
