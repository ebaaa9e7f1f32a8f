"""A proxy that nobody may use: a socket that every proxy variable names, and that remembers who came."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

NAMES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "ws_proxy", "wss_proxy")


class Sentinel:
    """``variables`` name it as the proxy for everything; ``seen`` are the first bytes of each connection to it."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def variables(self) -> dict[str, str]:
        """What a shell holds whose every program is to use the proxy, for every address."""
        return {spelling: self.url for name in NAMES for spelling in (name, name.upper())}

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(10)
                try:
                    self.seen.append(caller.recv(4096))
                    caller.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                except OSError:
                    self.seen.append(b"")

    def close(self) -> None:
        """Stop listening; ``seen`` is complete then."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@contextmanager
def sentinel_proxy() -> Iterator[Sentinel]:
    """A sentinel while the block runs."""
    sentinel = Sentinel()
    try:
        yield sentinel
    finally:
        sentinel.close()
