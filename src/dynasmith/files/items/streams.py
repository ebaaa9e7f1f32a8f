"""Open a file of items as a stream of plain bytes, whatever it is packed in."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import zstandard

from dynasmith.errors import FileFormatError, RunError
from dynasmith.files.items.gz import BROKEN, unpacker

STDIN = "-"
BUFFER_BYTES = 1024 * 1024
PACKED_BYTES = 32 * 1024
"""Of a packed file at once: text that packs a hundredfold is 3 MB then."""
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"
"""What follows the first byte (0x50 to 0x5F) of a skippable frame of zstd, with which pzstd begins a file."""
_BROKEN: tuple[type[Exception], ...] = (*BROKEN, zstandard.ZstdError)
_UTF8_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"{\0": "UTF-16LE",
    b"[\0": "UTF-16LE",
    b"\0{": "UTF-16BE",
    b"\0[": "UTF-16BE",
}
"""First bytes of text that is not UTF-8: marks, and a first character of JSON that is two bytes long."""
_LOOKED_AT_BYTES = 4096


class ItemStream:
    """A file open for reading: ``stream`` gives its plain bytes, ``head`` shows the first ones without taking them.

    ``path`` is its name in messages, ``local`` where it is if that is elsewhere."""

    def __init__(self, path: str, local: str = "") -> None:
        self.path = path
        with translated(path):
            file = Path(local or path)
            self._file: IO[bytes] = sys.stdin.buffer if path == STDIN else file.open("rb", BUFFER_BYTES)
        try:
            with translated(path):
                self.stream = _unpacked(_peekable(self._file))
                head = self.stream.peek(BUFFER_BYTES)
        except BaseException:
            if path != STDIN:
                self._file.close()
            raise
        for mark, name in _OTHER_MARKS.items():
            if head.startswith(mark):
                self.close()
                raise FileFormatError(f"{path} is {name}, not UTF-8.", hint=f"iconv -f {name} -t UTF-8 {path}")
        self.start = len(_UTF8_MARK) if head.startswith(_UTF8_MARK) else 0

    @property
    def head(self) -> bytes:
        """Up to 1 MB of what comes next."""
        with translated(self.path):
            return self.stream.peek(BUFFER_BYTES)

    def check_text(self) -> None:
        """Raise FileFormatError where the first bytes are not text. A value of CSV may hold a NUL, JSON never does."""
        if b"\0" in self.head[:_LOOKED_AT_BYTES]:
            raise FileFormatError(
                f"{self.path} is not text.", hint="items are JSON or CSV in UTF-8, packed with gzip or zstd or not"
            )

    def skip(self, count: int) -> None:
        """Read past ``count`` plain bytes: at once in a plain file, by unpacking in a packed one."""
        with translated(self.path):
            if self.stream.seekable():
                self.stream.seek(count, io.SEEK_CUR)
                return
            while count > 0:
                taken = len(self.stream.read(min(count, BUFFER_BYTES)))
                if taken == 0:
                    raise FileFormatError(
                        f"{self.path} is shorter than when the job began.", hint="start a new job with the whole file"
                    )
                count -= taken

    def unpacking(self, count: int) -> float:
        """How many plain bytes there are for each byte of the file, from ``count`` plain bytes, which are read."""
        with translated(self.path):
            return len(self.stream.read(count)) / max(1, self._file.tell())

    def close(self) -> None:
        """Close it; standard input stays open."""
        if self.path != STDIN:
            self.stream.close()
            self._file.close()


def plain_bytes(path: str) -> float:
    """How many plain bytes a file holds; of a packed one about, from its first 4 MB."""
    opened = ItemStream(path)
    try:
        size = Path(path).stat().st_size
        return size if opened.stream.seekable() else size * opened.unpacking(4 * BUFFER_BYTES)
    finally:
        opened.close()


def _peekable(file: IO[bytes]) -> io.BufferedReader:
    if isinstance(file, io.BufferedReader) and file is not sys.stdin.buffer:
        return file
    return io.BufferedReader(cast(Any, file), BUFFER_BYTES)


def _unpacked(file: io.BufferedReader) -> io.BufferedReader:
    magic = file.peek(4)[:4]
    if magic[:2] == _GZIP:
        return io.BufferedReader(_NoSeek(_Frames(file, unpacker, padding=b"\0")), BUFFER_BYTES)
    if magic == _ZSTD or (magic[1:] == _SKIPPABLE and 0x50 <= magic[0] <= 0x5F):
        return io.BufferedReader(_NoSeek(_Frames(file, _zstd_frame)), BUFFER_BYTES)
    return file


def _zstd_frame() -> Any:
    return zstandard.ZstdDecompressor().decompressobj()


class _Frames:
    """The frames of a packed file (zstd's frames, gzip's members), one after the other; ``fresh`` unpacks one.

    zstandard's own reader takes a cut frame for its end, and Python's of gzip costs as much again as unpacking.
    ``padding`` may stand behind a frame.
    """

    def __init__(self, file: io.BufferedReader, fresh: Callable[[], Any], *, padding: bytes = b"") -> None:
        self._file = file
        self._fresh = fresh
        self._padding = padding
        self._frame: Any = None
        self._packed = self._plain = b""
        self._any = False

    def read(self, size: int) -> bytes:
        """``size`` plain bytes, fewer only at the end: so a small file that is cut is known before a job begins.

        Raises EOFError where the file ends inside a frame.
        """
        parts, held = [self._plain], len(self._plain)
        while held < size and (piece := self._piece()) is not None:
            parts.append(piece)
            held += len(piece)
        plain = b"".join(parts)
        taken, self._plain = plain[:size], plain[size:]
        return taken

    def _piece(self) -> bytes | None:
        """What comes next, which may be nothing yet; None at the end."""
        packed = self._packed or self._file.read(PACKED_BYTES)
        self._packed = b""
        if not packed:
            if self._frame is not None:
                raise EOFError
            return None
        if self._frame is None:
            packed = packed.lstrip(self._padding) if self._any else packed
            if not packed:
                return b""
            self._frame, self._any = self._fresh(), True
        frame = self._frame
        plain: bytes = frame.decompress(packed)
        if frame.eof:
            self._packed, self._frame = frame.unused_data, None
        return plain

    def close(self) -> None:
        """The file is closed by who opened it."""


class _NoSeek(io.RawIOBase):
    """A decompressor as a raw stream. Seeking in one means unpacking again from its start, so it is not offered."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._inner.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()


@contextmanager
def translated(path: str) -> Iterator[None]:
    """What reading or unpacking raises, as an error of ours that names the file."""
    try:
        yield
    except EOFError as error:
        raise FileFormatError(f"{path} is cut: it ends inside its compressed part.", hint="copy it again") from error
    except _BROKEN as error:
        raise FileFormatError(f"{path} is damaged: {error}.", hint="copy it again") from error
    except FileNotFoundError as error:
        raise RunError(f"There is no file {path}.", hint="check the path") from error
    except IsADirectoryError as error:
        raise RunError(
            f"{path} is a folder, not a file.", hint="name the files in it, or an export's folder"
        ) from error
    except PermissionError as error:
        raise RunError(f"{path} may not be read: {error.strerror}.", hint="check its permissions") from error
    except OSError as error:
        raise RunError(f"{path} could not be read: {error}.") from error
