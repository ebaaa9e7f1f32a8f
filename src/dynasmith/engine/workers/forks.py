"""A fork has all open that its process has. The sockets between a job and its processes it must not have: the end of
either is not seen at the other end while anybody has its socket open."""

import os
import socket
import sys
from weakref import WeakSet

_SOCKETS: "WeakSet[socket.socket]" = WeakSet()


def kept_from_forks(one: socket.socket) -> socket.socket:
    """The socket, which no fork of this process has open: those of ``multiprocessing`` and of a user's own code."""
    _SOCKETS.add(one)
    return one


def _close_all() -> None:
    for one in _SOCKETS:
        if one.fileno() >= 0:
            os.close(one.detach())  # a loop may hold it, and then ``close`` would wait for that


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_close_all)
