"""Engines as child processes of this one: begun on a free port, ready when returned, ended with their maker.

For tests, for the demo, for anything that needs DynamoDB for a while. The engine that a person keeps between runs is
``dynasmith.local.kept``.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from dynasmith.errors import NotOffered, Unreachable
from dynasmith.local.messages import Message, messages
from dynasmith.local.processes import clean_environment, own_group_arguments
from dynasmith.local.ready import HOST, wait_until_answers

START_SECONDS_MAX = 60.0
"""How long an engine without state may take to answer: 0.3 to 1.2 s were measured, a loaded machine takes longer."""

STOP_SECONDS_MAX = 60.0
"""How long an engine that keeps nothing may take to end by itself before it is ended hard."""


class Engine:
    """One running engine: ``endpoint``, ``port``, ``pid``, ``name``, ``log`` (a file). ``with`` or ``stop`` ends it."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int, log: Path, *, own_log: bool) -> None:
        self.name = name
        self.port = port
        self.endpoint = f"http://{HOST}:{port}"
        self.pid = process.pid
        self.log = log
        self._process = process
        self._own_log = own_log

    def is_running(self) -> bool:
        """Whether its process still runs."""
        return self._process.poll() is None

    def stop(self, *, seconds_max: float = STOP_SECONDS_MAX) -> None:
        """End it and wait until it is gone; an engine with a state folder saves first. Calling it twice is allowed.

        One that has not ended after ``seconds_max`` is ended hard, and what it had not saved is lost.
        """
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=seconds_max)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self._own_log:
            self.log.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it hard and at once, as a crash would: nothing is saved."""
        self._process.kill()
        self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_ministack(port: int = 0, *, state_folder: Path | None = None, log: Path | None = None) -> Engine:
    """Start ministack on loopback (``port`` 0: any free one) and return once DynamoDB answers; 0.5 to 1 s.

    With ``state_folder`` what it holds is kept there. Raises NotOffered when the extra ``local`` is not installed,
    RunError when the port is taken, Unreachable when it ends or does not answer.
    """
    require("ministack")
    folder = [] if state_folder is None else ["--folder", str(state_folder)]
    return _begin("ministack", _ours("ministack", port, *folder), log, seconds_max=START_SECONDS_MAX)


def start_moto(port: int = 0, *, log: Path | None = None) -> Engine:
    """Start moto's server on loopback and return once DynamoDB answers; 1 to 2 s. It keeps nothing.

    Raises as ``start_ministack`` does.
    """
    require("moto", "flask", "flask_cors")
    return _begin("moto", _ours("moto", port), log, seconds_max=START_SECONDS_MAX)


_DYNALITE = """
const [folder, port, ms] = process.argv.slice(1);
const server = require(folder)({createTableMs: +ms, updateTableMs: +ms, deleteTableMs: +ms});
server.listen(+port, '127.0.0.1', () => console.log(JSON.stringify({event: 'ready', port: server.address().port})));
server.on('error', (error) => {
  console.log(JSON.stringify({event: 'failed', message: 'dynalite cannot listen: ' + error.message, hint: ''}));
  process.exit(1);
});
process.stdin.on('end', () => process.exit(0)).resume();
"""


def start_dynalite(
    port: int = 0, *, log: Path | None = None, folder: Path | None = None, transition_milliseconds: int = 50
) -> Engine:
    """Start dynalite (the npm package in ``folder``, else the one that ``find_dynalite`` finds) on loopback.

    Its tables stay CREATING, UPDATING and DELETING for ``transition_milliseconds``. It keeps nothing. Raises
    NotOffered when node or the package is absent.
    """
    node = shutil.which("node")
    package = folder or find_dynalite()
    if node is None or package is None:
        missing = "node" if node is None else "the npm package dynalite"
        raise NotOffered(
            f"The engine dynalite cannot run: {missing} is not installed.",
            hint="npm install dynalite, or name its folder in DYNASMITH_DYNALITE",
        )
    command = [node, "-e", _DYNALITE, str(package), str(port), str(transition_milliseconds)]
    return _begin("dynalite", command, log, seconds_max=START_SECONDS_MAX)


def find_dynalite() -> Path | None:
    """The folder of the npm package: the variable DYNASMITH_DYNALITE, ./node_modules, or beside the command on PATH."""
    named = os.environ.get("DYNASMITH_DYNALITE")
    command = shutil.which("dynalite")
    places = [
        Path(named) if named else None,
        Path.cwd() / "node_modules" / "dynalite",
        Path(command).resolve().parent if command else None,
    ]
    return next((place for place in places if place is not None and (place / "package.json").is_file()), None)


def require(*modules: str) -> None:
    """Raise NotOffered, with the command that mends it, when a module of the extra ``local`` is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise NotOffered(
                f"The embedded engine is not installed here ({module} is missing).",
                hint='python -m pip install "dynasmith[local]"',
            )


def failed(name: str, message: Message, log: Path) -> Unreachable:
    """The error for an engine that said why it cannot run, or that ended without a word."""
    said = str(message.get("message", "")) or f"The engine {name} ended before it was ready."
    return Unreachable(said, hint=str(message.get("hint", "")) or f"its log says why: {log}")


def _ours(*arguments: object) -> list[str]:
    name, port, *more = (str(argument) for argument in arguments)
    return [sys.executable, "-m", "dynasmith.local.child", name, "--port", port, *more]


def _begin(name: str, command: Sequence[str], log: Path | None, *, seconds_max: float) -> Engine:
    own_log = log is None
    if log is None:
        handle, path = tempfile.mkstemp(prefix=f"dynasmith-{name}-", suffix=".log")
        os.close(handle)
        log = Path(path)
    with log.open("ab") as written:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=written,
            env=clean_environment({"PYTHONUNBUFFERED": "1"}),
            **own_group_arguments(detached=False),
        )
    assert process.stdout is not None
    message: Message = {}
    try:
        for message in messages(process.stdout, quiet_seconds_max=seconds_max):
            if message.get("event") in ("ready", "failed"):
                break
        if message.get("event") != "ready":
            raise failed(name, message, log)
        engine = Engine(name, process, int(message["port"]), log, own_log=own_log)
        wait_until_answers(engine.endpoint, seconds_max=seconds_max, still_there=engine.is_running)
    except BaseException:
        process.kill()
        Engine(name, process, 0, log, own_log=False).stop()
        raise
    return engine
