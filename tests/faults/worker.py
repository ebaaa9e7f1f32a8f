"""``dynasmith`` commands in one process, each as if it were a process of its own: ``worker.py PATIENT|IMPATIENT FD``.

Reads one JSON line a command from standard input (``words``, ``folder``, ``environment``), runs it through the door of
the command line, and writes what it answered as one JSON line to the file descriptor FD. IMPATIENT shortens the waits
between tries and, where a command says ``failing`` (its fault never ends), the time after which a call is given up; how
often it is tried stays as it is. A fault that ends is never given up for its time: the machine may be slow.
"""

import contextlib
import io
import json
import os
import resource
import sys
import traceback
from dataclasses import fields
from pathlib import Path
from typing import Any

from dynasmith.aws.data.calls import Patience
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.cli.main import run
from shared_botocore import share

MEMORY_BYTES_MAX = 3 * 1024**3
"""A reply that makes a process grow without end is to end the process, not the machine."""
SHORT = {"first_seconds": 0.002, "longest_seconds": 0.02}
GIVEN_UP = {"throttled_seconds": 1.5, "stumbling_seconds": 1.5}
DEFAULTS = {field.name: field.default for field in fields(Patience)}


def shorten(failing: bool) -> None:
    """Every ``Patience`` that says nothing else is short from now on, here and in the processes of a job."""
    short = DEFAULTS | SHORT | (GIVEN_UP if failing else {})
    defaults = [short[field.name] for field in fields(Patience)]
    Patience.__init__.__defaults__ = tuple(defaults)
    given = TableAccess.__init__.__kwdefaults__
    assert given is not None
    given["patience"] = Patience()  # sent to processes, which have their own defaults


def answer(words: list[str], folder: str, environment: dict[str, str]) -> dict[str, Any]:
    """Run one command."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = run(words)
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
            code = 99
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


def main(patience: str, descriptor: str) -> None:
    """Answer commands until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    asked = os.fdopen(os.dup(0), encoding="utf-8")
    with (
        Path(os.devnull).open(encoding="utf-8") as nothing,
        os.fdopen(int(descriptor), "w", encoding="utf-8") as answers,
    ):
        sys.stdin = nothing
        for line in asked:
            command = json.loads(line)
            failing = command.pop("failing")
            if patience == "IMPATIENT":
                shorten(failing)
            answers.write(json.dumps(answer(**command)) + "\n")
            answers.flush()


if __name__ == "__main__":
    share()
    main(*sys.argv[1:])
