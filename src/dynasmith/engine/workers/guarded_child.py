"""The inside of a guarded process: takes work in frames from its socket, and answers there.

User code sees an empty standard input, and what it prints goes to standard error: neither disturbs the frames. The
process ends with its parent, also in the middle of user code, because a thread watches the socket.
"""

import os
import queue
import threading
from collections.abc import Callable

import msgspec

from dynasmith.engine.workers.child_side import own_socket, show_prints
from dynasmith.engine.workers.failures import failure_of
from dynasmith.engine.workers.frames import Pipe, read_frame, send_frame
from dynasmith.engine.workers.guarded_process import GuardedOrder, GuardedReply
from dynasmith.engine.workers.values import read_values

_encode = msgspec.msgpack.Encoder().encode


def main() -> None:
    """Answer frame after frame until the parent goes. What is raised is told to the parent, which raises it again."""
    ours = own_socket()
    frames: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(ours.makefile("rb"), frames), name="dynasmith-parent", daemon=True).start()
    inside = _Inside()
    while True:
        send_frame(ours, _encode(_answered(inside, frames.get())))


class _Inside:
    """The work, made of the first frame: it encloses the process, and only then brings user code in."""

    def __init__(self) -> None:
        self._work: Callable[[bytes], bytes] | None = None

    def __call__(self, body: bytes) -> bytes:
        if self._work is not None:
            return self._work(body)
        order = msgspec.msgpack.decode(body, type=GuardedOrder)
        read_values(order.enclose)()
        made = read_values(order.work)
        prepare = getattr(made, "prepare", None)
        if prepare is not None:
            prepare()
        self._work = made
        return b""


def _answered(inside: _Inside, body: bytes) -> GuardedReply:
    try:
        return GuardedReply(body=inside(body))
    except (Exception, SystemExit) as error:  # noqa: BLE001, RUF100  # it is the parent's to raise
        return GuardedReply(failure=failure_of(error))
    finally:
        show_prints()


def _listen(pipe: Pipe, frames: "queue.SimpleQueue[bytes]") -> None:
    while (frame := read_frame(pipe)) is not None:
        frames.put(frame)
    os._exit(0)  # the parent has gone: nobody wants what user code is at
