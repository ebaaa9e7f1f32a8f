"""What an engine's process says while it starts and stops: one small JSON object a line."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from typing import IO, Any

Message = dict[str, Any]


def encode(message: Message) -> bytes:
    """One message as a line."""
    return json.dumps(message).encode() + b"\n"


def messages(pipe: IO[bytes], *, quiet_seconds_max: float) -> Iterator[Message]:
    """The messages of a pipe until it is closed.

    Raises TimeoutError when nothing was said for ``quiet_seconds_max``. Lines that are no JSON object (a library that
    prints) are left out. A thread reads, because a pipe cannot be waited for with a deadline on every system.
    """
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        try:
            for line in pipe:
                lines.put(line)
        except (OSError, ValueError):
            pass  # closed under us: the same as the end
        lines.put(b"")

    threading.Thread(target=read, name="dynasmith-engine-messages", daemon=True).start()
    while True:
        deadline = time.monotonic() + quiet_seconds_max
        message = None
        while message is None:
            try:
                line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError from None
            if not line:
                return
            message = _decode(line)
        yield message


def _decode(line: bytes) -> Message | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
