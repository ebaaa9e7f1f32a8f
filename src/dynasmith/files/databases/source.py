"""A SQL database as a source of the flow."""

import asyncio
import tempfile
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from dynasmith.errors import CheckpointError, DynasmithError, Interrupted
from dynasmith.files.databases.keyset import Keyset
from dynasmith.files.databases.reading_plan import ReadingMethod, reading_of
from dynasmith.files.databases.request import SqlRequest
from dynasmith.files.databases.rows import RowReader
from dynasmith.files.databases.session import ConnectionLost, DatabaseSession
from dynasmith.files.databases.spool import Spool, SpoolHead, another_reading, is_before, is_start, waiting, write_spool
from dynasmith.files.databases.url import check_there, open_session
from dynasmith.files.items.foreign import FieldTemplates
from dynasmith.items.key import KeySchema
from dynasmith.ports.concurrency import ThreadCalls
from dynasmith.ports.items import OpenSource, Page, ThrottleListener

PAGE_ROWS: Final = 500
WAIT_SECONDS: Final = 1.0
"""How long a page is waited for while the file of rows is written; then comes an empty one, so that a job can stop."""


class SqlSource:
    """One segment over a table or a query.

    In pages by a key each page is read in a transaction of its own, by a connection that is opened again once where it
    breaks: rows that are added behind the place that was reached are seen, others are not. By one cursor all rows come
    from one reading, and are kept in ``spool`` (None: in a temporary folder, and then it cannot be resumed).
    ``sample`` bounds the rows that are read so, for a dry run. Every error is a DynasmithError.
    """

    def __init__(
        self,
        request: SqlRequest,
        key: KeySchema,
        renaming: FieldTemplates,
        *,
        spool: Path | None = None,
        page_items: int = PAGE_ROWS,
        sample: int = 0,
    ) -> None:
        request.check()
        self._request, self._key, self._renaming = request, key, renaming
        self._page_items, self._sample = page_items, sample
        self._temporary = tempfile.TemporaryDirectory(prefix="dynasmith-") if spool is None else None
        self._path = Path(self._temporary.name) / "rows.spool" if self._temporary else spool or Path()
        self._session: DatabaseSession | None = None
        self._reading: ReadingMethod | None = None
        self._spool: Spool | None = None
        self._building: asyncio.Future[None] | None = None
        self._spooled = 0
        self._lock = threading.Lock()
        self._closed = False
        self._threads = ThreadCalls()

    @property
    def segments(self) -> int:
        """One."""
        return 1

    async def read(self, segment: int, start: bytes | None) -> Page:  # noqa: ARG002
        """The next rows, read in a thread; or none yet, while the file of rows is written."""
        if self._building is None:
            page = await self._threads.run(self._read, start)
            if page is not None:
                return page
            self._building = asyncio.ensure_future(self._threads.run(self._build))
        done, _ = await asyncio.wait({self._building}, timeout=WAIT_SECONDS)
        if not done:
            return Page(items=[], next=waiting(self._spooled), read=0)
        building, self._building = self._building, None
        building.result()
        page = await self._threads.run(self._read, start)
        if page is None:
            raise another_reading()
        return page

    async def close(self) -> None:
        """End what is being read, and close the connection."""
        self._closed = True
        if self._session is not None:
            await asyncio.to_thread(self._session.interrupt)
        if self._building is not None:
            with suppress(DynasmithError):
                await self._building
        await self._threads.ended()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self._lock:
            self._disconnect()
            if self._spool is not None:
                self._spool.close()
            if self._temporary is not None:
                self._temporary.cleanup()

    def _read(self, start: bytes | None) -> Page | None:
        """A page; None where the file of rows must be written first."""
        with self._lock:
            if is_start(start) and self._path.exists():
                return self._spooled_page(start)
            try:
                return self._page(start)
            except ConnectionLost:
                if self._closed:
                    raise
                self._disconnect()
                return self._page(start)

    def _page(self, start: bytes | None) -> Page | None:
        session, reading = self._connected()
        if reading.key is None:
            if not is_start(start):
                raise CheckpointError("The key of the table changed since the job began.", hint="start a new job")
            if not is_before(start):
                raise another_reading()
            return None
        if start is not None and is_start(start):
            raise another_reading()
        keyset = Keyset(reading.selection, reading.key)
        rows, following = keyset.read(session, start, self._page_items)
        reader = RowReader(
            reading.selection.columns, reading.selection.encoding, keyset.labels, self._key, self._renaming
        )
        return reader.page([row[:-1] for row in rows], following)

    def _spooled_page(self, start: bytes | None) -> Page:
        spool = self._spool = self._spool or Spool(self._path)
        rows, before, following = spool.rows(start, self._page_items)
        head = spool.head
        reader = RowReader(head.columns, head.encoding, head.labels, self._key, self._renaming)
        return reader.page(rows, following, before)

    def _build(self) -> None:
        """Read all rows once, into the file."""
        with self._lock:
            session, reading = self._connected()
            selection = reading.selection
            head = SpoolHead(columns=list(selection.columns), encoding=selection.encoding, labels=list(reading.labels))
            try:
                with closing(session.stream(reading.statement(session))) as rows:
                    write_spool(self._path, head, rows, self._count, self._sample)
            finally:
                self._disconnect()

    def _count(self, rows: int) -> None:
        self._spooled = rows
        if self._closed:
            raise Interrupted("The reading of the database was stopped.", hint="resume the job")

    def _connected(self) -> tuple[DatabaseSession, ReadingMethod]:
        if self._session is None or self._reading is None:
            check_there(self._request.url)
            self._session = open_session(self._request.url)
            if self._closed:  # a statement that begins now nobody would interrupt
                raise Interrupted("The reading of the database was stopped.", hint="resume the job")
            self._reading = reading_of(self._session, self._request)
        return self._session, self._reading

    def _disconnect(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = self._reading = None


def sql_source(
    request: SqlRequest,
    key: KeySchema,
    renaming: FieldTemplates,
    *,
    spool: Path | None = None,
    page_items: int = PAGE_ROWS,
    sample: int = 0,
) -> OpenSource:
    """Opens a SqlSource. Raises UsageError for a request that contradicts itself, NotOffered without SQLAlchemy, and
    RunError for a SQLite file that is not there."""
    request.check()
    check_there(request.url)

    async def opened(_heard: ThrottleListener) -> SqlSource:
        return SqlSource(request, key, renaming, spool=spool, page_items=page_items, sample=sample)

    return opened


def look(request: SqlRequest) -> ReadingMethod:
    """How a request would be read. Connects, and reads no row. Raises what reading it would raise at its start."""
    request.check()
    check_there(request.url)
    session = open_session(request.url)
    try:
        return reading_of(session, request)
    finally:
        session.close()
