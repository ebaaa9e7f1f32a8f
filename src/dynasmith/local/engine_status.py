"""What `start`, `stop` and `status` of the kept engine answer."""

from pathlib import Path

from msgspec import Struct

from dynasmith.local.record import ClockName


class EngineRunning(Struct, frozen=True, kw_only=True):
    """An engine that answers at ``endpoint``.

    ``began``: this call started it (False: it ran already). ``last_stop_clean`` False: the run before was killed;
    ``repeated_calls`` writes since the last save were then made again, ``refused_calls`` of them in vain.
    """

    endpoint: str
    port: int
    pid: int
    folder: Path
    log: Path
    strict: bool
    clock: ClockName
    began: bool
    last_stop_clean: bool = True
    repeated_calls: int = 0
    refused_calls: int = 0


class EngineStopped(Struct, frozen=True, kw_only=True):
    """The engine of ``folder`` does not run. ``was_running``: it did; ``clean``: everything was saved."""

    port: int
    folder: Path
    was_running: bool
    clean: bool
    not_saved: tuple[str, ...] = ()
    seconds: float = 0.0


class EngineStatus(Struct, frozen=True, kw_only=True):
    """What is known of the engine of ``folder``. ``last_stop_clean`` None: it runs, or never ran.

    ``port_in_use``: the port is taken, and not by this engine; ``port_folder`` is the folder of the engine of this user
    that has it, where it is one. Sizes are bytes on disk.
    """

    running: bool
    endpoint: str
    port: int
    folder: Path
    pid: int | None
    started_at: str | None
    strict: bool
    clock: ClockName
    log: Path | None
    last_stop_clean: bool | None
    saved_bytes: int
    journal_bytes: int
    port_in_use: bool
    port_folder: Path | None
