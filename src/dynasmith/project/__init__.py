"""The wiring: settings become concrete objects, and `Project` is the one that every door holds."""

from dynasmith.project.factory import connect
from dynasmith.project.project import Project

__all__ = ["Project", "connect"]
