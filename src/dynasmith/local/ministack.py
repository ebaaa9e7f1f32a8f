"""ministack, served inside this process: what it is told, where it keeps things, how it is ended.

Only a process of its own may call this: ministack reads its settings from the environment when it is imported and holds
its state in its modules. The names of its that are used beside its application were read in its source at 1.5.33; one
that is missing in another version is an error before anything is loaded, never a run that keeps nothing.
"""

import asyncio
import importlib
import importlib.metadata
import os
import threading
from pathlib import Path
from typing import Any

from dynasmith.errors import NotOffered, RunError
from dynasmith.local import state
from dynasmith.local.child_messages import EngineLoading, EngineReady, Say
from dynasmith.local.lock import FileLock
from dynasmith.local.readiness import listening_socket
from dynasmith.local.recorder import JOURNAL_BYTES_MAX, Application, Receive, Recorder, Scope, Send, target

FOLDER_SECONDS_MAX = 240.0
"""How long to wait for an engine that still saves into the folder."""

_AUTOSCALING = "AnyScaleFrontendService."
_NO_AUTOSCALING = b'{"__type": "UnknownOperationException", "message": "ministack has no Application Auto Scaling"}'
_NEVER_SECONDS = 24 * 3600.0
_GRACE_SECONDS = 1.0
_STOP_POLL_SECONDS = 0.05


def settings(port: int, folder: Path | None) -> dict[str, str]:
    """What ministack reads from its environment (its own names, from its source at 1.5.33)."""
    quiet = {
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        # No ports but the one: its MQTT and SFTP listeners stay off.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # It removes every container that carries its label when it starts and stops, whoever began it. Ours has no
        # Docker: it runs Python functions as processes.
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
    }
    if folder is None:
        return quiet
    kept = {
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
    }
    return {**quiet, **kept}


def serve_ministack(
    port: int, folder: Path | None, stop: threading.Event, say: Say, *, journal_bytes_max: int = JOURNAL_BYTES_MAX
) -> bool:
    """Serve ministack on loopback until ``stop`` is set; returns whether everything that is to be kept is saved.

    With a ``folder`` its state is loaded first, each write is journaled before it is answered, and the state is saved
    last, or when the journal is longer than ``journal_bytes_max``. Raises RunError when the port is taken or the saved
    state cannot be read.
    """
    if folder is None:
        return _serve(port, None, stop, say, journal_bytes_max)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        # One that saves still, its maker gone, has the folder: what it saves is what this one loads.
        with FileLock(folder / "state.lock", wait_seconds_max=FOLDER_SECONDS_MAX):
            return _serve(port, folder, stop, say, journal_bytes_max)
    except TimeoutError as error:
        raise RunError(
            f"The folder {folder} is in use by another engine.", hint="stop that one, or use another folder"
        ) from error


def _serve(port: int, folder: Path | None, stop: threading.Event, say: Say, journal_bytes_max: int) -> bool:
    bound = listening_socket(port)
    os.environ.update(settings(bound.getsockname()[1], folder))
    app = importlib.import_module("ministack.app")
    saved = [True]
    recorder = None if folder is None else _recorder(app, folder, say, saved, journal_bytes_max)
    ready = EngineReady(port=bound.getsockname()[1])
    known = _without_autoscaling(app.app)
    inner = known if recorder is None else recorder.wrap(known)
    started = [False]

    def announce() -> None:
        started[0] = True
        say(ready)

    _run(_announcing(inner, announce), bound.detach(), stop)
    if recorder is not None:
        recorder.close()
        if recorder.failure:
            raise RunError(
                recorder.failure, hint=f"its files are in {folder}: move the broken one aside, or restore it"
            )
    if not started[0]:
        raise RunError("ministack did not start.", hint="its log says why")
    return saved[0]


def _run(app: Application, listening: int, stop: threading.Event) -> None:
    hypercorn: Any = importlib.import_module("hypercorn.asyncio")
    errors: Any = importlib.import_module("hypercorn.utils")
    config: Any = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"fd://{listening}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = _GRACE_SECONDS
    # hypercorn gives an application 60 s to load and 60 s to save, then cuts it off: that is how state was lost.
    config.startup_timeout = _NEVER_SECONDS
    config.shutdown_timeout = _NEVER_SECONDS
    config.loglevel = "WARNING"

    async def stopped() -> None:
        while not stop.is_set():
            await asyncio.sleep(_STOP_POLL_SECONDS)

    try:
        asyncio.run(hypercorn.serve(app, config, shutdown_trigger=stopped))
    except errors.LifespanFailureError:
        return  # the recorder, or the caller, says why


def _recorder(app: Any, folder: Path, say: Say, saved: list[bool], journal_bytes_max: int) -> Recorder:
    persistence = importlib.import_module("ministack.core.persistence")
    names = {
        app: ("save_all", "_build_persistence_save_dict"),
        persistence: ("_state_format_version", "_json_default"),
    }
    if any(not hasattr(module, name) for module, wanted in names.items() for name in wanted):
        version = importlib.metadata.version("ministack")
        raise NotOffered(
            f"ministack {version} saves its state in a way that this dynasmith does not know.",
            hint='python -m pip install "ministack==1.5.33"',
        )
    size = state.size_bytes(folder)

    def rename_id(made: str, before: str) -> None:
        # A call that is repeated makes a table with another id, and jobs know theirs by it. Imported here and not
        # above: the module reads its saved state when it is imported, which is watched.
        tables = importlib.import_module("ministack.services.dynamodb")
        for _, table in tables._tables.all_items():
            if table.get("TableId") == made:
                table["TableId"] = before

    if size:
        say(EngineLoading(size_bytes=size))
    recorder = Recorder(
        folder,
        app._build_persistence_save_dict,
        say,
        engine_format=persistence._state_format_version,
        default=persistence._json_default,
        journal_bytes_max=journal_bytes_max,
        rename_id=rename_id,
    )

    def save_all(_states: object) -> None:
        saved[0] = recorder.save_all()

    # Its own save takes four times as long, logs a failure and goes on, and does not know the journal.
    app.save_all = save_all
    return recorder


def _without_autoscaling(app: Application) -> Application:
    """The application, answering at once that it has no Application Auto Scaling.

    By itself it reads all of botocore's service models to find that out: 11 s in which it answers nobody.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not target(scope["headers"]).startswith(_AUTOSCALING):
            await app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/x-amz-json-1.1"), (b"content-length", b"%d" % len(_NO_AUTOSCALING))]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": _NO_AUTOSCALING, "more_body": False})

    return wrapped


def _announcing(app: Application, ready: Any) -> Application:
    """The application, calling ``ready`` once its start-up (the loading of its state) is complete."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return

        async def watching(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                ready()

        await app(scope, receive, watching)

    return wrapped
