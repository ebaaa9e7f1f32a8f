"""One worker of a crew, as the keeper serves it: its questions answered, its time granted, its segments given back."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import msgspec

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.mover import Keeper
from dynasmith.engine.transfer.movers import deaths
from dynasmith.engine.transfer.movers import messages as words
from dynasmith.engine.transfer.movers.order import Work
from dynasmith.engine.workers.failures import raised
from dynasmith.errors import DynasmithError
from dynasmith.jobs.checkpoint import Checkpoint, decode_checkpoint
from dynasmith.ports.clock import lease_clock
from dynasmith.ports.concurrency import tasks_together
from dynasmith.ports.crew import LineEnded, WorkerLine
from dynasmith.ports.permit import Term
from dynasmith.ports.remote_reference import RemoteReference

WATCH_SECONDS = 1.0
"""How often it is looked whether each worker asked in time."""


class Stalled(LineEnded):
    """A worker did not ask in time to write on; it is gone."""


class MovedSegments(Keeper, Protocol):
    """What the workers ask of their job."""

    @property
    def left(self) -> int:
        """How many segments nobody moves."""
        ...

    @property
    def more(self) -> bool:
        """Whether others come, which nobody knows yet: workers wait for them."""
        ...

    def give_back(self, segment: int) -> None:
        """Nobody moves that segment any more: it is moved again from its checkpoint."""
        ...


class MemberKeeper(Protocol):
    """What a member asks of the mover of its crew."""

    work: Work
    keeper: MovedSegments
    stop: StopRequest
    term: Term | None
    held: bool
    paused: bool
    changes: int

    references: Sequence[RemoteReference]
    """What stayed here, by its number."""

    def begun(self, part: float) -> tuple[float, float]:
        """The rates that a worker begins with."""
        ...

    def saved(self, segment: int) -> None:
        """A page of the segment was moved."""
        ...

    def unfit(self, where: str, error: DynasmithError) -> None:
        """A worker leaves because it does not reach what the job has. Raises ``error`` where all do."""
        ...

    async def next_segment(self, member: "Member") -> Checkpoint | None:
        """The next segment for a worker; None where there is none."""
        ...

    def changes_segments(self) -> None:
        """Some segment ended, was given back or will not be moved."""
        ...


class Member:
    """One worker, from when it came until it is gone."""

    def __init__(self, mover: MemberKeeper, line: WorkerLine) -> None:
        self._mover = mover
        self._line = line
        self._moving: dict[int, bytes | None] = {}
        self._holding: dict[int, asyncio.Future[None]] = {}
        self._until = lease_clock() + deaths.START_SECONDS
        self._granted = 0.0
        self._stalled = self._leaves = False
        self.is_gone = self.is_idle = False
        self.left: dict[int, bytes | None] = {}
        """The segments that it left, each with where it goes on."""
        self.rates = mover.begun(0.0)
        # It has no segment yet, and hears all this before it gets one.
        if mover.held:
            self.tell(words.HoldMessage(0))
        if mover.paused:
            self.tell(words.ControlMessage("pause"))
        if mover.stop.asked:
            self.tell(words.ControlMessage("stop"))

    @property
    def moves(self) -> bool:
        """Whether it has a segment."""
        return bool(self._moving)

    def tell(self, word: words.ToProcess) -> None:
        """Say something to the worker, where it is not gone."""
        if not self.is_gone:
            self._line.send(words.encode(word))

    async def hold(self) -> None:
        """Returns when this worker writes nothing plainly any more; one that is dead does not."""
        if self.is_gone:
            return
        number = len(self._holding) + 1
        future = self._holding[number] = asyncio.get_running_loop().create_future()
        self.tell(words.HoldMessage(number))
        await future

    async def live(self) -> None:
        """Serve the worker to its end. Raises LineEnded, and what the worker raised."""
        died: LineEnded | None = None
        try:
            async with tasks_together() as tasks:
                watch = tasks.create_task(self._watch())
                try:
                    await self._serve(tasks)
                except LineEnded as error:  # its questions that are under way are answered to the end
                    died = error
                finally:
                    watch.cancel()
                    self.is_gone = True
                    self._mover.changes_segments()
        finally:
            self.is_gone = True
            ending = await self._line.end()
            if died is not None and self._line.remote:
                await asyncio.sleep(max(0.0, self._granted - lease_clock()))  # it may still write until then
            for future in self._holding.values():
                if not future.done():
                    future.set_result(None)
        self.left, self._moving = self._moving, {}
        stopped = self._mover.stop.asked
        for segment in self.left:
            self._mover.keeper.give_back(segment)
        self._mover.changes_segments()
        if isinstance(died, Stalled):
            raise died
        if died is not None or (self.left and not stopped and not self._leaves):
            raise LineEnded(ending) from died

    async def _watch(self) -> None:
        """Cut off a worker that did not ask in time: it is stopped, and may write no more. Looked at twice, since what
        it asked may be read just after this process itself stood still."""
        late = 0
        while late < 2:
            await asyncio.sleep(WATCH_SECONDS)
            late = late + 1 if lease_clock() > self._until else 0
        self._stalled = True
        self._line.cut()

    async def _serve(self, tasks: asyncio.TaskGroup) -> None:
        try:
            await self._words(tasks)
        except LineEnded as error:
            if not self._stalled:
                raise
            raise Stalled("it stalled") from error

    async def _words(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            match self._decoded(await self._line.frame()):
                case words.EndedMessage():
                    self._leaves = True
                    return
                case words.AliveMessage(number):
                    self._grant(number)
                case words.LapsedMessage():
                    self._stalled = True
                    raise LineEnded
                case words.FailedMessage(failure):
                    raise raised(failure)
                case words.UnfitMessage(failure):
                    self._mover.unfit(self._line.where, raised(failure))
                    self._leaves = True
                    return
                case words.CutMessage(counts):
                    self._mover.keeper.cut(counts)
                case words.HeldMessage(number):
                    future = self._holding.get(number)
                    if future is not None and not future.done():
                        future.set_result(None)
                case question:
                    tasks.create_task(self._answer(question))

    def _decoded(self, frame: bytes) -> words.ToJob:
        try:
            word: words.ToJob = words.decode_to_job(frame)
        except msgspec.MsgspecError as error:
            raise LineEnded(f"it sent what is no message ({error})") from error
        return word

    async def _asked(self, place: int, question: bytes) -> bytes:
        """The answer of what stayed with the job. Raises MsgspecError for a question that is none."""
        if not 0 <= place < len(self._mover.references):
            raise msgspec.DecodeError(f"there is no reference {place}")
        return await self._mover.references[place].ask(question)

    def _grant(self, number: int) -> None:
        now, term = lease_clock(), self._mover.term
        seconds = deaths.GRANT_SECONDS if term is None else min(deaths.GRANT_SECONDS, term.until - now)
        self._granted = max(self._granted, now + seconds)
        self._until = now + deaths.SILENT_SECONDS
        self.tell(words.GrantedMessage(number, seconds))

    async def _answer(self, question: words.Question) -> None:
        keeper, body = self._mover.keeper, b""
        if isinstance(question, words.SaveMessage | words.BuryMessage) and question.segment not in self._moving:
            self._line.cut()  # a worker speaks of the segments that it was given, and of no others
            return
        match question:
            case words.NextMessage():
                found = await self._mover.next_segment(self)
                if found is not None:
                    self._moving[found.segment] = found.position
                    body = words.given_segment(found, keeper.items_left)
            case words.SaveMessage(_, segment, written, read_rate, write_rate, limits):
                if limits == self._mover.changes:  # else it says what was before the last change
                    self.rates = (read_rate, write_rate)
                work = self._mover.work
                checkpoint = decode_checkpoint(written, job=work.job, segments=work.segments, segment=segment)
                await keeper.save(checkpoint)
                self._mover.saved(segment)
                self._moving[segment] = checkpoint.position
                if checkpoint.done:
                    self._moving.pop(checkpoint.segment, None)
                    self._mover.changes_segments()
            case words.BuryMessage(_, segment, page, dead):
                await keeper.bury(segment, page, dead)
            case words.KeyChangedMessage():
                await keeper.moved()
            case words.QuestionMessage(_, place, asked):
                try:
                    body = await self._asked(place, asked)
                except msgspec.MsgspecError:  # it is none: this worker is left, and others move what it had
                    self._line.cut()
                    return
        self.tell(words.AnswerMessage(question.number, body))
