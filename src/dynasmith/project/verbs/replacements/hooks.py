"""Commands of the user's in place of a fence, or nothing in place of it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence

from dynasmith.errors import RunError, UsageError

HOOK = "hook:"


def hook_words(text: str) -> list[str]:
    """The words of ``hook:COMMAND``. Raises UsageError for a command that is empty or cannot be split."""
    try:
        words = shlex.split(text.removeprefix(HOOK))
    except ValueError as error:
        raise UsageError(f"The command {text!r} cannot be read: {error}.", hint="close its quotes") from error
    if not words:
        raise UsageError("A hook has no command.", hint="hook:./switch-table.sh")
    return words


def run_hook(words: Sequence[str], *more: str) -> None:
    """Run a command, with what it prints on standard error. Raises RunError where it cannot be run or fails."""
    try:
        done = subprocess.run(
            [*words, *more],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise RunError(f"{words[0]} cannot be run: {error.strerror}.", hint="check the path of the command") from error
    sys.stderr.write(done.stdout)
    if done.returncode:
        raise RunError(
            f"{shlex.join([*words, *more])} ended with exit code {done.returncode}.", hint="see what it printed"
        )


class HookFence:
    """A command that keeps everybody from writing a table: ``COMMAND on TABLE`` and ``COMMAND off TABLE``. Its exit
    code is believed."""

    def __init__(self, words: Sequence[str], table: str) -> None:
        self._words, self._table = words, table

    def refusal(self) -> str:
        """A command refuses when it is run."""
        return ""

    def put(self, passes: Sequence[str] = ()) -> None:  # noqa: ARG002  # whom it lets pass is its own matter
        """Run it with ``on``."""
        run_hook(self._words, "on", self._table)

    def prove(self) -> None:
        """Its exit code said so."""

    def admit(self) -> None:
        """A command keeps the application out, and never us."""

    def lift(self) -> None:
        """Run it with ``off``."""
        run_hook(self._words, "off", self._table)


class NoFence:
    """Somebody said that nobody writes."""

    def refusal(self) -> str:
        """There is nothing to refuse."""
        return ""

    def put(self, passes: Sequence[str] = ()) -> None:
        """Nothing."""

    def prove(self) -> None:
        """Nothing."""

    def admit(self) -> None:
        """Nothing."""

    def lift(self) -> None:
        """Nothing."""
