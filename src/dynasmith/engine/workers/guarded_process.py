"""User code in a process of its own that cannot write to AWS: what a dry run runs instead of running it here.

``work`` is any value that can be sent and makes bytes of bytes: a sample of items through a transform, a migration.
It is loaded there, after the process was enclosed, so that even the import of user code is guarded. Where ``work``
has ``prepare()``, that is called first: its errors are those of loading, not of an item.
"""

import asyncio
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import msgspec

from dynasmith.engine.workers.failures import WorkerFailure, raised
from dynasmith.engine.workers.forks import kept_from_forks
from dynasmith.engine.workers.frames import FrameTooLong, read_frame, send_frame
from dynasmith.engine.workers.local_process import END_SECONDS, start_process
from dynasmith.engine.workers.values import NotPortable, ValueWriter
from dynasmith.errors import RunError, UsageError
from dynasmith.ports.guard import Guard

DEADLINE_SECONDS = 120.0
"""How long user code may take for one answer (its import, or a slice of items) before the process is ended."""

_ENTRY = "dynasmith.engine.workers.guarded_child"


class GuardedOrder(msgspec.Struct, array_like=True):
    """What encloses the process, and its work, both as values."""

    enclose: bytes
    work: bytes


class GuardedReply(msgspec.Struct, array_like=True):
    """What the work made, or what it raised."""

    body: bytes = b""
    failure: WorkerFailure | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(GuardedReply).decode


class GuardedProcess:
    """A process with the variables of ``guard``; use it as a context manager, from one thread at a time or several.

    ``begin`` starts it and makes the work there. A process that dies, or gives no answer within ``deadline_seconds``,
    ends the dry run with RunError; nothing was written, whatever happens to it.
    """

    def __init__(
        self, work: Callable[[bytes], bytes], guard: Guard, *, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._order = _encode(GuardedOrder(_sent(guard.enclose), _sent(work)))
        self._guard = guard
        self._deadline_seconds = deadline_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ours: socket.socket | None = None
        self._late = self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def begin(self) -> None:
        """Start the process, enclose it, load the user code. Raises what loading raised: UsageError or RunError."""
        with self._lock:
            self._process = self._started()
            self._ask(self._process, self._order)

    def __call__(self, body: bytes) -> bytes:
        """What the work makes of ``body``. Blocking. Raises RunError where the process died, hung, or the work
        raised."""
        with self._lock:
            if self._process is None or self._stopped:
                raise self._was_stopped()
            return self._ask(self._process, body)

    async def ask(self, body: bytes) -> bytes:
        """The same from a loop. Cancelled, it ends the process: nobody can wait for user code then."""
        try:
            return await asyncio.to_thread(self, body)
        except asyncio.CancelledError:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process at once, from any thread."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process and take it away."""
        self.stop()
        process, self._process = self._process, None
        if process is None:
            return
        if self._ours is not None:
            self._ours.close()
        process.wait(END_SECONDS)

    def _started(self) -> "subprocess.Popen[bytes]":
        self._ours, theirs = map(kept_from_forks, socket.socketpair())
        with theirs:
            return start_process(_ENTRY, theirs, self._guard.variables)

    def _ask(self, process: "subprocess.Popen[bytes]", body: bytes) -> bytes:
        assert self._ours is not None
        self._late = False
        answer: bytes | None = None
        with (
            _deadline(self._deadline_seconds, lambda: self._too_late(process)),
            suppress(OSError, FrameTooLong),
            self._ours.makefile("rb") as answers,
        ):
            send_frame(self._ours, body)
            answer = read_frame(answers)
        if answer is None:
            raise self._ended(process)
        reply = _decode(answer)
        if reply.failure is not None:
            raise raised(reply.failure, "User code", "fix your code")
        return reply.body

    def _too_late(self, process: "subprocess.Popen[bytes]") -> None:
        self._late = True
        process.kill()

    def _ended(self, process: "subprocess.Popen[bytes]") -> RunError:
        if self._late:
            return RunError(
                f"User code gave no answer within {self._deadline_seconds:g} s; its process was ended.",
                hint="a dry run waits so long for an import or for 25 items; does it wait for something that a dry run "
                "cannot reach, or loop?",
            )
        if self._stopped:
            return self._was_stopped()
        code = process.wait(END_SECONDS)
        how = f"with exit code {code}" if code >= 0 else f"by signal {-code}"
        return RunError(
            f"The process of the user code ended {how}.", hint="see its last output on standard error, above"
        )

    @staticmethod
    def _was_stopped() -> RunError:
        return RunError("The process of the user code was stopped.", hint="run it again")


@contextmanager
def _deadline(seconds: float, late: Callable[[], None]) -> Iterator[None]:
    timer = threading.Timer(seconds, late)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _sent(value: object) -> bytes:
    try:
        return ValueWriter()(value)
    except NotPortable as error:
        raise UsageError(
            f"The transform cannot run in another process: {error}.", hint="name it as module:function"
        ) from error
