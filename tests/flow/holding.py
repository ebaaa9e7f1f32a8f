"""A proxy that holds requests back, as a kernel or a network may: they arrive later, also when their sender is gone."""

import http.client
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit


class HoldingProxy:
    """In front of ``engine`` (``http://host:port``). ``hold`` keeps requests of an operation until ``release``."""

    def __init__(self, engine: str) -> None:
        upstream = urlsplit(engine).netloc
        self.held = 0
        self._operation = ""
        self._changed = threading.Condition()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                proxy._wait(self.headers.get("x-amz-target", ""))
                connection = http.client.HTTPConnection(upstream, timeout=120)
                connection.request("POST", self.path, body, dict(self.headers.items()))
                reply = connection.getresponse()
                content = reply.read()
                connection.close()
                with suppress(OSError):
                    self.send_response_only(reply.status)
                    for name, value in reply.getheaders():
                        if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                            self.send_header(name, value)
                    self.send_header("content-length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing is said."""

            def handle(self) -> None:
                with suppress(OSError):
                    super().handle()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def hold(self, operation: str) -> None:
        """Keep every request of this operation that comes from now on."""
        with self._changed:
            self._operation = operation

    def wait_held(self, count: int, seconds_max: float = 300.0) -> None:
        """Return once so many requests are held."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.held >= count, seconds_max), f"{self.held} of {count} came"

    def release(self) -> int:
        """Send on what is held; how many requests that are."""
        with self._changed:
            self._operation = ""
            self._changed.notify_all()
            return self.held

    def _wait(self, target: str) -> None:
        with self._changed:
            if self._operation and target.endswith("." + self._operation):
                self.held += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: not self._operation)
                self.held -= 1
