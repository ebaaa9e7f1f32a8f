"""The inside of a guarded process: takes work in frames from the pipe that was its standard input, and answers on the
one that was its standard output.

User code sees an empty standard input, and what it prints goes to standard error: neither disturbs the frames. The
process ends with its parent, also in the middle of user code, because a thread watches the pipe.
"""

import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable
from typing import IO

import msgspec

from dynasmith.engine.user_code.frames import DONE, FAILED, GuardedFailure, PipeFrame, read_frame, write_frame
from dynasmith.errors import DynasmithError


def main() -> None:
    """Answer frame after frame until the parent goes. What is raised is told to the parent, which raises it again."""
    asked, answers = _own_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the parent, which ends this process
    frames: queue.SimpleQueue[PipeFrame] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked, frames), name="dynasmith-parent", daemon=True).start()
    inside = _Inside()
    while True:
        write_frame(answers, *_answered(inside, frames.get().body))


class _Inside:
    """The work, made of the first frame: it encloses the process, and only then brings user code in."""

    def __init__(self) -> None:
        self._work: Callable[[bytes], bytes] | None = None

    def __call__(self, body: bytes) -> bytes:
        if self._work is not None:
            return self._work(body)
        enclose, work = pickle.loads(body)
        pickle.loads(enclose)()
        made = pickle.loads(work)
        prepare = getattr(made, "prepare", None)
        if prepare is not None:
            prepare()
        self._work = made
        return b""


def _answered(inside: _Inside, body: bytes) -> PipeFrame:
    try:
        return PipeFrame(DONE, inside(body))
    except DynasmithError as error:
        failed = GuardedFailure(message=error.message, hint=error.hint, exit=error.exit)
    except (Exception, SystemExit) as error:  # noqa: BLE001, RUF100  # it is the parent's to raise
        failed = GuardedFailure(message=f"{type(error).__name__}: {error}")
    finally:
        sys.stdout.flush()
    return PipeFrame(FAILED, msgspec.json.encode(failed))


def _own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes to the parent, out of user code's reach: 0 becomes empty, 1 becomes standard error."""
    asked, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(asked, "rb"), os.fdopen(answers, "wb")


def _listen(asked: IO[bytes], frames: "queue.SimpleQueue[PipeFrame]") -> None:
    while (frame := read_frame(asked)) is not None:
        frames.put(frame)
    os._exit(0)  # the parent has gone: nobody wants what user code is at
