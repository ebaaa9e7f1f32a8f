"""A pointer that a command of the user's keeps: ``COMMAND read`` and ``COMMAND switch BEFORE AFTER``."""

import shlex
import subprocess
from typing import Final

from dynasmith.errors import ChangeConflict, PointerError, UsageError
from dynasmith.pointer.place import PointerValue, table_name

COMMAND_SECONDS_MAX: Final = 60
CONFLICT_EXIT: Final = 3


class CommandPointer:
    """Keeps `dynasmith.pointer.Pointer`. ``read`` prints the name, or nothing; ``switch`` ends with 0 once the pointer
    says AFTER, and with 3 where it says neither AFTER nor BEFORE (an empty argument: nothing). It has a minute."""

    def __init__(self, command: str) -> None:
        try:
            self._command = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"The command of the pointer cannot be read: {error}: {command}") from error

    def read(self) -> PointerValue:
        """See the protocol. One run of the command."""
        done = self._run("read")
        if done.returncode:
            raise PointerError(f"The pointer's command failed with {done.returncode}: {self._shown(done)}")
        return PointerValue(table_name(done.stdout, "The pointer's command"))

    def switch(self, before: str | None, after: str) -> None:
        """See the protocol. One run of the command."""
        done = self._run("switch", before or "", after)
        if done.returncode == CONFLICT_EXIT:
            raise ChangeConflict(
                f"The pointer's command says that it does not say {before or 'nothing'}: {self._shown(done)}",
                hint="somebody else switched it: look who reads which table",
            )
        if done.returncode:
            raise PointerError(f"The pointer's command failed with {done.returncode}: {self._shown(done)}")

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(  # the user's own command, never a shell
                [*self._command, *arguments], capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False
            )
        except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
            raise PointerError(f"The pointer's command does not run: {error}") from error

    @staticmethod
    def _shown(done: "subprocess.CompletedProcess[str]") -> str:
        return (done.stderr.strip() or done.stdout.strip() or "it printed nothing").splitlines()[-1][:200]
