"""``dynasmith`` as a process of its own that is watched through its ledger, and killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS_MAX = 300.0
POLL_SECONDS = 0.05


@contextmanager
def running(folder: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """The verb as a process; ended and waited for at the end, whatever happened."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dynasmith", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def job_of(process: "subprocess.Popen[str]") -> str:
    """The job's id, from the line that says that it started. Raises AssertionError where there is none."""
    assert process.stderr is not None
    before = []
    for line in process.stderr:
        if line.startswith("Job "):
            return line.split()[1]
        before.append(line)
    raise AssertionError("".join(before))


def written(folder: Path, job: str) -> int:
    """Items written so far, from the checkpoints; one that is being replaced counts when it is there."""
    found = 0
    for path in (folder / ".dynasmith" / "jobs" / job / "segments").glob("[0-9]*[0-9]"):
        try:
            found += _counts(path)
        except (FileNotFoundError, ValueError):
            continue
    return found


def _counts(path: Path) -> int:
    text = path.read_text(encoding="utf-8")
    document: Any = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return int(document["counts"].get("written", 0))


def until_written(
    folder: Path, job: str, count: int, process: "subprocess.Popen[str]", *, seconds_max: float = SECONDS_MAX
) -> int:
    """Wait until the job wrote ``count`` items; how many it did. Raises AssertionError where it ends before."""
    deadline = time.monotonic() + seconds_max
    while (found := written(folder, job)) < count:
        assert process.poll() is None, f"ended with {process.returncode} after {found} items: {process.communicate()}"
        assert time.monotonic() < deadline, f"{found} of {count} items after {seconds_max:g} s"
        time.sleep(POLL_SECONDS)
    return found


def kill(process: "subprocess.Popen[str]") -> None:
    """kill -9, and wait until the process is gone."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
