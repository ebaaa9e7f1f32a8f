"""What an engine's process says while it starts and stops: small values, one JSON object a line on a pipe or socket."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO

import msgspec
from msgspec import Struct


class EngineMessage(Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of what an engine says; ``event`` names the kind on the wire."""

    @property
    def sentence(self) -> str:
        """What happens, for a person."""
        return type(self).__name__


class EngineReady(EngineMessage, frozen=True, kw_only=True, tag="ready"):
    """It listens at ``port``, its state is loaded."""

    port: int

    @property
    def sentence(self) -> str:
        """What it says to people."""
        return f"listening on port {self.port}"


class EngineFailed(EngineMessage, frozen=True, kw_only=True, tag="failed"):
    """It cannot run, and ends."""

    message: str
    hint: str = ""

    @property
    def sentence(self) -> str:
        """What it says to people."""
        return self.message


class EngineLoading(EngineMessage, frozen=True, kw_only=True, tag="loading"):
    """It reads ``size_bytes`` of saved state."""

    size_bytes: int

    @property
    def sentence(self) -> str:
        """What it says to people."""
        return f"loading {self.size_bytes / 1e6:,.1f} MB of saved state"


class ReplayStarted(EngineMessage, frozen=True, kw_only=True, tag="repeating"):
    """The last stop was not clean: the calls since the last save are made again; ``done`` of ``total`` are."""

    done: int
    total: int

    @property
    def sentence(self) -> str:
        """What it says to people."""
        return f"the last stop was not clean: repeating {self.done:,} of {self.total:,} calls"


class ReplayDone(EngineMessage, frozen=True, kw_only=True, tag="repeated"):
    """All calls since the last save were made again; ``refused`` of them were not accepted the second time."""

    calls: int
    refused: int

    @property
    def sentence(self) -> str:
        """What it says to people."""
        refused = f", {self.refused:,} of them refused" if self.refused else ""
        return f"the last stop was not clean: {self.calls:,} calls since the last save were repeated{refused}"


class EngineSaving(EngineMessage, frozen=True, kw_only=True, tag="saving"):
    """The state of a service is being written."""

    service: str

    @property
    def sentence(self) -> str:
        """What it says to people."""
        return f"saving {self.service}"


class EngineSaved(EngineMessage, frozen=True, kw_only=True, tag="saved"):
    """The state of a service is written."""

    service: str
    size_bytes: int
    seconds: float

    @property
    def sentence(self) -> str:
        """What it says to people."""
        return f"saved {self.service}: {self.size_bytes / 1e6:,.1f} MB in {self.seconds:.1f} s"


class EngineNotSaved(EngineMessage, frozen=True, kw_only=True, tag="not-saved"):
    """The state of a service could not be written; ``why`` is the system's reason."""

    service: str
    why: str

    @property
    def sentence(self) -> str:
        """What it says to people."""
        return f"{self.service} could not be saved: {self.why}"


class EngineEnded(EngineMessage, frozen=True, kw_only=True, tag="ended"):
    """It ends now; ``clean``: everything was saved."""

    clean: bool

    @property
    def sentence(self) -> str:
        """What it says to people."""
        return "stopped" if self.clean else "stopped, but not everything was saved"


AnyMessage = (
    EngineReady
    | EngineFailed
    | EngineLoading
    | ReplayStarted
    | ReplayDone
    | EngineSaving
    | EngineSaved
    | EngineNotSaved
    | EngineEnded
)
Say = Callable[[AnyMessage], None]
"""Takes each message. Must be quick and must not raise."""

_decoder: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)
_encoder = msgspec.json.Encoder()


def silent(_message: AnyMessage) -> None:
    """The listener that ignores everything."""


def encode(message: AnyMessage) -> bytes:
    """One message as a line."""
    return _encoder.encode(message) + b"\n"


def messages(pipe: IO[bytes], *, quiet_seconds_max: float) -> Iterator[AnyMessage]:
    """The messages of a pipe until it is closed.

    Raises TimeoutError when nothing was said for ``quiet_seconds_max``. Lines that are no message (a library that
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


def _decode(line: bytes) -> AnyMessage | None:
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return None
