"""Segments moved by processes of their own, each with its connections: as many cores as there are, one job.

The job stays here: its claim, its checkpoints, its counts, what a person wants of it. A process asks for a segment,
moves it page by page and says after each page how far it is; credentials it asks for here, where they are refreshed. It
has its part of the pace. Where one dies its segments are moved again from their checkpoints, at most a page of each
twice; where this process dies they end at once.

A process may write until a time that it is granted, and that it asks to move on every few seconds; never beyond the
lease of the job. One that was stopped finds that the time has passed, and writes nothing more. Here it counts as dead
by then: it is killed, and its segments are given to another one when it is gone.
"""

import asyncio
import io
import logging
import pickle
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

from dynasmith.engine.transfer.event_thread import LoopFactory, StopRequest
from dynasmith.engine.transfer.mover import ConcurrencyLimits, Keeper
from dynasmith.engine.transfer.pacer import Rates
from dynasmith.engine.transfer.processes import messages as words
from dynasmith.engine.transfer.processes.child import (
    DEATHS_MAX,
    GRANT_SECONDS,
    START_SECONDS,
    JobProcess,
    ProcessDied,
    died_too_often,
    failure,
    sendable,
    stood_still,
)
from dynasmith.engine.transfer.transform_stage import Stage
from dynasmith.errors import UsageError
from dynasmith.jobs.checkpoint import decode_checkpoint, encode_checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job
from dynasmith.ports.clock import lease_clock
from dynasmith.ports.concurrency import tasks_together, together
from dynasmith.ports.items import OpenSink, OpenSource
from dynasmith.ports.permit import Term
from dynasmith.ports.remote_reference import RemoteReference

_log = logging.getLogger("dynasmith.jobs")

WATCH_SECONDS = 1.0
"""How often it is looked whether each process asked in time."""

_ENTRY = "dynasmith.engine.transfer.processes.mover_child"


@dataclass(frozen=True, slots=True)
class Work:
    """All that a process must know as it begins. ``reads`` and ``writes`` are the whole job's."""

    job: Job
    source: OpenSource
    sink: OpenSink
    reads: Rates
    writes: Rates
    width: ConcurrencyLimits
    digest: bool
    only_new: bool
    loop_factory: LoopFactory


class Stalled(ProcessDied):
    """A process did not ask in time to write on; it is gone."""


class RemoteReferenceServer(Keeper, Protocol):
    """What the processes ask of their job."""

    def give_back(self, segment: int) -> None:
        """Nobody moves that segment any more: it is moved again from its checkpoint."""
        ...


class ProcessMover:
    """``count`` processes for the segments of one job. ``stage`` is checked to be sendable when this is made.

    ``term`` is the lease of the job, where it has one.

    Raises UsageError where the transform cannot be given to another process.
    """

    def __init__(
        self,
        work: Work,
        stage: Stage | None,
        count: int,
        keeper: RemoteReferenceServer,
        stop: StopRequest,
        term: Term | None = None,
    ) -> None:
        self._work = work
        self._term = term
        self._stage = b"" if stage is None else sendable(stage)
        self._anchored: list[RemoteReference] = []
        self._first = b""
        self._held = False
        self._keeper = keeper
        self._stop = stop
        self._crew = [_Member(self) for _ in range(count)]
        self._paused = False
        self._limits: tuple[float | None, float | None] = (None, None)
        self._changes = 0
        self._deaths = 0

    async def run(self) -> None:
        """Move all segments that there are. Raises what a process raised, RunError when they keep dying."""
        self._first = await asyncio.to_thread(self._pickled)  # an address and keys may have to be asked for
        await together([self._keep_alive(member) for member in self._crew])

    @property
    def batched(self) -> Counts:
        """Nothing: the processes report page by page."""
        return Counts()

    @property
    def rates(self) -> tuple[float, float]:
        """Units a second that the pace leaves now (read, write), of all processes."""
        reads, writes = zip(*[member.rates for member in self._crew if member.busy] or [(inf, inf)], strict=True)
        return sum(reads), sum(writes)

    def pause(self, paused: bool) -> None:
        """Let them wait before their next batches, or go on."""
        self._paused = paused
        self._tell_all(words.ControlMessage("pause" if paused else "proceed"))

    def cancel(self) -> None:
        """Leave the pages under way where they are."""
        self._tell_all(words.ControlMessage("cancel"))

    def change(self, read: float | None, write: float | None) -> None:
        """Other limits of the job in units a second from now on; None for those that it began with."""
        self._limits, self._changes = (read, write), self._changes + 1
        for member in self._crew:
            member.rates = self._begun(read, write)
        self._share()

    async def hold(self) -> None:
        """Write nothing over another item from now on; returns when no plain write is under way in any process."""
        self._held = True
        await together([member.hold() for member in self._crew])

    async def _keep_alive(self, member: "_Member") -> None:
        while True:
            try:
                await member.live()
                break
            except Stalled as error:
                if self._stop.asked:
                    break
                if member.lapses > DEATHS_MAX:
                    raise stood_still(member.lapses) from error
                _log.warning("A process of job %s stalled: another one takes its place.", self._work.job.id)
            except ProcessDied as error:
                if self._stop.asked:
                    break
                self._deaths += 1
                if self._deaths > DEATHS_MAX:
                    raise died_too_often(self._deaths, str(error)) from error
        self._share()

    def _share(self) -> None:
        for member in self._crew:
            member.tell(self._rate())

    def _begun(self, read: float | None, write: float | None) -> tuple[float, float]:
        """The rates that a process begins with under these limits, until it says its own."""
        sides = (self._work.reads, read), (self._work.writes, write)
        reads, writes = (min(rates.start, rates.ceiling) if limit is None else limit for rates, limit in sides)
        return reads * self._part, writes * self._part

    def _rate(self) -> words.RateMessage:
        return words.RateMessage(*self._limits, self._part, self._changes)

    @property
    def _part(self) -> float:
        return 1 / max(1, sum(member.busy for member in self._crew))

    def _until(self) -> float:
        """Until when a process that asks now may write."""
        granted = lease_clock() + GRANT_SECONDS
        return granted if self._term is None else min(granted, self._term.until)

    def _pickled(self) -> bytes:
        """The first frame of each process. What is anchored stays here, by its place in a list."""
        written = io.BytesIO()
        pickler = _Pickler(written, self._anchored)
        try:
            pickler.dump(self._work)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise UsageError(
                f"This job cannot be moved by other processes: {error}.", hint="remove --processes"
            ) from error
        return pickle.dumps((self._stage, written.getvalue()))

    def _tell_all(self, word: "words.ToProcess") -> None:
        for member in self._crew:
            member.tell(word)


class _Member:
    """One of the processes, and the next one in its place when it dies."""

    def __init__(self, mover: ProcessMover) -> None:
        self._mover = mover
        self._child: JobProcess | None = None
        self._moving: set[int] = set()
        self._holding: dict[int, asyncio.Future[None]] = {}
        self._replaces = False
        self._until = 0.0
        self._stalled = False
        self.lapses = 0  # one after the other, without a page moved
        self.busy = True
        self.rates = (0.0, 0.0)

    def tell(self, word: "words.ToProcess") -> None:
        """Say something to the process, where there is one; a new one hears what is still true."""
        if self._child is not None:
            self._child.send(words.encode(word))

    async def hold(self) -> None:
        """Returns when this process writes nothing plainly any more; one that is dead does not."""
        if self._child is None:
            return
        number = len(self._holding) + 1
        future = self._holding[number] = asyncio.get_running_loop().create_future()
        self.tell(words.HoldMessage(number))
        await future

    async def live(self) -> None:
        """Start a process and serve it to its end. Raises Died, and what the process raised."""
        mover = self._mover
        child = await JobProcess.begun(_ENTRY, mover._first)
        died: ProcessDied | None = None
        self._until = lease_clock() + START_SECONDS
        try:
            self._child = child
            self.rates = mover._begun(*mover._limits)
            # It has no segment yet, and hears all this before it gets one.
            if mover._held:
                self.tell(words.HoldMessage(0))
            if mover._paused:
                self.tell(words.ControlMessage("pause"))
            self.tell(mover._rate())
            if self._replaces:
                self.tell(words.UnitsMessage())
            self._replaces = True
            async with tasks_together() as tasks:
                others = tasks.create_task(self._stopping()), tasks.create_task(self._watch(child))
                try:
                    await self._serve(child, tasks)
                except ProcessDied as error:  # its questions that are under way are answered to the end
                    died = error
                finally:
                    for other in others:
                        other.cancel()
                    self._child = None
                    for future in self._holding.values():
                        if not future.done():
                            future.set_result(None)
        finally:
            self._child = None
            ending = await child.end()
        left, self._moving = self._moving, set()
        if not mover._stop.asked:  # a run that ends leaves its pages, and their dead letters, as they are
            for segment in left:
                mover._keeper.give_back(segment)
        if isinstance(died, Stalled):
            raise died
        if died is not None or (left and not mover._stop.asked):
            raise ProcessDied(ending) from died
        self.busy = False

    async def _stopping(self) -> None:
        await self._mover._stop.wait()
        self.tell(words.ControlMessage("stop"))

    async def _watch(self, child: JobProcess) -> None:
        """End a process that did not ask in time: it is stopped, and may write no more. Looked at twice, since what it
        asked may be read just after this process itself stood still."""
        late = 0
        while late < 2:
            await asyncio.sleep(WATCH_SECONDS)
            late = late + 1 if lease_clock() > self._until else 0
        self._stalled = True
        child.kill()

    async def _serve(self, child: JobProcess, tasks: asyncio.TaskGroup) -> None:
        self._stalled = False
        try:
            await self._words(child, tasks)
        except ProcessDied as error:
            if not self._stalled:
                raise
            self.lapses += 1
            raise Stalled("it stalled") from error

    async def _words(self, child: JobProcess, tasks: asyncio.TaskGroup) -> None:
        while True:
            match words.decode_to_job(await child.frame()):
                case words.EndedMessage():
                    return
                case words.AliveMessage():
                    self._until = self._mover._until()
                    child.send(words.encode(words.GrantedMessage(self._until)))
                case words.LapsedMessage():
                    self._stalled = True
                    raise ProcessDied
                case words.FailedMessage(pickled, trace):
                    raise failure(pickled, trace)
                case words.CutMessage(counts):
                    self._mover._keeper.cut(counts)
                case words.HeldMessage(number):
                    future = self._holding.get(number)
                    if future is not None and not future.done():
                        future.set_result(None)
                case question:
                    tasks.create_task(self._answer(child, question))

    async def _answer(self, child: JobProcess, question: "words.Question") -> None:
        keeper, body = self._mover._keeper, b""
        match question:
            case words.NextMessage():
                found = await keeper.next()
                if found is not None:
                    self._moving.add(found.segment)
                    body = found.segment.to_bytes(4, "big") + encode_checkpoint(found)
            case words.SaveMessage(_, segment, written, read_rate, write_rate, limits):
                if limits == self._mover._changes:  # else it says what was before the last change
                    self.rates = (read_rate, write_rate)
                job = self._mover._work.job
                checkpoint = decode_checkpoint(written, job=job.id, segments=job.segments, segment=segment)
                await keeper.save(checkpoint)
                self.lapses = 0
                if checkpoint.done:
                    self._moving.discard(checkpoint.segment)
            case words.BuryMessage(_, segment, page, dead):
                await keeper.bury(segment, page, dead)
            case words.KeyChangedMessage():
                await keeper.moved()
            case words.QuestionMessage(_, anchored, asked):
                body = await self._mover._anchored[anchored].ask(asked)
        child.send(words.encode(words.AnswerMessage(question.number, body)))


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, anchored: list[RemoteReference]) -> None:
        super().__init__(file)
        self._anchored = anchored

    def persistent_id(self, one: Any) -> int | None:
        if not isinstance(one, RemoteReference):
            return None
        self._anchored.append(one)
        return len(self._anchored) - 1
