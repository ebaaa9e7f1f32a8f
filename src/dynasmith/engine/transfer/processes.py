"""A stage in processes of its own, one a core: for transforms that take more CPU than the flow around them.

A page goes over a socket as its bytes and comes back as bytes. Each process has one page at hand and the next one
waiting. Nothing was written of a page whose process dies, so the page is staged again in a new one.
"""

import asyncio
import json
import os
import pickle
import runpy
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any, Final

import msgspec

from dynasmith.engine.transfer.asked import LOADING
from dynasmith.engine.transfer.loop import CollectedRarely
from dynasmith.engine.transfer.stage import Staged, Steps
from dynasmith.engine.transfer.trace import RemoteTraceback, trace_of
from dynasmith.errors import DynasmithError, RunError, UsageError
from dynasmith.items.digest import Digest, Digester
from dynasmith.items.wire import RawItem
from dynasmith.ports.items import Dead, Item

DEATHS_MAX = 3
"""How often a process may die before the job stops: a transform that kills its process kills the next one too."""

PAGES_EACH = 2
"""Pages that a process has at a time: one under way, and one that waits for it."""

END_SECONDS = 5.0
"""How long a process may take to end when its work is over; then it is killed."""

_BOOT: Final = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from dynasmith.engine.transfer.processes import main; main()"
)
_BUFFER_BYTES: Final = 4 * 1024 * 1024
_split = msgspec.json.Decoder(list[RawItem]).decode


class _Returned(msgspec.Struct, array_like=True):
    """A staged page on its way back; ``failure`` is a pickled exception instead of it, with its ``traceback``."""

    items: bytes = b"[]"
    fanned_out: int = 0
    dropped: int = 0
    already: int = 0
    dead: tuple[Dead, ...] = ()
    moved: bool = False
    origins: Sequence[int] = ()
    digest: str = ""
    failure: bytes = b""
    traceback: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Returned).decode


class ProcessStage:
    """``steps`` in ``count`` processes. They start with the first page and end with ``close``.

    With ``digest`` they also reckon the digest of what they made. Raises UsageError where the transform cannot be given
    to another process (a lambda, a nested function).
    """

    def __init__(self, steps: Steps, count: int, *, digest: bool = False) -> None:
        try:
            pickled = pickle.dumps((steps, digest))
            self._steps = pickle.dumps((_main_of(pickled), pickled))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise UsageError(
                f"The transform cannot run in another process: {error}.",
                hint="name it as module:function, or leave --processes away",
            ) from error
        self._count = count
        self._workers: set[_Worker] = set()
        self._free: asyncio.Queue[_Worker] | None = None
        self.deaths = 0

    async def __call__(self, items: Sequence[Item]) -> Staged:
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
            except _Died as error:
                await self._died(worker, error, self._free)
                continue
            except BaseException:
                self._free.put_nowait(worker)
                raise
            self._free.put_nowait(worker)
            if back.failure:
                raise _failure(back)
            return Staged(
                _split(back.items),
                back.fanned_out,
                back.dropped,
                back.already,
                back.dead,
                back.moved,
                origins=back.origins,
                digest=Digest.parse(back.digest) if back.digest else None,
            )

    async def close(self) -> None:
        """End the processes."""
        workers, self._workers, self._free = self._workers, set(), None
        await asyncio.gather(*(worker.end() for worker in workers))

    async def _begin(self, free: "asyncio.Queue[_Worker]") -> None:
        worker = await _Worker.begun(self._steps)
        self._workers.add(worker)
        for _ in range(PAGES_EACH):
            free.put_nowait(worker)

    async def _died(self, worker: "_Worker", error: "_Died", free: "asyncio.Queue[_Worker]") -> None:
        """Of several pages that a process had only the first sees that it was not replaced yet."""
        if worker not in self._workers:
            return
        self._workers.discard(worker)
        await worker.end()
        self.deaths += 1
        if self.deaths > DEATHS_MAX:
            raise RunError(
                f"The processes of the transform died {self.deaths} times.",
                hint="it may need more memory than there is; fewer --processes or a smaller --batch-size help",
            ) from error
        await self._begin(free)


class _Died(Exception):
    """A process ended before it gave back its page."""


class _Worker:
    """One process and the socket to it. Answers come in the order of the pages."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._writer = writer
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        self._dead = False
        self._reading = asyncio.create_task(self._read(reader), name="transforming process")

    @classmethod
    async def begun(cls, steps: bytes) -> "_Worker":
        """Start a process."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.to_thread(_started, theirs)
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours, limit=_BUFFER_BYTES)
        writer.writelines([len(steps).to_bytes(4, "big"), steps])
        return cls(process, reader, writer)

    async def ask(self, page: bytes) -> bytes:
        """What the process gives back for a page. Raises _Died."""
        if self._dead:
            raise _Died
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._writer.writelines([len(page).to_bytes(4, "big"), page])
        return await future

    async def end(self) -> None:
        """End the process: it sees that nothing more comes. One that does not end is killed."""
        self._reading.cancel()
        self._writer.close()
        try:
            await asyncio.to_thread(self._process.wait, END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(4), "big")
                body = await reader.readexactly(size)
                future = self._waiting.popleft()
                if not future.done():
                    future.set_result(body)
        except (asyncio.IncompleteReadError, OSError) as error:
            self._dead = True
            for future in self._waiting:
                if not future.done():
                    future.set_exception(_Died(str(error)))


def _main_of(pickled: bytes) -> tuple[str, str]:
    """The script, or the module, that this program was started as, where the transform is a function of it.

    Nothing else needs it over there: a script that copies without ``if __name__ == "__main__"`` would copy again.
    """
    if b"__main__" not in pickled:
        return "", ""
    main = sys.modules["__main__"]
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    return getattr(spec, "name", ""), os.path.abspath(file) if file else ""


def _started(theirs: socket.socket) -> "subprocess.Popen[bytes]":
    """A process that has the socket as its standard input, and this one's standard error for all that it prints.

    It is in a group of its own, so that a Ctrl-C of the terminal is for this process alone, also while it starts.
    """
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does it
    command = [sys.executable, *flags, "-c", _BOOT, json.dumps(list(map(str, sys.path)))]
    if sys.platform == "win32":
        group = subprocess.CREATE_NEW_PROCESS_GROUP
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=sys.__stderr__, creationflags=group)
        assert process.stdin is not None
        with process.stdin as pipe:  # a socket is no file there: it is shared by the number of the process
            pipe.write(theirs.share(process.pid))
        return process
    return subprocess.Popen(command, stdin=theirs.fileno(), stdout=2, process_group=0)


def _failure(back: _Returned) -> BaseException:
    error: BaseException = pickle.loads(back.failure)
    error.__cause__ = RemoteTraceback(back.traceback) if back.traceback else None
    return error


# --- in the other process ---------------------------------------------------------------------------------------------


def main() -> None:
    """Stage page after page until no more come. A Ctrl-C is for the parent, which lets the page under way end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ours = _own_socket()
    with ours, ours.makefile("rb", buffering=_BUFFER_BYTES) as pages, CollectedRarely(), suppress(ConnectionError):
        stage = _Stage(_frame(pages))
        while page := _frame(pages):
            back = _encode(stage(page))
            sys.stdout.flush()
            ours.sendall(len(back).to_bytes(4, "big"))
            ours.sendall(back)


def _own_socket() -> socket.socket:
    """The socket to the parent, out of user code's reach: standard input becomes empty."""
    if sys.platform == "win32":
        return socket.fromshare(sys.stdin.buffer.read())
    ours = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return ours


def _frame(pages: Any) -> bytes:
    """The next frame, empty where no more come."""
    size = pages.read(4)
    return pages.read(int.from_bytes(size, "big")) if size else b""


def _prepare(module: str, file: str) -> None:
    """Bring in the script that the transform is a function of, under a name that keeps its main part from running."""
    if not module and not file:
        return
    names = runpy.run_module(module, run_name=LOADING) if module else runpy.run_path(file, run_name=LOADING)
    made = ModuleType("__main__")
    made.__dict__.update(names)
    sys.modules["__main__"] = made


class _Stage:
    """The steps of this process. Where they cannot be had (a module that does not import) every page says so."""

    def __init__(self, begun_with: bytes) -> None:
        self._failed: _Returned | None = None
        self._digester = Digester()
        try:
            main, pickled = pickle.loads(begun_with)
            _prepare(*main)
            self._steps, self._digest = pickle.loads(pickled)
        except DynasmithError as error:
            self._failed = _failed(error)
        except (Exception, SystemExit) as error:  # a module may call sys.exit() too
            refused = UsageError(
                f"The transform cannot be loaded in another process ({type(error).__name__}: {error}).",
                hint="what its module imports must be there without what the main program sets up",
            )
            refused.__cause__ = error
            self._failed = _failed(refused)

    def __call__(self, page: bytes) -> _Returned:
        if self._failed is not None:
            return self._failed
        try:
            staged: Staged = self._steps.apply(_split(page))
            return _Returned(
                b"[" + b",".join(staged.items) + b"]",
                staged.fanned_out,
                staged.dropped,
                staged.already,
                staged.dead,
                staged.moved,
                staged.origins,
                str(self._digester(staged.items)) if self._digest else "",
            )
        except (Exception, SystemExit) as error:
            return _failed(error)


def _failed(error: BaseException) -> _Returned:
    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)
    except Exception:  # an exception that does not survive the way
        pickled = pickle.dumps(RunError(f"The transform raised {type(error).__name__}: {error}"))
    return _Returned(failure=pickled, traceback=trace_of(error))
