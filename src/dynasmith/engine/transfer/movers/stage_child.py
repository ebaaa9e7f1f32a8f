"""The process of a ``ProcessStage``: page after page until no more come."""

import socket
import threading
import time
from contextlib import suppress

import msgspec

from dynasmith.engine.transfer.event_thread import RareGarbageCollection
from dynasmith.engine.transfer.movers.stage import ReturnMessage
from dynasmith.engine.transfer.transform_stage import StagedPage
from dynasmith.engine.workers.child_side import own_socket, show_prints
from dynasmith.engine.workers.failures import failure_of
from dynasmith.engine.workers.frames import read_frame, send_frame
from dynasmith.engine.workers.user_code import loaded_code
from dynasmith.errors import DynasmithError
from dynasmith.items.digester import Digester
from dynasmith.items.wire import RawItem

ALIVE_SECONDS = 3.0
"""How often this process says that it runs, whatever its page is doing."""

_BUFFER_BYTES = 4 * 1024 * 1024
_split = msgspec.json.Decoder(list[RawItem]).decode
_encode = msgspec.msgpack.Encoder().encode


def main() -> None:
    """Stage pages until the parent has no more, or is gone."""
    ours = own_socket()
    with (
        ours,
        ours.makefile("rb", buffering=_BUFFER_BYTES) as pages,
        RareGarbageCollection(),
        suppress(ConnectionError),
    ):
        sending = threading.Lock()
        threading.Thread(target=_say_alive, args=(ours, sending), name="dynasmith-alive", daemon=True).start()
        stage = _Stage(read_frame(pages) or b"")
        while (page := read_frame(pages)) is not None:
            back = _encode(stage(page))
            show_prints()
            with sending:
                send_frame(ours, back)


def _say_alive(ours: socket.socket, sending: threading.Lock) -> None:
    """Send an empty frame every few seconds, until the socket is closed."""
    with suppress(OSError):
        while True:
            with sending:
                send_frame(ours, b"")
            time.sleep(ALIVE_SECONDS)


class _Stage:
    """The steps of this process. Where they cannot be had (a module that does not import) every page says so."""

    def __init__(self, sent: bytes) -> None:
        self._failed: ReturnMessage | None = None
        self._digester = Digester()
        try:
            self._steps, self._digest = loaded_code(sent)
        except DynasmithError as error:
            self._failed = _failed(error)

    def __call__(self, page: bytes) -> ReturnMessage:
        if self._failed is not None:
            return self._failed
        try:
            staged: StagedPage = self._steps.apply(_split(page))
            return ReturnMessage(
                b"[" + b",".join(staged.items) + b"]",
                staged.fanned_out,
                staged.dropped,
                staged.already,
                staged.dead,
                staged.moved,
                staged.skipped,
                staged.origins,
                staged.dead_origins,
                str(self._digester(staged.items)) if self._digest else "",
                dict(staged.personal),
                staged.sample_missing,
            )
        except (Exception, SystemExit) as error:
            return _failed(error)


def _failed(error: BaseException) -> ReturnMessage:
    return ReturnMessage(failure=failure_of(error))
