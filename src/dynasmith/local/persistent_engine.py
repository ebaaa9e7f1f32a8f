"""The engine that a person keeps: ``dynasmith local start | stop | status``.

It is a process of its own that survives the command, keeps its tables and items in a folder between runs, and is found
again by the record in that folder.
"""

import secrets
import subprocess
import sys
import time
from pathlib import Path

from dynasmith.errors import Unreachable, UsageError, WaitTimeout
from dynasmith.local import state
from dynasmith.local.child_messages import EngineFailed, EngineNotSaved, EngineReady, ReplayDone, Say, messages, silent
from dynasmith.local.control import ask_to_stop
from dynasmith.local.engine_status import EngineRunning, EngineStatus, EngineStopped
from dynasmith.local.engines import SILENT_SECONDS_MAX, require
from dynasmith.local.lock import FileLock
from dynasmith.local.log import LOG_NAME
from dynasmith.local.processes import clean_environment, end, own_group_arguments
from dynasmith.local.readiness import HOST, is_free, port_of_engine, port_taken, wait_until_answers
from dynasmith.local.record import ClockName, Record, folder_of_port, read_record

PORT = 8000
"""The port of the embedded engine where nothing else is said: DynamoDB Local's own."""

START_LOCK_SECONDS_MAX = 120.0
"""How long a second ``start`` waits for the first to be ready."""

_POLL_SECONDS = 0.05
# The processes that this one began and that live on: kept, so that they are reaped when they end while we still run.
_begun: dict[int, "subprocess.Popen[bytes]"] = {}


def default_folder(port: int = PORT, project: Path = Path()) -> Path:
    """Where the engine of that port keeps its things: ``.dynasmith/local/<port>`` beside the project file."""
    return project.absolute() / ".dynasmith" / "local" / str(port)


def start(
    port: int = PORT,
    *,
    folder: Path | None = None,
    strict: bool = False,
    clock: ClockName = "real",
    rules: Path | None = None,
    listener: Say = silent,
) -> EngineRunning:
    """Start the kept engine on loopback and return once DynamoDB answers; find it when it runs already.

    ``folder`` (default: ``default_folder(port)``) holds its tables; ``port`` 0 takes a free one and needs a folder.
    ``strict`` puts the strict endpoint in front, with its ``clock`` and ``rules``. ``listener`` hears what it waits
    for. Two starts at once: one starts it, the other finds it. Interrupted halfway, the engine goes on by itself and
    the next start finds it. Errors: NotOffered (the extra ``local`` is not installed), RunError (another program or
    the engine of another folder has the port), UsageError (it runs, but not as asked), Unreachable (it cannot start:
    its log).
    """
    require("ministack", *(("moto", "flask", "flask_cors") if strict else ()))
    if strict:
        from dynasmith.local.front import rules_off

        rules_off(rules)  # a mistake in it is said here, before anything is begun
    if folder is None:
        if port == 0:
            raise UsageError("An engine on any free port needs a folder of its own.", hint="give folder= as well")
        folder = default_folder(port)
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with FileLock(folder / "start.lock", wait_seconds_max=START_LOCK_SECONDS_MAX):
            return _start_locked(port, folder, strict, clock, rules, listener)
    except TimeoutError as error:
        raise WaitTimeout(
            f"Another start of the engine in {folder} has not finished within {START_LOCK_SECONDS_MAX:.0f} s.",
            hint="dynasmith local status says how far it is",
        ) from error


def stop(port: int = PORT, *, folder: Path | None = None, listener: Say = silent) -> EngineStopped:
    """Stop the kept engine and return once it has saved and its process is gone; nothing when it does not run.

    Ends only the process that ``start`` began: found by its folder, known by its token, or by pid and birth. A
    stranger on the port is left alone. ``listener`` hears what is waited for. Raises WaitTimeout when nothing was
    heard of it for five minutes: it goes on by itself, and calling again waits again. Interrupted halfway, too.
    """
    folder = (folder or default_folder(port)).absolute()
    record = read_record(folder)
    if record is None or not record.is_alive:
        clean = record is None or record.state == "stopped"
        return EngineStopped(port=record.port if record else port, folder=folder, was_running=False, clean=clean)
    began = time.monotonic()
    not_saved: list[str] = []

    def hear(message: object) -> None:
        if isinstance(message, EngineNotSaved):
            not_saved.append(message.sentence)

    try:
        for message in ask_to_stop(record.control_port, record.token, quiet_seconds_max=SILENT_SECONDS_MAX):
            hear(message)
            listener(message)
    except TimeoutError as error:
        raise _still_stopping(record) from error
    except OSError:
        end(record.pid, record.birth)  # its door is closed: it is stopping already, or hangs and must be told
    _wait_until_gone(record)
    last = read_record(folder)
    return EngineStopped(
        port=record.port,
        folder=folder,
        was_running=True,
        clean=last is not None and last.state == "stopped",
        not_saved=tuple(not_saved),
        seconds=time.monotonic() - began,
    )


def status(port: int = PORT, *, folder: Path | None = None) -> EngineStatus:
    """What is known of the engine of that folder; reads files and looks at one process, changes nothing."""
    folder = (folder or default_folder(port)).absolute()
    record = read_record(folder)
    running = record is not None and record.is_alive
    port = port if record is None else record.port
    in_use = not running and port != 0 and not is_free(port)
    journals = [state.journal_file(folder, number) for number in state.journal_numbers(folder)]
    return EngineStatus(
        running=running,
        endpoint=f"http://{HOST}:{port}",
        port=port,
        folder=folder,
        pid=record.pid if record is not None and running else None,
        started_at=record.started_at if record is not None and running else None,
        strict=record is not None and record.strict,
        clock="real" if record is None else record.clock,
        log=None if record is None else Path(record.log),
        last_stop_clean=None if record is None or running else record.state == "stopped",
        saved_bytes=state.size_bytes(folder),
        journal_bytes=sum(path.stat().st_size for path in journals),
        port_in_use=in_use,
        port_folder=folder_of_port(port) if in_use else None,
    )


def _start_locked(
    port: int, folder: Path, strict: bool, clock: ClockName, rules: Path | None, listener: Say
) -> EngineRunning:
    before = read_record(folder)
    if before is not None and before.is_alive:
        try:
            if before.state != "stopping":
                return _found(before, folder, port, strict=strict, clock=clock, rules=rules)
            _wait_until_gone(before)
        except Unreachable:
            if before.is_alive:
                raise
        before = read_record(folder)  # it ended while we looked: it is begun anew
    if port and not is_free(port):
        other = folder_of_port(port)
        raise port_taken(port) if other is None else port_of_engine(port, other)
    log = folder / LOG_NAME
    arguments = ["--port", str(port), "--folder", str(folder), "--log", str(log), "--clock", clock]
    arguments += ["--strict"] if strict else []
    arguments += ["--rules", str(rules.absolute())] if rules else []
    return _begin(arguments, folder, log, listener, last_stop_clean=before is None or before.state == "stopped")


def _begin(arguments: list[str], folder: Path, log: Path, listener: Say, *, last_stop_clean: bool) -> EngineRunning:
    with log.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "dynasmith.local.supervisor", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=written,
            env=clean_environment({"PYTHONUNBUFFERED": "1"}),
            **own_group_arguments(detached=True),
        )
    _begun[process.pid] = process
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        process.stdin.write(secrets.token_hex(16).encode() + b"\n")
        process.stdin.close()
        port, repeated = _hear_until_ready(process, log, listener)
    record = read_record(folder)
    if record is None:
        raise Unreachable(f"The engine in {folder} left no record.", hint=f"its log says why: {log}")
    endpoint = f"http://{HOST}:{port}"
    wait_until_answers(endpoint, seconds_max=SILENT_SECONDS_MAX, still_there=lambda: record.is_alive)
    return EngineRunning(
        endpoint=endpoint,
        port=port,
        pid=record.pid,
        folder=folder,
        log=log,
        strict=record.strict,
        clock=record.clock,
        began=True,
        last_stop_clean=last_stop_clean,
        repeated_calls=repeated.calls,
        refused_calls=repeated.refused,
    )


def _hear_until_ready(process: "subprocess.Popen[bytes]", log: Path, listener: Say) -> tuple[int, ReplayDone]:
    assert process.stdout is not None
    repeated = ReplayDone(calls=0, refused=0)
    port = None
    try:
        # To the end, not to Ready: it closes its side then, and a pipe that a thread reads cannot be closed from here.
        for message in messages(process.stdout, quiet_seconds_max=SILENT_SECONDS_MAX):
            listener(message)
            match message:
                case EngineReady():
                    port = message.port
                case ReplayDone():
                    repeated = message
                case EngineFailed():
                    process.wait()
                    raise Unreachable(message.message, hint=message.hint)
                case _:
                    pass
    except TimeoutError as error:
        raise WaitTimeout(
            f"The engine said nothing for {SILENT_SECONDS_MAX:.0f} s; it goes on by itself.",
            hint=f"dynasmith local status; its log: {log}",
        ) from error
    if port is not None:
        return port, repeated
    process.wait()
    raise Unreachable("The engine ended before it was ready.", hint=f"its log says why: {log}")


def _found(
    record: Record, folder: Path, port: int, *, strict: bool, clock: ClockName, rules: Path | None
) -> EngineRunning:
    asked: dict[str, object] = {"port": port or record.port, "strict": strict}
    has: dict[str, object] = {"port": record.port, "strict": record.strict}
    if strict:
        asked |= {"clock": clock, "rules": str(rules.absolute()) if rules else ""}
        has |= {"clock": record.clock, "rules": record.rules}
    differing = [name for name in asked if asked[name] != has[name]]
    if differing:
        said = ", ".join(f"{name} {has[name] or 'none'}" for name in differing)
        raise UsageError(
            f"The engine of {folder} runs already, with {said}.",
            hint=f"dynasmith local stop --port {record.port}, then start it as wanted",
        )
    endpoint = f"http://{HOST}:{record.port}"
    wait_until_answers(endpoint, seconds_max=START_LOCK_SECONDS_MAX, still_there=lambda: record.is_alive)
    return EngineRunning(
        endpoint=endpoint,
        port=record.port,
        pid=record.pid,
        folder=folder,
        log=Path(record.log),
        strict=record.strict,
        clock=record.clock,
        began=False,
    )


def _wait_until_gone(record: Record) -> None:
    process = _begun.pop(record.pid, None)
    deadline = time.monotonic() + SILENT_SECONDS_MAX
    while record.is_alive:
        if process is not None:
            process.poll()
        if time.monotonic() > deadline:
            raise _still_stopping(record)
        time.sleep(_POLL_SECONDS)
    if process is not None:
        process.wait()


def _still_stopping(record: Record) -> WaitTimeout:
    return WaitTimeout(
        f"The engine on port {record.port} (process {record.pid}) has not stopped yet; it goes on by itself.",
        hint=f"dynasmith local stop --port {record.port} waits again; its log: {record.log}",
    )
