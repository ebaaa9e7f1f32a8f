"""Run a console until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress

from dynasmith.console.guard import LINK_SECONDS
from dynasmith.console.server import ConsoleServer
from dynasmith.console.state import Console
from dynasmith.errors import UsageError


def serve(console: Console, port: int, opened: Callable[[str], None], spent: Callable[[], None]) -> None:
    """Serve at this port of 127.0.0.1 until SIGINT or SIGTERM; ``opened`` is told the link once it answers, ``spent``
    is called when the link was used, is too old, or the console ends: more than once. Raises UsageError where the port
    is taken."""
    asyncio.run(_serve(console, port, opened, spent))


async def _serve(console: Console, port: int, opened: Callable[[str], None], spent: Callable[[], None]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError):  # Windows, or another thread than the main one
            loop.add_signal_handler(number, stopped.set)
    server = ConsoleServer(console, spent=spent)
    try:
        try:
            await server.start(port)
        except OSError as error:
            raise UsageError(
                f"Port {port} of 127.0.0.1 cannot be used: {error.strerror}.",
                hint="use another --port, or 0 for a free one",
            ) from error
        opened(server.guard.link)
        loop.call_later(LINK_SECONDS, spent)
        await stopped.wait()
    finally:
        spent()
        await server.stop()
