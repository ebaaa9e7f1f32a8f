"""Workers that are processes of this machine: how one is begun, spoken with and ended; the first crew."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from math import inf
from typing import Final

from dynasmith.engine.workers.forks import kept_from_forks
from dynasmith.engine.workers.frames import FrameTooLong, framed, receive_frame
from dynasmith.errors import RunError
from dynasmith.ports.crew import LineEnded

END_SECONDS = 5.0
"""How long a process may take to end when its work is over; then it is killed."""

_BUFFER_BYTES: Final = 4 * 1024 * 1024


class LocalLine:
    """One process and the socket to it. It ends when the socket is closed, whoever closes it."""

    remote = False

    def __init__(
        self, process: "subprocess.Popen[bytes]", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self.ended = False

    @classmethod
    async def begun(cls, entry: str, order: bytes) -> "LocalLine":
        """Start a process that runs ``main`` of the module ``entry``, and send it the frame that says what to do."""
        ours, theirs = map(kept_from_forks, socket.socketpair())
        starting = asyncio.create_task(asyncio.to_thread(start_process, entry, theirs))
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
        line = cls(process, reader, writer)
        line.send(order)
        return line

    @property
    def where(self) -> str:
        """The number of the process."""
        return f"process {self._process.pid}"

    def send(self, frame: bytes) -> None:
        """Send one frame. A process that is gone hears nothing."""
        if not self._writer.is_closing():
            self._writer.writelines([framed(frame), frame])

    async def frame(self) -> bytes:
        """The next frame from it. Raises LineEnded."""
        try:
            return await receive_frame(self._reader)
        except (asyncio.IncompleteReadError, OSError, FrameTooLong) as error:
            raise LineEnded(str(error)) from error

    def cut(self) -> None:
        """End the process at once, also one that is stopped; ``frame`` then raises LineEnded."""
        self._process.kill()

    async def end(self) -> str:
        """End the process: it sees that nobody speaks with it. One that does not end is killed. Says how it ended."""
        self.ended = True
        self._writer.close()
        code = await _ended(self._process)
        return f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"


class LocalCrew:
    """Processes of this machine, one a worker. Keeps `dynasmith.ports.crew.Crew`."""

    remote = False
    shares_credentials = True
    patience_seconds = inf

    def __init__(self, entry: str) -> None:
        self._entry = entry
        self._begun: list[LocalLine] = []
        self._starting = 0
        self._came: asyncio.Queue[LocalLine] = asyncio.Queue()

    async def place(self, order: bytes, count: int) -> None:
        """Start as many as are missing, side by side. Raises RunError where the system has no room for one more."""
        self._begun = [line for line in self._begun if not line.ended]
        missing = count - len(self._begun) - self._starting
        await asyncio.gather(*(self._begin(order) for _ in range(missing)))

    async def next(self) -> LocalLine:
        """The next one that was started."""
        return await self._came.get()

    async def close(self) -> None:
        """End those that nobody has."""
        while not self._came.empty():
            await self._came.get_nowait().end()

    async def _begin(self, order: bytes) -> None:
        self._starting += 1
        try:
            line = await LocalLine.begun(self._entry, order)
        finally:
            self._starting -= 1
        self._begun.append(line)
        self._came.put_nowait(line)


async def _ended(process: "subprocess.Popen[bytes]") -> int:
    try:
        return await asyncio.to_thread(process.wait, END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return await asyncio.to_thread(process.wait)


def start_process(
    entry: str, theirs: socket.socket, variables: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """A process that has the socket as its standard input, and this one's standard error for all that it prints.

    It is in a group of its own, so that a Ctrl-C of the terminal is for this process alone, also while it starts.
    ``variables`` are its environment, where it is not this one's. Raises RunError where the system has no room for one
    more.
    """
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does it
    boot = f"import sys, json; sys.path[:], sys.argv[:] = json.loads(sys.argv[1]); from {entry} import main; main()"
    # -P: a json.py of the working directory is not ours, as it is none of this program's.
    command = [sys.executable, *flags, "-P", "-c", boot, json.dumps([list(map(str, sys.path)), sys.argv])]
    environ = None if variables is None else dict(variables)
    if sys.platform == "win32":
        group = subprocess.CREATE_NEW_PROCESS_GROUP
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=sys.__stderr__, creationflags=group, env=environ
        )
        assert process.stdin is not None
        with process.stdin as pipe:  # a socket is no file there: it is shared by the number of the process
            pipe.write(theirs.share(process.pid))
        return process
    try:
        return subprocess.Popen(command, stdin=theirs.fileno(), stdout=2, process_group=0, env=environ)
    except OSError as error:
        raise RunError(
            f"Another process could not be started: {error}.", hint="fewer --processes, then resume the job"
        ) from error
