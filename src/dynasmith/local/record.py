"""What is known of a kept engine from outside: one small file in its folder, written by the engine itself."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from dynasmith.errors import RunError
from dynasmith.local.processes import is_alive

ClockName = Literal["real", "fast"]


class Record(Struct, frozen=True, kw_only=True):
    """``pid`` and ``birth`` name its process; ``state`` is what it said last. Any state but stopped, with the process
    gone, means that the last stop was not clean."""

    format: Literal[1] = 1
    state: Literal["starting", "running", "stopping", "stopped"]
    pid: int
    birth: str
    token: str
    port: int
    control_port: int
    strict: bool
    clock: ClockName
    rules: str
    started_at: str
    log: str

    @property
    def is_alive(self) -> bool:
        """Whether its process still runs."""
        return is_alive(self.pid, self.birth)


def record_file(folder: Path) -> Path:
    """Where the record of the engine of that folder lies."""
    return folder / "engine.json"


def read_record(folder: Path) -> Record | None:
    """The record of the folder's engine, None when none was ever begun there.

    Raises RunError when the file is not one of ours: nothing is started over it, and nothing is ended because of it.
    """
    try:
        text = record_file(folder).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(text, type=Record)
    except msgspec.DecodeError as error:
        raise RunError(
            f"{record_file(folder)} is not the record of an engine: {error}.",
            hint="move it aside if no engine of this folder runs",
        ) from error


def write_record(folder: Path, record: Record) -> None:
    """Put the record in place in one step; only its owner may read it, for it holds the token."""
    new = record_file(folder).with_suffix(".new")
    opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(msgspec.json.encode(record))
    os.replace(new, record_file(folder))
    pointer = _pointer(record.port)
    with suppress(OSError):  # it only helps to find the engine from another folder
        pointer.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        pointer.write_text(str(folder.absolute()), encoding="utf-8")


def folder_of_port(port: int) -> Path | None:
    """The folder of the kept engine that this user runs on a port; None where no such engine is known. No call."""
    try:
        folder = Path(_pointer(port).read_text(encoding="utf-8"))
        record = read_record(folder)
    except (OSError, ValueError, RunError):
        return None
    return folder if record is not None and record.port == port and record.is_alive else None


def _pointer(port: int) -> Path:
    """Where the engine of a port says which folder it is of."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    return Path(tempfile.gettempdir()) / f"dynasmith-{user}" / "ports" / str(port)
