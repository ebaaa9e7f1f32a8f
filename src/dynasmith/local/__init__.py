"""Engines on this machine: children for tests and the demo, and the kept one behind ``dynasmith local``."""

from dynasmith.local.engines import Engine, find_dynalite, start_dynalite, start_ministack, start_moto
from dynasmith.local.kept import PORT, default_folder, start, status, stop
from dynasmith.local.kept_values import Running, Status, Stopped

__all__ = [
    "PORT",
    "Engine",
    "Running",
    "Status",
    "Stopped",
    "default_folder",
    "find_dynalite",
    "start",
    "start_dynalite",
    "start_ministack",
    "start_moto",
    "status",
    "stop",
]
