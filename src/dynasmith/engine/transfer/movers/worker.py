"""The worker of a ``CrewMover``: a mover like the one beside a job, whose job is at the other end of a socket.

A thread reads what the job says. Where the job is gone this process ends at once, whatever it is doing: another run may
have the job already. Another thread asks the job for time to write, whatever the loop is doing; where it gets none in
time (the job was stopped, or this process was) nothing more is sent, and the pages under way are left where they are.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf

from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.mover import Mover
from dynasmith.engine.transfer.movers import messages as words
from dynasmith.engine.transfer.movers.order import Work, read_order
from dynasmith.engine.transfer.pacer import Pacer, heard_by
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.workers.child_side import own_socket, show_prints
from dynasmith.engine.workers.dial import LocalConnection, WorkerConnection
from dynasmith.engine.workers.failures import failure_of
from dynasmith.errors import LeaseLost
from dynasmith.jobs.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.ports.clock import lease_clock
from dynasmith.ports.concurrency import tasks_together
from dynasmith.ports.crew import UnfitWorker
from dynasmith.ports.items import DeadLetter
from dynasmith.ports.remote_reference import RemoteReference

TICK_SECONDS = 0.25
ALIVE_SECONDS_MIN, ALIVE_SECONDS_MAX = 0.1, 3.0


def main() -> None:
    """The process of a job of this machine: move segments until there are none, or the job stops, or is gone."""
    move_segments(LocalConnection(own_socket()), parent=os.getppid())


def move_segments(
    connection: WorkerConnection, *, parent: int | None = None, gone: Callable[[], None] = lambda: None
) -> words.ToJob:
    """Move segments for the job at the other end until there are none, or it stops; what this worker said last.

    Where the job is gone ``gone`` is called, and this process ends at once. ``parent`` is the process of the job, where
    it is of this machine: nothing is written any more once that has ended.
    """
    line = _Line(connection, parent, gone)
    last: words.ToJob = words.EndedMessage()
    try:
        order = connection.receive() or b""
        line.listen()
        work = read_order(order, line.reference)
        run(lambda stop: _move(line, work, stop), loop_factory=work.loop_factory)
    except asyncio.CancelledError:  # a second SIGTERM: others move what is left
        pass
    except LeaseLost:
        last = words.LapsedMessage()
    except UnfitWorker as error:
        last = words.UnfitMessage(failure_of(error))
    except (Exception, SystemExit) as error:
        last = words.FailedMessage(failure_of(error))
    line.end(last)
    return last


async def _move(line: "_Line", work: Work, stop: StopRequest) -> None:
    line.join(stop)
    permit = RunPermit(work.job, line)
    stop.on_halt(permit.halt)
    # The job says which part of the pace this is, first of all.
    reads, writes = Pacer("read", work.reads, permit=permit), Pacer("write", work.writes, permit=permit)
    heard = heard_by(reads, writes)
    parts = await work.parts(heard)
    try:
        mover = Mover(
            source=parts.source,
            sink=parts.sink,
            stage=parts.stage,
            distinct=parts.distinct,
            keeper=_Keeper(line, work, reads, writes, stop),
            reads=reads,
            writes=writes,
            stop=stop,
            permit=permit,
            width=work.width,
            digest=work.digest,
            only_new=work.only_new,
            begins=True,
        )
        line.serve(mover)
        async with tasks_together() as tasks:
            watch = tasks.create_task(_watched(permit))
            await mover.run()
            watch.cancel()
    finally:
        try:
            await parts.sink.close()
        finally:
            await parts.source.close()


async def _watched(permit: RunPermit) -> None:
    """Raise LeaseLost when the time to write has passed, also while requests are under way: they are cut off."""
    while True:
        permit.check_lease()
        await asyncio.sleep(TICK_SECONDS)


class _Line:
    """The socket to the job: questions that wait for their answers, and what the job wants."""

    def __init__(
        self, connection: WorkerConnection, parent: int | None, gone: Callable[[], None] = lambda: None
    ) -> None:
        self._until = inf  # before the first segment nothing is written
        self._parent = parent
        self._gone = gone
        self._connection = connection
        self._over = False
        self._mover: Mover | None = None
        self._early: list[words.ToProcess] = []
        self.limits = 0  # how often they were changed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._joining = threading.Lock()
        self._asked = 0
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._grants_asked: dict[int, float] = {}
        self._last_grant = 0

    def reference(self, number: int) -> RemoteReference:
        """What stayed with the job, by its number."""
        return _Far(self, number)

    @property
    def until(self) -> float:
        """The time until which this process may write: as it was granted, and only while the job's process is there.

        A process that was stopped while its job was killed may run a moment before its thread hears of it; by then the
        job may be another run's, since the lock of a folder is free at once. (On Windows a parent keeps its number.)
        """
        return self._until if self._parent in (None, os.getppid()) else -inf

    def listen(self) -> None:
        """Hear the job from now on, and end where it is gone: also while a module of the user's loads for long. The
        first time to write is asked for before the first segment is, and so comes before it."""
        self._ask_to_write()
        threading.Thread(target=self._ask_for_time, name="dynasmith-time", daemon=True).start()
        threading.Thread(target=self._listen, name="dynasmith-job", daemon=True).start()

    def join(self, stop: StopRequest) -> None:
        """Obey the job from now on, on the running loop."""
        self._stop = stop
        with self._joining:
            self._loop = asyncio.get_running_loop()

    def serve(self, mover: Mover) -> None:
        """The mover that the job's wishes are for; those that came before it was made are told first."""
        self._mover = mover
        for word in self._early:
            self._hear(word)

    async def ask(self, question: Callable[[int], words.Question]) -> bytes:
        """The job's answer to a question, which is made with its number."""
        self._asked += 1
        number = self._asked
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._send(question(number))
            return await future
        finally:
            del self._waiting[number]

    def tell(self, word: words.ToJob) -> None:
        """Say something that has no answer."""
        self._send(word)

    def end(self, last: words.ToJob) -> None:
        """Say the last word."""
        self._over = True
        show_prints()
        with suppress(OSError):
            self._send(last)

    def _send(self, word: words.ToJob) -> None:
        self._connection.send(words.encode(word))

    def _ask_for_time(self) -> None:
        """Say that this process runs, three times in the time that it has."""
        with suppress(OSError):
            while not self._over:
                left = self._until - lease_clock() if self._until < inf else 0.0
                time.sleep(min(max(left / 3, ALIVE_SECONDS_MIN), ALIVE_SECONDS_MAX))
                self._ask_to_write()

    def _ask_to_write(self) -> None:
        self._last_grant += 1
        self._grants_asked[self._last_grant] = lease_clock()  # what is granted counts from here
        self._send(words.AliveMessage(self._last_grant))

    def _listen(self) -> None:
        try:
            while (frame := self._connection.receive()) is not None:
                word = words.decode_to_process(frame)
                if isinstance(word, words.GrantedMessage):
                    asked = self._grants_asked.pop(word.number)
                    self._until = asked + word.seconds
                    continue
                with self._joining:
                    if self._loop is None:
                        self._early.append(word)
                        continue
                with suppress(RuntimeError):  # the loop has ended: nobody is there for what still comes
                    self._loop.call_soon_threadsafe(self._hear, word)
        finally:
            if not self._over:
                self._gone()
                os._exit(1)  # the job is gone, and another run may have it: not one write more

    def _hear(self, word: words.ToProcess) -> None:
        if isinstance(word, words.AnswerMessage):
            future = self._waiting.get(word.number)
            if future is not None and not future.done():
                future.set_result(word.body)
            return
        if self._mover is None:
            self._early.append(word)
            return
        match word:
            case words.HoldMessage(number):
                self._holding = asyncio.create_task(self._hold(self._mover, number))
            case words.RateMessage(read, write, part, limits, start):
                self._mover.reads.take_part(part)
                self._mover.writes.take_part(part)
                if limits != self.limits:
                    self.limits = limits
                    self._mover.change(read, write, start=start)
            case words.UnitsMessage():
                self._mover.reads.spent()
                self._mover.writes.spent()
            case words.ControlMessage("pause" | "proceed" as wish):
                self._mover.pause(wish == "pause")
            case words.ControlMessage(wish):
                if wish == "cancel":
                    self._mover.cancel()
                if not self._stop.asked:  # asked twice it would stop at once, and not say what is on its way
                    self._stop.ask()

    async def _hold(self, mover: Mover, number: int) -> None:
        await mover.hold()
        self.tell(words.HeldMessage(number))


class _Keeper:
    """The job as the mover sees it."""

    def __init__(self, line: _Line, work: Work, reads: Pacer, writes: Pacer, stop: StopRequest) -> None:
        self._line = line
        self._stop = stop
        self._work = work
        self._reads = reads
        self._writes = writes
        self.items_left: int | None = None
        """What the segment that it has may still send, as the job said."""

    async def next(self) -> Checkpoint | None:
        """The next segment."""
        asking = asyncio.create_task(self._line.ask(words.NextMessage))
        stopping = asyncio.create_task(self._stop.wait())  # the job may let a worker wait for what others give back
        try:
            await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            said = asking.result() if asking.done() else b""
        finally:
            asking.cancel()
            stopping.cancel()
        if not said:
            return None
        segment, self.items_left, written = words.read_segment(said)
        return decode_checkpoint(written, job=self._work.job, segments=self._work.segments, segment=segment)

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""
        written, segment = encode_checkpoint(checkpoint), checkpoint.segment
        rates = self._reads.rate, self._writes.rate
        await self._line.ask(lambda number: words.SaveMessage(number, segment, written, *rates, self._line.limits))

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
        """Keep dead letters."""
        await self._line.ask(lambda number: words.BuryMessage(number, segment, page, tuple(dead)))

    async def moved(self) -> None:
        """A transform changed a key."""
        await self._line.ask(words.KeyChangedMessage)

    def cut(self, counts: Counts) -> None:
        """What a cancelled page did."""
        self._line.tell(words.CutMessage(counts))


class _Far(RemoteReference):
    """Something that stayed with the job."""

    def __init__(self, line: _Line, place: int) -> None:
        self._line = line
        self._place = place

    async def ask(self, question: bytes) -> bytes:
        """Its answer, from there."""
        return await self._line.ask(lambda number: words.QuestionMessage(number, self._place, question))
