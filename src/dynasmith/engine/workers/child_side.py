"""What every worker process of this machine does first and last: its socket, and what user code printed."""

import os
import signal
import socket
import sys
from contextlib import suppress

from dynasmith.engine.workers.forks import kept_from_forks


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
