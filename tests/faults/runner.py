"""Runs ``dynasmith``: in a worker that is kept, or as the command that people type. Both are bounded in time."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SECONDS_MAX = 150.0
"""A run that takes longer hangs. Runs take a second; the machine may be a hundred times slower."""
TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Answer:
    """What a command answered; ``code`` is None where it had to be killed."""

    code: int | None
    out: str
    err: str

    @property
    def plain(self) -> bool:
        """Whether an end that is not 0 is said in a sentence, without a traceback."""
        return "Traceback" not in self.err and any(
            line.startswith("Error: ") and len(line) > len("Error: .") for line in self.err.splitlines()
        )

    def __str__(self) -> str:
        return f"exit {'(hung)' if self.code is None else self.code}\n{self.out[-600:]}\n{self.err[-1500:]}"


class Worker:
    """A process that answers commands one by one; one that hangs or dies is replaced by the next command."""

    def __init__(self, *, patient: bool = False) -> None:
        self._patience = "PATIENT" if patient else "IMPATIENT"
        self._process: subprocess.Popen[bytes] | None = None
        self._answers = -1
        self._left = b""

    def run(self, folder: Path, environment: dict[str, str], *words: str, failing: bool = False) -> Answer:
        """Run one command; ``failing``: its fault never ends, so that a call is given up soon."""
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        asked = json.dumps({"words": words, "folder": str(folder), "environment": environment, "failing": failing})
        try:
            self._process.stdin.write(asked.encode() + b"\n")
            self._process.stdin.flush()
            line = self._line()
        except BrokenPipeError:
            line = b""
        if not line:
            code = self.close()
            return Answer(None if code == -signal.SIGKILL else code, "", f"the process ended with {code}")
        return Answer(**json.loads(line))

    def close(self) -> int:
        """End the process, and whatever it began. Its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60.0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        os.close(self._answers)
        return process.wait()

    def _start(self) -> None:
        self._answers, theirs = os.pipe()
        self._left = b""
        path = os.pathsep.join(each for each in (str(TESTS), os.environ.get("PYTHONPATH", "")) if each)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.worker", self._patience, str(theirs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs],
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": path},
        )
        os.close(theirs)

    def _line(self) -> bytes:
        """One line of answers; nothing where the process died, or hung and was killed."""
        assert self._process is not None
        while b"\n" not in self._left:
            ready, _, _ = select.select([self._answers], [], [], SECONDS_MAX)
            if not ready:
                os.killpg(self._process.pid, signal.SIGKILL)
                return b""
            data = os.read(self._answers, 65536)
            if not data:
                return b""
            self._left += data
        line, _, self._left = self._left.partition(b"\n")
        return line


def run_command(folder: Path, environment: dict[str, str], *words: str) -> Answer:
    """The real command, with the patience that people get."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dynasmith", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        return Answer(None, out, err)
    return Answer(process.returncode, out, err)
