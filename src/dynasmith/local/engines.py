"""Engines as child processes of this one: begun on a free port, ready when returned, ended with their maker.

For tests, for the demo, for anything that needs DynamoDB for a while. The engine that a person keeps between runs is
``dynasmith.local.persistent_engine``.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from dynasmith.errors import NotOffered, Unreachable
from dynasmith.local.child_messages import EngineEnded, EngineFailed, EngineReady, Say, messages, silent
from dynasmith.local.processes import clean_environment, own_group_arguments
from dynasmith.local.readiness import HOST, wait_until_answers
from dynasmith.local.recorder import JOURNAL_BYTES_MAX

SILENT_SECONDS_MAX = 300.0
"""How long an engine may say nothing while it starts or stops, a few times what it needs on a slow machine: 0.3 to
1.2 s were measured for one without state, 1.2 s for saving 20,000 items of 1 KB."""


class Engine:
    """One running engine: ``endpoint``, ``port``, ``pid``, ``name``, ``log`` (a file). ``with`` or ``stop`` ends it."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path, *, own_log: bool) -> None:
        assert process.stdout is not None
        self.name = name
        self.port = 0
        self.pid = process.pid
        self.log = log
        self._process = process
        self._own_log = own_log
        self._said = messages(process.stdout, quiet_seconds_max=SILENT_SECONDS_MAX)

    @property
    def endpoint(self) -> str:
        """Its address, for boto3's ``endpoint_url``."""
        return f"http://{HOST}:{self.port}"

    def is_running(self) -> bool:
        """Whether its process still runs."""
        return self._process.poll() is None

    def await_ready(self, listener: Say = silent) -> None:
        """Return once it listens; what it says meanwhile goes to ``listener``. Raises Unreachable when it will not."""
        try:
            for message in self._said:
                listener(message)
                if isinstance(message, EngineReady):
                    self.port = message.port
                    return
                if isinstance(message, EngineFailed):
                    raise Unreachable(message.message, hint=message.hint)
        except TimeoutError as error:
            raise Unreachable(
                f"The engine {self.name} said nothing for {SILENT_SECONDS_MAX:.0f} s.", hint=f"its log: {self.log}"
            ) from error
        raise Unreachable(f"The engine {self.name} ended before it was ready.", hint=f"its log says why: {self.log}")

    def stop(self, listener: Say = silent) -> bool:
        """End it and wait until it is gone; True when it ended by itself and saved what it was to keep.

        One with a state folder saves first and says so to ``listener``. One that says nothing for SILENT_SECONDS_MAX
        is ended hard, and what it had not saved is in its journal. Calling it twice is allowed.
        """
        clean = True
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            for message in self._said:
                listener(message)
                clean = message.clean if isinstance(message, EngineEnded) else clean
            self._process.wait(timeout=SILENT_SECONDS_MAX)
        except (TimeoutError, subprocess.TimeoutExpired):
            clean = False
            self._end_hard()
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self._own_log:
            self.log.unlink(missing_ok=True)
        return clean and self._process.returncode == 0

    def kill(self) -> None:
        """End it hard and at once, as a crash would: nothing is saved."""
        self._end_hard()
        self.stop()

    def keep_log(self) -> None:
        """Leave the log in its place when the engine is stopped."""
        self._own_log = False

    def _end_hard(self) -> None:
        """End it and what it began (functions run as processes of its group)."""
        if sys.platform == "win32" or self._process.poll() is not None:
            self._process.kill()
        else:
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_ministack(
    port: int = 0,
    *,
    state_folder: Path | None = None,
    journal_bytes_max: int = JOURNAL_BYTES_MAX,
    log: Path | None = None,
    listener: Say = silent,
) -> Engine:
    """Start ministack on loopback (``port`` 0: any free one) and return once DynamoDB answers; 0.5 to 1 s.

    With ``state_folder`` what it holds is kept there: each write in a journal before it is answered, everything when
    it is stopped or the journal is longer than ``journal_bytes_max``. Raises NotOffered when the extra ``local`` is not
    installed, RunError when the port is taken, Unreachable when it ends or does not answer.
    """
    require("ministack")
    limit = ["--journal-bytes-max", str(journal_bytes_max)]
    folder = [] if state_folder is None else ["--folder", str(state_folder), *limit]
    return _begin("ministack", _ours("ministack", port, *folder), log, listener)


def start_moto(
    port: int = 0, *, state_folder: Path | None = None, log: Path | None = None, listener: Say = silent
) -> Engine:
    """Start moto's server on loopback and return once DynamoDB answers; 1 to 2 s.

    It keeps nothing, but Application Auto Scaling with a ``state_folder``. Raises as ``start_ministack`` does.
    """
    require("moto", "flask", "flask_cors")
    folder = [] if state_folder is None else ["--folder", str(state_folder)]
    return _begin("moto", _ours("moto", port, *folder), log, listener)


_DYNALITE = """
const [folder, port, ms] = process.argv.slice(1);
const server = require(folder)({createTableMs: +ms, updateTableMs: +ms, deleteTableMs: +ms});
server.listen(+port, '127.0.0.1', () => console.log(JSON.stringify({event: 'ready', port: server.address().port})));
server.on('error', (error) => {
  console.log(JSON.stringify({event: "failed", message: "dynalite cannot listen: " + error.message, hint: ""}));
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
    return _begin("dynalite", command, log)


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
    """Raise NotOffered, with the command that fixes it, when a module of the extra ``local`` is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise NotOffered(
                f"The embedded engine is not installed here ({module} is missing).",
                hint='python -m pip install "dynasmith[local]"',
            )


def _ours(*arguments: object) -> list[str]:
    name, port, *more = (str(argument) for argument in arguments)
    return [sys.executable, "-m", "dynasmith.local.child", name, "--port", port, *more]


def _begin(name: str, command: Sequence[str], log: Path | None, listener: Say = silent) -> Engine:
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
    engine = Engine(name, process, log, own_log=own_log)
    try:
        engine.await_ready(listener)
        wait_until_answers(engine.endpoint, seconds_max=SILENT_SECONDS_MAX, still_there=engine.is_running)
    except BaseException:
        engine.keep_log()
        engine.kill()
        raise
    return engine
