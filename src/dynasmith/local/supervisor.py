"""The process of a kept engine: ``python -m dynasmith.local.supervisor``, begun by ``dynasmith local start``.

Plain, it serves ministack itself. Strict, it owns two children (ministack over the folder, moto for Application Auto
Scaling) and serves the strict endpoint in front of them; they end with it, and save, however it ends.
"""

import argparse
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from dynasmith.errors import DynasmithError
from dynasmith.local.child import Speaker, stop_on_signals
from dynasmith.local.child_messages import AnyMessage, EngineEnded, EngineFailed, EngineReady
from dynasmith.local.control import EngineControl
from dynasmith.local.lock import FileLock
from dynasmith.local.ministack import serve_ministack
from dynasmith.local.processes import birth
from dynasmith.local.record import Record, record_file, write_record


class _Keeper:
    """Writes the record at each change of state and passes on what is said."""

    def __init__(self, folder: Path, record: Record, pipe: Speaker, control: EngineControl) -> None:
        self._folder = folder
        self._before = record_file(folder).read_bytes() if record_file(folder).exists() else None
        self._record = record
        self._pipe = pipe
        self._control = control
        self._lock = threading.Lock()

    def enter(self, state: str, **changes: object) -> None:
        """Write that the engine is in this state; after ``stopped`` there is no other."""
        with self._lock:
            if self._record.state != "stopped":
                self._record = msgspec.structs.replace(self._record, state=state, **changes)
                write_record(self._folder, self._record)

    def leave_as_it_was(self) -> None:
        """Put back the record of the run before: this one never ran."""
        with self._lock:
            if self._before is None:
                record_file(self._folder).unlink(missing_ok=True)
            else:
                record_file(self._folder).write_bytes(self._before)

    def say(self, message: AnyMessage) -> None:
        if isinstance(message, EngineReady):
            # In this order: who reads "ready" finds a record that says so.
            self.enter("running", port=message.port)
        self._pipe(message)
        self._control.say(message)
        if isinstance(message, EngineReady):
            self._pipe.close()


def serve(chosen: argparse.Namespace, stop: threading.Event, pipe: Speaker) -> bool:
    """Serve until ``stop`` is set; whether everything was saved. The caller holds the folder's lock."""
    folder: Path = chosen.folder
    control = EngineControl(chosen.token, stop)
    record = Record(
        state="starting",
        pid=os.getpid(),
        birth=birth(os.getpid()) or "",
        token=chosen.token,
        port=chosen.port,
        control_port=control.port,
        strict=chosen.strict,
        clock=chosen.clock,
        rules=str(chosen.rules or ""),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        log=str(chosen.log),
    )
    keeper = _Keeper(folder, record, pipe, control)
    keeper.enter("starting")
    threading.Thread(target=_note_stopping, args=(keeper, stop), daemon=True, name="dynasmith-stopping").start()
    try:
        if chosen.strict:
            # Not at the top: a plain engine needs none of it, and is ready sooner.
            from dynasmith.local.front import serve_strict

            clean = serve_strict(chosen.port, folder, chosen.clock, chosen.rules, stop, keeper.say)
        else:
            clean = serve_ministack(chosen.port, folder, stop, keeper.say)
    except DynasmithError:
        keeper.leave_as_it_was()
        raise
    if clean:
        keeper.enter("stopped")
    keeper.say(EngineEnded(clean=clean))
    control.close()
    return clean


def _note_stopping(keeper: _Keeper, stop: threading.Event) -> None:
    stop.wait()
    keeper.enter("stopping")


def main(arguments: list[str]) -> int:
    """Serve one kept engine until it is told to stop; 0 when everything was saved."""
    parser = argparse.ArgumentParser(prog="dynasmith.local.supervisor")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--clock", choices=("real", "fast"), default="real")
    parser.add_argument("--rules", type=Path)
    chosen = parser.parse_args(arguments)
    pipe = Speaker()
    # Not an argument: the arguments of a process can be read by everybody on the machine.
    chosen.token = sys.stdin.readline().strip()
    stop = threading.Event()
    stop_on_signals(stop)
    lock = FileLock(chosen.folder / "engine.lock")
    if not lock.try_now():
        pipe(
            EngineFailed(
                message=f"The folder {chosen.folder} is in use by another engine.",
                hint="stop that one, or give this one another folder",
            )
        )
        return 1
    try:
        return 0 if serve(chosen, stop, pipe) else 1
    except DynasmithError as error:
        pipe(EngineFailed(message=error.message, hint=error.hint))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
