"""moto, served inside this process, for Application Auto Scaling beside an engine that lacks it, and for tests.

moto keeps nothing by itself. With a folder the calls that change Application Auto Scaling are journaled and made again
at the next start; they are few (one or two a table), so the journal is never exchanged for anything else.
"""

import http.client
import importlib
import io
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from dynasmith.local.child_messages import EngineReady, ReplayDone, Say
from dynasmith.local.journal import CallLog, RecordedCall, read
from dynasmith.local.readiness import HOST, listening_socket

_SERVICE = "AnyScaleFrontendService."
_READS = ("Describe", "List", "Get")
_KEPT_HEADERS = ("CONTENT_TYPE", "HTTP_X_AMZ_TARGET", "HTTP_AUTHORIZATION", "HTTP_HOST", "HTTP_X_AMZ_DATE")

StartResponse = Callable[..., Any]
Gateway = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def serve_moto(port: int, folder: Path | None, stop: threading.Event, say: Say) -> None:
    """Serve moto on loopback until ``stop`` is set; with ``folder``, autoscaling is as it was at the last stop.

    Raises RunError when the port is taken.
    """
    moto: Any = importlib.import_module("moto.server")
    serving: Any = importlib.import_module("werkzeug.serving")
    app: Gateway = moto.DomainDispatcherApplication(moto.create_backend_app)
    # moto binds by itself; asking the system first turns a stranger's port into our sentence.
    listening_socket(port).close()
    kept = None if folder is None else _Kept(app, folder / "autoscaling.calls")
    server = serving.make_server(HOST, port, kept or app, threaded=True, request_handler=moto.MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, name="moto", daemon=True)
    thread.start()
    if kept is not None:
        kept.repeat(server.server_port, say)
    say(EngineReady(port=server.server_port))
    stop.wait()
    server.shutdown()
    thread.join()
    server.server_close()


class _Kept:
    """moto's application with the writes of Application Auto Scaling journaled before they are answered."""

    def __init__(self, app: Gateway, path: Path) -> None:
        self._app = app
        self._path = path
        self._lock = threading.Lock()
        self._journal: CallLog | None = None

    def repeat(self, port: int, say: Say) -> None:
        """Make the journaled calls again, then begin to journal."""
        calls = list(read(self._path)) if self._path.exists() else []
        refused = sum(_send(port, call) != 200 for call in calls)
        if calls:
            say(ReplayDone(calls=len(calls), refused=refused))
        self._journal = CallLog(self._path)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        operation = environ.get("HTTP_X_AMZ_TARGET", "")
        if not operation.startswith(_SERVICE) or operation.removeprefix(_SERVICE).startswith(_READS):
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        status = ""

        def noting(line: str, *rest: Any) -> Any:
            nonlocal status
            status = line
            return start_response(line, *rest)

        with self._lock:
            answer = list(self._app(environ, noting))
            if self._journal is not None and status.startswith("200"):
                self._journal.append(_call(environ, body))
        return answer


def _call(environ: dict[str, Any], body: bytes) -> RecordedCall:
    headers = tuple(
        (name.removeprefix("HTTP_").replace("_", "-").encode(), str(environ[name]).encode("latin-1"))
        for name in _KEPT_HEADERS
        if name in environ
    )
    return RecordedCall(environ.get("PATH_INFO", "/"), environ.get("QUERY_STRING", "").encode(), headers, body)


def _send(port: int, call: RecordedCall) -> int:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        headers = {name.decode(): value.decode("latin-1") for name, value in call.headers}
        connection.request("POST", call.path, body=call.body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
