"""ministack, served inside this process: what it is told, where it keeps things, how it is ended.

Only a process of its own may call this (``dynasmith.local.child``): ministack reads its settings from the environment
when it is imported and holds its state in its modules.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from dynasmith.local.messages import Message
from dynasmith.local.ready import HOST, listening_socket

Say = Callable[[Message], None]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOURS = 3600.0
_NEVER_SECONDS = 24 * _HOURS


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


def serve_ministack(port: int, folder: Path | None, stop: threading.Event, say: Say) -> None:
    """Serve ministack on loopback until ``stop`` is set; with a ``folder`` its state is loaded first and saved last."""
    bound = listening_socket(port)
    port = bound.getsockname()[1]
    os.environ.update(settings(port, folder))
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{bound.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1.0
    # hypercorn gives an application 60 s to load and 60 s to save, then cuts it off: that is how state was lost.
    config.startup_timeout = _NEVER_SECONDS
    config.shutdown_timeout = _NEVER_SECONDS
    config.loglevel = "WARNING"
    started = announce(app, lambda: say({"event": "ready", "port": port, "pid": os.getpid()}))
    asyncio.run(serve(started, config, shutdown_trigger=lambda: _stopped(stop)))  # type: ignore[arg-type]


def announce(app: Application, ready: Callable[[], None]) -> Application:
    """The application, calling ``ready`` once it says that its start-up (the loading of its state) is complete."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return

        async def watching(message: MutableMapping[str, Any]) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                ready()

        await app(scope, receive, watching)

    return wrapped


async def _stopped(stop: threading.Event) -> None:
    await asyncio.get_running_loop().run_in_executor(None, stop.wait)


__all__ = ["HOST", "announce", "serve_ministack", "settings"]
