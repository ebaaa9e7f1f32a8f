"""The process in which an engine runs: ``python -m dynasmith.local.child ministack|moto``.

It binds its port first (so two never fight over one), says ``ready`` on its standard output with the port that it has,
and ends when it is told to: SIGTERM, or its standard input reaching its end (the process that began it is gone), which
is also how it is stopped on a system without signals.
"""

import argparse
import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import IO

from dynasmith.errors import DynasmithError
from dynasmith.local.child_messages import AnyMessage, EngineEnded, EngineFailed, encode
from dynasmith.local.ministack import serve_ministack
from dynasmith.local.moto import serve_moto
from dynasmith.local.recorder import JOURNAL_BYTES_MAX


class Speaker:
    """Writes messages to what standard output was; what libraries print goes to the log from now on."""

    def __init__(self) -> None:
        self._pipe: IO[bytes] = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)

    def __call__(self, message: AnyMessage) -> None:
        """Say it, if anybody still listens; nobody doing so is no reason to stop."""
        with contextlib.suppress(OSError, ValueError):
            self._pipe.write(encode(message))

    def close(self) -> None:
        """Say no more: who listens sees the end."""
        self._pipe.close()


def stop_on_signals(stop: threading.Event) -> None:
    """Set ``stop`` on SIGTERM (and on Ctrl-C, where one reaches this process)."""
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop.set())


def stop_at_end_of_input(stop: threading.Event) -> None:
    """Set ``stop`` when standard input ends: the process that began this one closed it, or is gone."""

    def read() -> None:
        while sys.stdin.buffer.read(1024):
            pass
        stop.set()

    threading.Thread(target=read, name="dynasmith-parent", daemon=True).start()


def main(arguments: list[str]) -> int:
    """Run one engine until it is told to stop; 0 after a clean stop, 1 with a ``failed`` message otherwise."""
    parser = argparse.ArgumentParser(prog="dynasmith.local.child")
    parser.add_argument("engine", choices=("ministack", "moto"))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--journal-bytes-max", type=int, default=JOURNAL_BYTES_MAX)
    chosen = parser.parse_args(arguments)
    say = Speaker()
    stop = threading.Event()
    stop_on_signals(stop)
    stop_at_end_of_input(stop)
    clean = True
    try:
        if chosen.engine == "moto":
            serve_moto(chosen.port, chosen.folder, stop, say)
        else:
            clean = serve_ministack(chosen.port, chosen.folder, stop, say, journal_bytes_max=chosen.journal_bytes_max)
    except DynasmithError as error:
        say(EngineFailed(message=error.message, hint=error.hint))
        return 1
    say(EngineEnded(clean=clean))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
