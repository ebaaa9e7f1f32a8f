"""The cached reader: what is known of each table, read ten tables at a time in the background."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from dynasmith.console.state import Console
from dynasmith.errors import DynasmithError, TableNotFound
from dynasmith.plans.plan import TablePlan
from dynasmith.plans.refusal import impossible
from dynasmith.project.project import Project, world_of
from dynasmith.tables.description import TableDescription

TABLES_AT_ONCE: Final = 10
STALE_SECONDS: Final = 30.0
"""After so long the tables are read again while somebody looks at them, ..."""

READING_SHARE: Final = 30
"""... and not before this many times what reading them took: an account with many tables is not read all the time."""

ASIDE: Final = ("recovery",)
"""What is read beside DescribeTable: one more call a table."""


@dataclass(frozen=True)
class CachedTable:
    """What is known of a table. ``read`` is false until it was looked at. ``plan`` is there for a defined one."""

    name: str
    defined: bool
    live: bool = True
    read: bool = False
    description: TableDescription | None = None
    plan: TablePlan | None = None
    impossible: bool = False
    failure: str = ""
    hint: str = ""


class TableReader:
    """Reads every live and every defined table in the background, and keeps what it found. Safe to use from several
    threads; kept by the console, one each."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._tables: dict[str, CachedTable] = {}
        self._read_at: float | None = None
        self._running: threading.Thread | None = None
        self._wanted = False
        self._stale_seconds = STALE_SECONDS
        self.failure: tuple[str, str] = ("", "")
        """Why tables could not be listed or definitions not be read, and a hint."""

    def tables(self) -> tuple[CachedTable, ...]:
        """What is known now, by name. Begins to read where nothing is known, or it is old."""
        if not self.reading and (self._read_at is None or monotonic() - self._read_at > self._stale_seconds):
            self.refresh()
        with self._lock:
            return tuple(self._tables[name] for name in sorted(self._tables))

    def known_names(self) -> tuple[str, ...]:
        """The names that are known now; reads nothing."""
        with self._lock:
            return tuple(sorted(self._tables))

    @property
    def reading(self) -> bool:
        """Whether it reads now."""
        return self._running is not None

    def refresh(self) -> None:
        """Begin to read everything again, definitions too; where it is being read, once more after that."""
        with self._lock:
            self._wanted = not self._console.closed
            if self.reading or not self._wanted:
                return
            self._running = threading.Thread(target=self._read_on, name="console-reader", daemon=True)
            self._running.start()

    def read_now(self) -> None:
        """Read everything, and wait until it is read."""
        self.refresh()
        running = self._running
        if running is not None:
            running.join()

    def look_again(self, name: str) -> None:
        """Read this one again: something has changed it."""
        known = self._tables.get(name)
        project = self._console.reread()
        defined = name in project.defined_names()
        self._keep(self._read(project, replace(known or CachedTable(name, defined), defined=defined)))

    def close(self) -> None:
        """Wait until the reading that is under way has noticed that the console ends."""
        self._wanted = False
        running = self._running
        if running is not None:
            running.join(timeout=10)

    def _read_on(self) -> None:
        while self._wanted:
            self._wanted = False
            began = monotonic()
            self._read_all()
            self._stale_seconds = max(STALE_SECONDS, READING_SHARE * (monotonic() - began))
            with self._lock:
                if not self._wanted:
                    self._running = None

    def _read_all(self) -> None:
        project = self._console.reread()
        try:
            try:
                defined, failure = project.defined_names(), ("", "")
            except DynasmithError as error:  # what was defined still is, and each table says what is wrong with it
                with self._lock:
                    defined = frozenset(name for name, known in self._tables.items() if known.defined)
                failure = self._shown(error)
            live = set(project.names())
        except DynasmithError as error:
            self.failure, self._read_at = self._shown(error), monotonic()
            return
        self.failure = failure
        with self._lock:
            kept = self._tables
            self._tables = {
                name: replace(kept.get(name) or CachedTable(name, name in defined), defined=name in defined)
                for name in live | defined
            }
            waiting = [self._tables[name] for name in sorted(self._tables)]
        with ThreadPoolExecutor(TABLES_AT_ONCE, "console-reader") as pool:
            for _ in pool.map(lambda known: self._look(project, known), waiting):
                pass
        self._read_at = monotonic()

    def _look(self, project: Project, known: CachedTable) -> None:
        if not self._console.closed:
            self._keep(self._read(project, known))

    def _read(self, project: Project, known: CachedTable) -> CachedTable:
        found = replace(known, read=True, live=True, description=None, plan=None, failure="", hint="", impossible=False)
        try:
            found = replace(found, description=world_of(project).control.describe(known.name, ASIDE))
        except TableNotFound:
            found = replace(found, live=False)
        except DynasmithError as error:
            message, hint = self._shown(error)
            return replace(found, failure=message, hint=hint)
        if not known.defined:
            return found
        try:
            plan = project.plan([known.name])
        except DynasmithError as error:
            message, hint = self._shown(error)
            return replace(found, failure=message, hint=hint)
        if plan.failures:
            return replace(found, failure=plan.failures[0].message, hint=plan.failures[0].hint)
        return replace(found, plan=plan.tables[0], impossible=bool(impossible(plan)))

    def _keep(self, found: CachedTable) -> None:
        with self._lock:
            if found.live or found.defined:
                self._tables[found.name] = found
            else:
                self._tables.pop(found.name, None)

    def _shown(self, error: DynasmithError) -> tuple[str, str]:
        return self._console.masks(error.message), self._console.masks(error.hint)
