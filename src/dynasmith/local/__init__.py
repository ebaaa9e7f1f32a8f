"""Engines on this machine: children for tests and the demo, and the kept one behind ``dynasmith local``."""

from dynasmith.local.engine_status import EngineRunning, EngineStatus, EngineStopped
from dynasmith.local.engines import Engine, find_dynalite, start_dynalite, start_ministack, start_moto
from dynasmith.local.log import log_lines
from dynasmith.local.persistent_engine import PORT, default_folder, start, status, stop
from dynasmith.local.record import folder_of_port

__all__ = [
    "PORT",
    "Engine",
    "EngineRunning",
    "EngineStatus",
    "EngineStopped",
    "default_folder",
    "find_dynalite",
    "folder_of_port",
    "log_lines",
    "start",
    "start_dynalite",
    "start_ministack",
    "start_moto",
    "status",
    "stop",
]
