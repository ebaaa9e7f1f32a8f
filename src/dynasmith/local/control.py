"""The small door of a kept engine: ``stop`` with the token of its folder, and what it says until it has stopped.

A connection to a port of its own on loopback, the same on every system. Who does not know the token learns nothing and
changes nothing; the token lies in the engine's folder, which only its owner can read.
"""

import contextlib
import hmac
import socket
import threading
from collections.abc import Iterator

from dynasmith.local.child_messages import AnyMessage, encode, messages
from dynasmith.local.readiness import HOST, listening_socket

_ASK_BYTES_MAX = 200
_ASK_SECONDS_MAX = 10.0


class EngineControl:
    """The door, open from the moment it is made. ``stop`` is set when somebody with the token asks for it."""

    def __init__(self, token: str, stop: threading.Event) -> None:
        self._token = token
        self._stop = stop
        self._listening = listening_socket(0)
        self._callers: list[socket.socket] = []
        self._lock = threading.Lock()
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, name="dynasmith-control", daemon=True).start()

    def say(self, message: AnyMessage) -> None:
        """Send a message to everybody who asked for the stop; who has gone is left out."""
        with self._lock:
            for caller in self._callers:
                with contextlib.suppress(OSError):
                    caller.sendall(encode(message))

    def close(self) -> None:
        """Close the door; those who wait see the end."""
        self._listening.close()
        with self._lock:
            for caller in self._callers:
                caller.close()
            self._callers.clear()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._hear, args=(caller,), name="dynasmith-control-caller", daemon=True).start()

    def _hear(self, caller: socket.socket) -> None:
        try:
            caller.settimeout(_ASK_SECONDS_MAX)
            with caller.makefile("rb") as asked:
                token = asked.readline(_ASK_BYTES_MAX).strip().decode("latin-1")
        except OSError:
            caller.close()
            return
        if not hmac.compare_digest(token, self._token):
            caller.close()
            return
        with self._lock:
            self._callers.append(caller)
        self._stop.set()


def ask_to_stop(port: int, token: str, *, quiet_seconds_max: float) -> Iterator[AnyMessage]:
    """Ask the engine behind the control port to stop; what it says until its door closes.

    Raises OSError when nothing listens there, TimeoutError when it was silent for ``quiet_seconds_max``. The stop goes
    on by itself when the caller leaves.
    """
    with socket.create_connection((HOST, port), timeout=_ASK_SECONDS_MAX) as connection:
        connection.sendall(token.encode() + b"\n")
        connection.settimeout(None)
        with connection.makefile("rb") as said:
            try:
                yield from messages(said, quiet_seconds_max=quiet_seconds_max)
            finally:
                # Ends the read of the thread that reads: a file cannot be closed under a reader.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
