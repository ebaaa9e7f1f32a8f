"""User code in a process of its own that cannot write to AWS: what a dry run runs instead of running it here.

``work`` is anything that can be pickled and makes bytes of bytes: a sample of items through a transform, a migration.
It is unpickled there, after the process was enclosed, so that even the import of user code is guarded. Where ``work``
has ``prepare()``, that is called first: its errors are those of loading, not of an item.
"""

import asyncio
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import msgspec

from dynasmith.engine.user_code.frames import DONE, GuardedFailure, read_frame, write_frame
from dynasmith.errors import RunError, UsageError
from dynasmith.ports.guard import Guard

DEADLINE_SECONDS = 120.0
"""How long user code may take for one answer (its import, or a slice of items) before the process is ended."""
END_SECONDS = 5.0

_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from dynasmith.engine.user_code.child import main; main()"
)


class GuardedProcess:
    """A process with the variables of ``guard``; use it as a context manager, from one thread at a time or several.

    ``begin`` starts it and makes the work there. A process that dies, or gives no answer within ``deadline_seconds``,
    ends the dry run with RunError; nothing was written, whatever happens to it.
    """

    def __init__(
        self, work: Callable[[bytes], bytes], guard: Guard, *, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._work = pickle.dumps((pickle.dumps(guard.enclose), pickle.dumps(work)))
        self._guard = guard
        self._deadline_seconds = deadline_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
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
            self._ask(self._process, self._work)

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
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent yet has nowhere to go
                    pipe.close()
        process.wait(END_SECONDS)

    def _started(self) -> "subprocess.Popen[bytes]":
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does it
        paths = json.dumps(list(map(str, sys.path)))
        return subprocess.Popen(
            [sys.executable, *flags, "-c", _BOOT, paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(self._guard.variables),
        )

    def _ask(self, process: "subprocess.Popen[bytes]", body: bytes) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        self._late = False
        with _deadline(self._deadline_seconds, lambda: self._too_late(process)):
            try:
                write_frame(process.stdin, DONE, body)
                answer = read_frame(process.stdout)
            except OSError:
                answer = None
        if answer is None:
            raise self._ended(process)
        if answer.kind == DONE:
            return answer.body
        raise _raised(msgspec.json.decode(answer.body, type=GuardedFailure))

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


def _raised(failed: GuardedFailure) -> UsageError | RunError:
    if failed.exit == UsageError.exit:
        return UsageError(failed.message, hint=failed.hint)
    if failed.exit:
        return RunError(failed.message, hint=failed.hint)
    return RunError(f"User code raised {failed.message}.", hint="fix your code")
