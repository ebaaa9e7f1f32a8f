"""Standard output and error as every verb meets them: closed, in another encoding, on a full disk."""

import codecs
import io
import os
import sys
from typing import IO, TextIO

_ESCAPED = "dynasmith-escaped"


def prepare_streams() -> None:
    """Make both streams such that writing text to them does not fail for its characters.

    Where the caller closed one (``>&-``, a service without a terminal) what is written goes nowhere. A character that
    the encoding lacks is written as JSON escapes it, so that a document of ``--json`` stays one.
    """
    codecs.register_error(_ESCAPED, _escape)
    sys.stdout = _prepared(sys.stdout)
    sys.stderr = _prepared(sys.stderr)


def flush_streams(code: int) -> int:
    """The exit code after everything was written: 1 where standard output could not take it (a full disk)."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        _discard()
    except (OSError, ValueError) as error:
        _discard()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        code = code or 1
        _complain(f"Error: Standard output could not be written: {reason}.\nHint: send it to a place with room.\n")
    _complain("")
    return code


def _prepared(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_ESCAPED)
    return stream


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2] for at in range(0, len(units), 2))
    return "".join(f"\\u{int.from_bytes(pair, 'big'):04x}" for pair in pairs), error.end


def _discard() -> None:
    """Let what is left in the buffer go nowhere, so that the interpreter does not try again when it ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stdout.flush()
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process


def _complain(sentence: str) -> None:
    try:
        sys.stderr.write(sentence)
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody can be told
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process


def fall_silent(stream: IO[str]) -> None:
    """Send what is written from now on nowhere: the reader of ``stream`` has gone, and the work goes on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
