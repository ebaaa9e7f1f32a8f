"""Shells that complete: real ones, in which the program `dynasmith` hands the words so far to this process."""

import os
import pty
import select
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

from dynasmith.cli.commands.completion import VARIABLE
from dynasmith.cli.main import cli

SECONDS_MAX = 120
PROGRAM = """#!/bin/sh
# Completes in the process of the test, and else says what it was called with.
if [ -z "${_DYNASMITH_COMPLETE:-}" ]; then
    echo "called: $*"
    exit
fi
printf '%s\\n%s\\n%s' "$_DYNASMITH_COMPLETE" "$COMP_CWORD" "$COMP_WORDS" > FOLDER/asked
cat FOLDER/answered
"""


def shell_or_skip(name: str) -> str:
    """The program of a shell; skips the test where it is not installed."""
    return shutil.which(name) or pytest.skip(f"{name} is not installed here")


class Program:
    """`dynasmith` for a shell, in ``folder``: it serves completions until it is closed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch = folder, monkeypatch
        self._served = threading.Semaphore(0)
        folder.mkdir()
        for pipe in ("asked", "answered"):
            os.mkfifo(folder / pipe)
        (folder / "dynasmith").write_text(PROGRAM.replace("FOLDER", shlex.quote(str(folder))), "utf-8")
        (folder / "dynasmith").chmod(0o755)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while asked := (self.folder / "asked").read_text("utf-8"):
            kind, number, words = asked.split("\n", 2)
            completing = get_completion_class(kind.removesuffix("_complete"))
            assert completing is not None
            with self._patch.context() as patch:
                patch.setenv("COMP_WORDS", words)
                patch.setenv("COMP_CWORD", number)
                found = completing(cli, {}, "dynasmith", VARIABLE).complete()
            self._served.release()
            (self.folder / "answered").write_text(f"{found}\n", "utf-8")

    def wait(self) -> None:
        """Wait until one more completion was asked for."""
        assert self._served.acquire(timeout=SECONDS_MAX), "the shell asked for nothing"

    def close(self) -> None:
        """Stop serving."""
        (self.folder / "asked").write_text("", "utf-8")
        self._thread.join(SECONDS_MAX)


class Terminal:
    """An interactive shell on a terminal."""

    def __init__(self, words: list[str], environment: dict[str, str]) -> None:
        self._leader, follower = pty.openpty()
        self._shell = subprocess.Popen(
            words, stdin=follower, stdout=follower, stderr=follower, env=environment, start_new_session=True
        )
        os.close(follower)
        self.seen = ""

    def send(self, text: str) -> None:
        """Type a text."""
        os.write(self._leader, text.encode())

    def until(self, text: str) -> None:
        """Read until a text was printed since the last time."""
        deadline = time.monotonic() + SECONDS_MAX
        while text not in self.seen:
            assert time.monotonic() < deadline, (text, self.seen)
            if select.select([self._leader], [], [], 1)[0]:
                self.seen += os.read(self._leader, 65536).decode(errors="replace")
        self.seen = self.seen.partition(text)[2]

    def close(self) -> None:
        """End the shell."""
        self._shell.kill()
        self._shell.wait()
        with suppress(OSError):
            os.close(self._leader)


@contextmanager
def terminal(words: list[str], program: Program) -> Iterator[Terminal]:
    """A shell whose first `dynasmith` is this program."""
    path = os.pathsep.join((str(program.folder), os.environ["PATH"]))
    shell = Terminal(words, {**os.environ, "PATH": path, "TERM": "dumb", "HOME": str(program.folder)})
    try:
        yield shell
    finally:
        shell.close()
