"""The wiring: settings become concrete objects, and `Project` is the one that every door holds."""

from dynasmith.project.project import Project, connect, world_of

__all__ = ["Project", "connect", "world_of"]
