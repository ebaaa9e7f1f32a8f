"""Every verb in a process of its own whose standard output is full, or ASCII only: run by test_streams.py.

Prints a JSON list of {words, door, code, err}. The processes are forks of this one, which has imported everything.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
from typing import Any

import click

from dynasmith.cli.main import VERBS, cli, main, run

WORDS_OF_VERBS = {"local": ["local", "status"], "jobs": ["jobs", "show", "ünï"], "init": ["init", "--dry-run"]}
OUTSIDE = ("demo",)  # starts an engine of its own


def words_of(name: str, command: click.Command) -> list[str]:
    """The verb with a word for each argument that it needs."""
    if name in WORDS_OF_VERBS:
        return WORDS_OF_VERBS[name]
    needed = [each for each in command.params if isinstance(each, click.Argument) and each.required]
    return [name, *("ünï" for _ in needed)]


def one(words: list[str], door: str) -> dict[str, Any]:
    """The exit code and standard error of one process."""
    with tempfile.TemporaryFile() as err:
        process = os.fork()
        if process == 0:
            try:
                os.dup2(err.fileno(), 2)
                os.dup2(os.open("/dev/full" if door == "full" else os.devnull, os.O_WRONLY), 1)
                encoding = "ascii" if door == "ascii" else "utf-8"
                sys.stdout = open(1, "w", encoding=encoding, closefd=False)  # noqa: SIM115 - it lives as long as the process
                sys.stderr = open(2, "w", encoding=encoding, closefd=False)  # noqa: SIM115 - it lives as long as the process
                main(words)
            except SystemExit as stop:
                sys.stdout.flush()
                os._exit(stop.code if isinstance(stop.code, int) else 99)
            finally:
                os._exit(98)
        _, status = os.waitpid(process, 0)
        err.seek(0)
        code = os.waitstatus_to_exitcode(status)
        return {"words": words, "door": door, "code": code, "err": err.read().decode("utf-8", "replace")}


def load() -> None:
    """Import here what each fork would import for itself, by a verb that fails as theirs do."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run(["list"])


if __name__ == "__main__":
    load()
    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in VERBS if name not in OUTSIDE}
    runs = [([*words_of(name, command), "--json"], "full") for name, command in commands.items() if command is not None]
    runs += [(["get", "ünï", "x"], "ascii"), (["schema"], "full"), (["--help"], "full"), (["--help"], "ascii")]
    sys.stdout.write(json.dumps([one(words, door) for words, door in runs]))
