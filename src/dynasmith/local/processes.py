"""Child processes: how one is begun, known again, and ended without ever ending a stranger."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dynasmith.errors import RunError
from dynasmith.ports.proxies import without_proxies

_AWS_PREFIX = "AWS_"


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without anything of AWS's and without proxies, plus ``extra``.

    An engine on loopback, and the functions that it runs, must never hold somebody's real credentials, nor send
    through a proxy what stays on this machine.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_AWS_PREFIX)}
    return {**without_proxies(kept), **extra}


def own_group_arguments(*, detached: bool) -> dict[str, Any]:
    """Arguments for Popen that give the child a process group of its own.

    So a Ctrl-C at this terminal does not reach it. ``detached``: it also survives the terminal.
    """
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags | (subprocess.DETACHED_PROCESS if detached else 0)}
    return {"start_new_session": True}


def birth(pid: int) -> str | None:
    """When the process ``pid`` began, in the system's own words, or None when there is no such process.

    A pid is used again after its process ended; pid and birth together name one process. Linux: clock ticks since
    boot, from ``/proc``. macOS and other Unixes: what ``ps`` prints, to the second. Windows: the creation time.
    """
    if sys.platform == "win32":
        return _birth_on_windows(pid)
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        # After the name in brackets: state is the first field, the start time the twentieth (proc(5), field 22).
        return None if fields[0] in "ZX" else fields[19]
    shown = subprocess.run(["ps", "-o", "lstart=,state=", "-p", str(pid)], capture_output=True, text=True, check=False)
    words = shown.stdout.split()
    return None if shown.returncode or not words or words[-1].startswith("Z") else " ".join(words[:-1])


def is_alive(pid: int, born: str) -> bool:
    """Whether the very process that was born then still runs."""
    return birth(pid) == born


def end(pid: int, born: str, *, hard: bool = False) -> bool:
    """Ask the process to end (``hard``: end it, unsaved); False when it is gone or is another one by now.

    Raises RunError when the system does not allow it.
    """
    if not is_alive(pid, born):
        return False
    kind = signal.SIGTERM if not hard or sys.platform == "win32" else signal.SIGKILL
    try:
        os.kill(pid, kind)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise RunError(
            f"Process {pid} belongs to another user and cannot be ended.", hint="run the command as that user"
        ) from error
    return True


def _birth_on_windows(pid: int) -> str | None:
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - the attribute exists on Windows only
    query_limited_information, still_active = 0x1000, 259
    handle = kernel.OpenProcess(query_limited_information, False, pid)
    if not handle:
        return None
    try:
        code = ctypes.c_ulong()
        times = [ctypes.c_ulonglong() for _ in range(4)]
        if not kernel.GetExitCodeProcess(handle, ctypes.byref(code)) or code.value != still_active:
            return None
        kernel.GetProcessTimes(handle, *(ctypes.byref(time) for time in times))
        return str(times[0].value)
    finally:
        kernel.CloseHandle(handle)
