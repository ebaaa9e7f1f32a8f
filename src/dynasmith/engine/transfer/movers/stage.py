"""A stage in processes of its own: for transforms that take more CPU than the flow around them.

A page goes over as its bytes and comes back as bytes. Each process has one page at hand and the next one waiting.
Nothing was written of a page whose process dies, so the page is staged again in a new one. A process says every few
seconds that it runs, with an empty frame; one that does not (it was stopped) is killed, and counts as dead.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

import msgspec

from dynasmith.engine.transfer.movers.deaths import (
    DEATHS_MAX,
    SILENT_SECONDS,
    START_SECONDS,
    died_too_often,
    stood_still,
)
from dynasmith.engine.transfer.transform_stage import StagedPage, Steps
from dynasmith.engine.workers.failures import WorkerFailure, raised
from dynasmith.engine.workers.local_process import LocalLine
from dynasmith.engine.workers.user_code import sendable
from dynasmith.items.digest import Digest
from dynasmith.items.missing_counts import NONE_MISSING, MissingCounts
from dynasmith.items.personal_counts import PersonalCounts
from dynasmith.items.wire import RawItem
from dynasmith.ports.clock import lease_clock
from dynasmith.ports.crew import LineEnded
from dynasmith.ports.items import DeadLetter, Item

WATCH_SECONDS = 1.0
"""How often it is looked whether a process still says that it runs."""

PAGES_EACH = 2
"""Pages that a process has at a time: one under way, and one that waits for it."""

_log = logging.getLogger("dynasmith.jobs")

_ENTRY = "dynasmith.engine.transfer.movers.stage_child"
_split = msgspec.json.Decoder(list[RawItem]).decode


class ReturnMessage(msgspec.Struct, array_like=True):
    """A staged page on its way back, or the ``failure`` of it."""

    items: bytes = b"[]"
    fanned_out: int = 0
    dropped: int = 0
    already: int = 0
    dead: tuple[DeadLetter, ...] = ()
    moved: bool = False
    skipped: int = 0
    origins: Sequence[int] | None = None
    dead_origins: Sequence[int] = ()
    digest: str = ""
    personal: dict[str, PersonalCounts] = {}
    sample_missing: MissingCounts = NONE_MISSING
    failure: WorkerFailure | None = None


_decode = msgspec.msgpack.Decoder(ReturnMessage).decode


class ProcessStage:
    """``steps`` in ``count`` processes. They start with the first page and end with ``close``.

    With ``digest`` they also reckon the digest of what they made. Raises UsageError where the transform cannot be given
    to another process (a lambda, a nested function).
    """

    def __init__(self, steps: Steps, count: int, *, digest: bool = False) -> None:
        self._steps = sendable((steps, digest))
        self._count = count
        self._workers: set[_Worker] = set()
        self._free: asyncio.Queue[_Worker] | None = None
        self.deaths = 0
        self.lapses = 0  # one after the other, without a page that came back

    async def __call__(self, items: Sequence[Item]) -> StagedPage:
        """Stage a page in one of the processes. Raises ItemRefused as Steps does, RunError when they keep dying."""
        page = b"[" + b",".join(items) + b"]"
        if self._free is None:
            self._free = asyncio.Queue()
            for _ in range(self._count):
                await self._begin(self._free)
        while True:
            worker = await self._free.get()
            try:
                back = _decode(await worker.ask(page))
            except LineEnded as error:
                await self._died(worker, error, self._free)
                continue
            except BaseException:
                self._free.put_nowait(worker)
                raise
            self._free.put_nowait(worker)
            self.lapses = 0
            if back.failure is not None:
                raise raised(back.failure)
            return StagedPage(
                _split(back.items),
                back.fanned_out,
                back.dropped,
                back.already,
                back.dead,
                back.moved,
                skipped=back.skipped,
                origins=back.origins,
                dead_origins=back.dead_origins,
                digest=Digest.parse(back.digest) if back.digest else None,
                personal=back.personal,
                sample_missing=back.sample_missing,
            )

    async def close(self) -> None:
        """End the processes."""
        workers, self._workers, self._free = self._workers, set(), None
        await asyncio.gather(*(worker.end() for worker in workers))

    async def _begin(self, free: "asyncio.Queue[_Worker]") -> None:
        worker = _Worker(await LocalLine.begun(_ENTRY, self._steps))
        self._workers.add(worker)
        for _ in range(PAGES_EACH):
            free.put_nowait(worker)

    async def _died(self, worker: "_Worker", error: LineEnded, free: "asyncio.Queue[_Worker]") -> None:
        """Of several pages that a process had only the first sees that it was not replaced yet."""
        if worker not in self._workers:
            return
        self._workers.discard(worker)
        ending = await worker.end()
        if worker.stalled:
            self.lapses += 1
            if self.lapses > DEATHS_MAX:
                raise stood_still(self.lapses) from error
            _log.warning("A process of a transform stalled: another one takes its place.")
        else:
            self.deaths += 1
            if self.deaths > DEATHS_MAX:
                raise died_too_often(self.deaths, ending) from error
        await self._begin(free)


class _Worker:
    """One process. Answers come in the order of the pages."""

    def __init__(self, child: LocalLine) -> None:
        self._child = child
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        self._dead = False
        self._until = lease_clock() + START_SECONDS
        self.stalled = False
        self._reading = asyncio.create_task(self._read(), name="transforming process")
        self._watching = asyncio.create_task(self._watch(), name="watch of a transforming process")

    async def ask(self, page: bytes) -> bytes:
        """What the process gives back for a page. Raises LineEnded."""
        if self._dead:
            raise LineEnded
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._child.send(page)
        return await future

    async def end(self) -> str:
        """End the process; says how it ended."""
        self._watching.cancel()
        self._reading.cancel()
        return await self._child.end()

    async def _watch(self) -> None:
        """Kill a process that stands still. Looked at twice: this process may have stood still itself, with what the
        other one said unread."""
        late = 0
        while late < 2:
            await asyncio.sleep(WATCH_SECONDS)
            late = late + 1 if lease_clock() > self._until else 0
        self.stalled = True
        self._child.cut()

    async def _read(self) -> None:
        try:
            while True:
                body = await self._child.frame()
                self._until = lease_clock() + SILENT_SECONDS
                if not body:  # it only says that it runs
                    continue
                future = self._waiting.popleft()
                if not future.done():
                    future.set_result(body)
        except LineEnded as error:
            self._dead = True
            for future in self._waiting:
                if not future.done():
                    future.set_exception(LineEnded(str(error)))
