"""A stream as a sink: the lines of items on standard output, each page whole. What was written cannot be taken back."""

import asyncio
import threading
from collections.abc import Sequence
from typing import BinaryIO

from dynasmith.errors import RunError
from dynasmith.files.items.destination import Compression, Style
from dynasmith.files.items.item_lines import ItemLines
from dynasmith.files.items.sink import ITEMS_A_BATCH, packer
from dynasmith.ports.items import Item, OpenSink, Outcome, ThrottleListener


class StreamSink:
    """Writes pages to ``out``, one at a time. BrokenPipeError when its reader has gone, RunError on a full disk."""

    def __init__(self, out: BinaryIO, lines: ItemLines, compression: Compression = "") -> None:
        self._out = out
        self._lines = lines
        self._pack = packer(compression)
        self._lock = threading.Lock()

    @property
    def batch_items(self) -> int:
        """A page is one batch."""
        return ITEMS_A_BATCH

    async def begin(self, segment: int, mark: bytes) -> bool:  # noqa: ARG002
        """Nothing to prepare."""
        return True

    async def write(self, segment: int, items: Sequence[Item], *, only_new: bool = False) -> Outcome:  # noqa: ARG002
        """Write one page; the stream has it when this returns."""
        return await asyncio.to_thread(self._write, items)

    def _write(self, items: Sequence[Item]) -> Outcome:
        text, dead = self._lines.text(items)
        try:
            with self._lock:
                self._out.write(self._pack(text))
                self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise RunError(f"Standard output could not be written: {error.strerror}.", hint="make room") from error
        return Outcome(written=len(items) - len(dead), dead=tuple(dead), others=tuple(entry.item for entry in dead))

    async def mark(self, segment: int) -> bytes:  # noqa: ARG002
        """Nothing to go on from."""
        return b""

    async def finish(self, digest: str) -> None:
        """Nothing to finish."""

    async def close(self) -> None:
        """The stream is its owner's."""


def to_stream(out: BinaryIO, key: Sequence[str], style: Style, compression: Compression) -> OpenSink:
    """Opens a StreamSink."""

    async def opened(_heard: ThrottleListener) -> StreamSink:
        return StreamSink(out, ItemLines(style, key), compression)

    return opened
