"""Engines on this machine: children for tests and the demo, and the kept one behind ``dynasmith local``."""

from dynasmith.local.engines import Engine, find_dynalite, start_dynalite, start_ministack, start_moto

__all__ = ["Engine", "find_dynalite", "start_dynalite", "start_ministack", "start_moto"]
