"""What every process of a job does first and last: its socket, the user's code, errors on their way back."""

import os
import pickle
import runpy
import signal
import socket
import sys
from contextlib import suppress
from types import ModuleType
from typing import Any, Protocol

from dynasmith.engine.transfer.processes.forks import kept_from_forks
from dynasmith.engine.transfer.processes.main_script import LOADING
from dynasmith.engine.transfer.user_traceback import trace_of
from dynasmith.errors import DynasmithError, RunError, UsageError


class Pipe(Protocol):
    """What frames are read from."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        ...


def own_socket() -> socket.socket:
    """The socket to the parent, out of user code's reach: standard input becomes empty. A Ctrl-C is for the parent,
    which lets what is under way end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        return socket.fromshare(sys.stdin.buffer.read())
    ours = kept_from_forks(socket.socket(fileno=os.dup(0)))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return ours


def show_prints() -> None:
    """Let what user code printed be seen; it may have closed what it printed to."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()


def read_frame(pipe: Pipe) -> bytes:
    """The next frame, empty where no more come."""
    size = pipe.read(4)
    return pipe.read(int.from_bytes(size, "big")) if len(size) == 4 else b""


def send_frame(ours: socket.socket, frame: bytes) -> None:
    """Send one frame whole."""
    ours.sendall(len(frame).to_bytes(4, "big"))
    ours.sendall(frame)


def loaded_stage(sent: bytes) -> Any:
    """The stage that ``child.sendable`` made bytes of. Raises UsageError where its module does not load here."""
    try:
        main, pickled = pickle.loads(sent)
        _prepare(*main)
        return pickle.loads(pickled)
    except DynasmithError:
        raise
    except (Exception, SystemExit) as error:  # a module may call sys.exit() too
        raise UsageError(
            f"The transform cannot be loaded in another process ({type(error).__name__}: {error}).",
            hint="what its module imports must be there without what the main program sets up",
        ) from error


def packed(error: BaseException) -> tuple[bytes, str]:
    """(an error as bytes, its trace), for ``child.failure``."""
    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)
    except Exception:  # an exception that does not survive the way
        pickled = pickle.dumps(RunError(f"The transform raised {type(error).__name__}: {error}"))
    return pickled, trace_of(error)


def _prepare(module: str, file: str) -> None:
    """Bring in the script that the transform is a function of, under a name that keeps its main part from running."""
    if not module and not file:
        return
    if module:
        names = runpy.run_module(module, run_name=LOADING, alter_sys=True)
    else:
        names = runpy.run_path(file, run_name=LOADING)
    made = ModuleType("__main__")
    made.__dict__.update(names)
    sys.modules["__main__"] = made
