"""A process of a job: how it is begun, spoken with and ended. Frames are 4 bytes of length and as many bytes."""

import asyncio
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
from typing import Any, Final

from dynasmith.engine.transfer.processes.forks import kept_from_forks
from dynasmith.engine.transfer.user_traceback import RemoteTraceback
from dynasmith.errors import RunError, UsageError

DEATHS_MAX = 3
"""How often a process may die before the job stops: a transform that kills its process kills the next one too."""

END_SECONDS = 5.0
"""How long a process may take to end when its work is over; then it is killed."""

GRANT_SECONDS = 15.0
"""How long a process may write on its own after it last asked; one that does not ask in time counts as dead."""

START_SECONDS = 120.0
"""How long a process may take until it asks for the first time."""

_BUFFER_BYTES: Final = 4 * 1024 * 1024


class ProcessDied(Exception):
    """A process ended before its work was done; where it says something, it is how."""


class JobProcess:
    """One process and the socket to it. It ends when the socket is closed, whoever closes it."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def begun(cls, entry: str, first: bytes) -> "JobProcess":
        """Start a process that runs ``main`` of the module ``entry``, and send it the frame that says what to do."""
        ours, theirs = map(kept_from_forks, socket.socketpair())
        starting = asyncio.create_task(asyncio.to_thread(_started, entry, theirs))
        try:
            process = await asyncio.shield(starting)
            theirs.close()
            ours.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=ours, limit=_BUFFER_BYTES)
        except BaseException:  # cancelled while it starts: it is not left behind
            ours.close()
            await asyncio.wait([starting])
            theirs.close()
            if starting.exception() is None:
                await _ended(starting.result())
            raise
        child = cls(process, reader, writer)
        child.send(first)
        return child

    def send(self, frame: bytes) -> None:
        """Send one frame. A process that is gone hears nothing."""
        if not self._writer.is_closing():
            self._writer.writelines([len(frame).to_bytes(4, "big"), frame])

    async def frame(self) -> bytes:
        """The next frame from it. Raises Died."""
        try:
            size = int.from_bytes(await self._reader.readexactly(4), "big")
            return await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise ProcessDied(str(error)) from error

    def kill(self) -> None:
        """End the process at once, also one that is stopped; ``frame`` then raises Died."""
        self._process.kill()

    async def end(self) -> str:
        """End the process: it sees that nobody speaks with it. One that does not end is killed. Says how it ended."""
        self._writer.close()
        code = await _ended(self._process)
        return f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"


async def _ended(process: "subprocess.Popen[bytes]") -> int:
    try:
        return await asyncio.to_thread(process.wait, END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return await asyncio.to_thread(process.wait)


def died_too_often(deaths: int, ending: str) -> RunError:
    """The processes of a job keep dying; ``ending`` says how the last one did."""
    return RunError(
        f"The processes of this job died {deaths} times, the last one {ending}.",
        hint="it may need more memory than is available; use fewer --processes or a smaller --batch-size",
    )


def stood_still(lapses: int) -> RunError:
    """The processes of a job do not get on; ``lapses`` says how often one was replaced without having moved a page."""
    return RunError(
        f"The processes of this job stalled {lapses} times, for {GRANT_SECONDS:g} s and longer, and moved no page.",
        hint="the machine may be overloaded, or the transform hangs; then resume the job",
    )


def sendable(stage: Any) -> bytes:
    """A stage as bytes for another process, with what that must load first.

    Raises UsageError where the transform cannot be given to it (a lambda, a nested function).
    """
    try:
        pickled = pickle.dumps(stage)
        return pickle.dumps((_main_of(pickled), pickled))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UsageError(
            f"The transform cannot run in another process: {error}.",
            hint="name it as module:function, or remove --processes",
        ) from error


def failure(pickled: bytes, trace: str) -> BaseException:
    """What was raised over there, with its trace as the cause."""
    error: BaseException = pickle.loads(pickled)
    error.__cause__ = RemoteTraceback(trace) if trace else None
    return error


def _main_of(pickled: bytes) -> tuple[str, str]:
    """The script, or the module, that this program was started as, where the transform is a function of it.

    Nothing else needs it over there: a script that copies without ``if __name__ == "__main__"`` would copy again.
    Raises UsageError where there is none to load (a notebook, a prompt).
    """
    if b"__main__" not in pickled:
        return "", ""
    main = sys.modules["__main__"]
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if spec is None and (file is None or not os.path.isfile(file)):
        raise UsageError(
            "The transform cannot run in another process: it is not a function of a module.",
            hint="move it to a module of its own, or remove --processes",
        )
    return getattr(spec, "name", ""), os.path.abspath(file) if file else ""


def _started(entry: str, theirs: socket.socket) -> "subprocess.Popen[bytes]":
    """A process that has the socket as its standard input, and this one's standard error for all that it prints.

    It is in a group of its own, so that a Ctrl-C of the terminal is for this process alone, also while it starts.
    Raises RunError where the system has no room for one more.
    """
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does it
    boot = f"import sys, json; sys.path[:], sys.argv[:] = json.loads(sys.argv[1]); from {entry} import main; main()"
    # -P: a json.py of the working directory is not ours, as it is none of this program's.
    command = [sys.executable, *flags, "-P", "-c", boot, json.dumps([list(map(str, sys.path)), sys.argv])]
    if sys.platform == "win32":
        group = subprocess.CREATE_NEW_PROCESS_GROUP
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=sys.__stderr__, creationflags=group)
        assert process.stdin is not None
        with process.stdin as pipe:  # a socket is no file there: it is shared by the number of the process
            pipe.write(theirs.share(process.pid))
        return process
    try:
        return subprocess.Popen(command, stdin=theirs.fileno(), stdout=2, process_group=0)
    except OSError as error:
        raise RunError(
            f"Another process could not be started: {error}.", hint="fewer --processes, then resume the job"
        ) from error
