"""A world for ticks: the strict endpoint on its own clock, a ledger in a folder, processes that end in the middle."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from pathlib import Path
from typing import Any

from dynasmith import Consent, Index, Key, KeyAttribute, Project, Table, connect
from dynasmith.engine.ticks.apply_job import apply_spec, begin
from dynasmith.engine.ticks.tick import TickReport, tick
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.jobs.job import Job
from dynasmith.plans.step import Call
from dynasmith.project.project import world_of
from dynasmith.strict import StrictServer
from dynasmith.tables.description import TableDescription

_names = itertools.count()


def key(*names: str) -> Key:
    """A key of strings."""
    attributes = tuple(KeyAttribute(name=name, type="S") for name in names)
    return Key(partition=attributes[:1], sort=attributes[1:])


def index(name: str) -> Index:
    """An index on a string of its name."""
    return Index(name=name, key=key(f"{name}_key"))


class Killed(BaseException):
    """The process ends here."""


class MortalProcess:
    """The control plane and the claim of a process that ends right after its nth call of the service; 0 never ends.

    Once it has ended it keeps nothing in the ledger any more, as after a SIGKILL; its lock is free.
    """

    def __init__(self, tables: Any, claim: Any, nth: int) -> None:
        self._tables, self._claim, self._left = tables, claim, nth
        self._is_dead = False
        self.control, self.claim = _Tables(self), _Claim(self)

    def counted(self, answer: Any) -> Any:
        """The answer of a call, unless the process ends after it."""
        self._left -= 1
        if self._left == 0:
            self._is_dead = True
            raise Killed
        return answer


class _Tables:
    def __init__(self, process: MortalProcess) -> None:
        self._process, self._inner = process, process._tables

    def describe(self, name: str, settings: Collection[str] | None = None) -> TableDescription:
        return self._process.counted(self._inner.describe(name, settings))  # type: ignore[no-any-return]

    def send(self, table: str, step: Call) -> None:
        self._process.counted(self._inner.send(table, step))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Claim:
    def __init__(self, process: MortalProcess) -> None:
        self._process, self._inner = process, process._claim

    def change(self, job: Job) -> None:
        if not self._process._is_dead:
            self._inner.change(job)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Ticks:
    """One table, its definition, and the jobs that bring it there."""

    def __init__(self, strict: StrictServer, folder: Path) -> None:
        self.strict, self.folder = strict, folder
        self.ledger = FolderLedger(folder / ".dynasmith" / "jobs")
        self.table = f"detached-{next(_names)}"
        self._project = self.project()
        self._control = world_of(self._project).control  # which remembers nothing

    def close(self) -> None:
        """End the connections."""
        self._project.close()

    def project(self, *tables: Table) -> Project:
        """The project of these definitions, on the clock of the endpoint."""
        return connect(endpoint=self.strict.endpoint, tables=tables, clock=self.strict.clock)

    def make(self, table: Table) -> None:
        """Bring the table there by an ordinary apply."""
        with self.project(table) as here:
            report = here.apply(here.plan(), consent=Consent(yes=True), fresh=True)
        assert report.failures == {}

    def begin(self, table: Table) -> str:
        """Begin a job that brings the table there; nothing is sent yet."""
        with self.project(table) as here:
            plan = here.plan(prune=True)
            before = {table.name: here.describe(table.name).table if here.exists(table.name) else None}
        spec = apply_spec(plan, before, consent="a test", clock=self.strict.clock)
        claim = begin(spec, plan, self.ledger, self.strict.clock, owner="test")
        claim.release()
        return claim.job.id

    def tick(self, job: str, nth: int = 0, *, seconds: float = 30.0) -> TickReport | None:
        """One tick in a process of its own; None where it ended in the middle."""
        process = MortalProcess(self._control, self.ledger.claim(job), nth)
        try:
            return tick(process.claim, process.control, self.strict.clock, seconds=seconds)
        except Killed:
            return None

    def until_look(self, report: TickReport) -> None:
        """Let the time pass until the next look."""
        assert report.next_look is not None
        self.strict.clock.advance(max(0.0, (report.next_look - self.strict.clock.now()).total_seconds()))

    def to_the_end(self, job: str) -> TickReport:
        """Tick until the job does not go on."""
        for _ in range(200):
            report = self.tick(job)
            assert report is not None
            if report.job.state != "waiting":
                return report
            self.until_look(report)
        raise AssertionError("the job does not end")

    def writes(self) -> list[tuple[str, str]]:
        """What was sent that changes something, in order, with the answer's code where it was refused."""
        reads = ("Describe", "List", "Get", "Query", "Scan", "BatchGet")
        return [(call.operation, call.error) for call in self.strict.journal if not call.operation.startswith(reads)]

    def is_as(self, table: Table) -> bool:
        """Whether nothing is left to do."""
        with self.project(table) as here:
            return here.plan(prune=True).is_empty
