"""Where ``--redact`` is on by itself: a verb whose output may repeat items, of a protected environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from dynasmith.errors import DynasmithError
from dynasmith.jobs.job import Job
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import UnreadableSpec, sides_of
from dynasmith.project.project import world_of
from dynasmith.project.verbs.protected_sides import protected_name

if TYPE_CHECKING:
    from dynasmith.project.project import Project

AUTOMATIC: Final = frozenset(
    {
        *("apply", "backfill", "backup restore", "check", "console", "copy", "create", "delete-items", "ensure"),
        *("erase", "export", "plan", "refresh", "report", "retire", "validate", "verify"),
        *("jobs cancel", "jobs list", "jobs resume", "jobs show", "jobs undo", "jobs wait"),
        *("migrate all", "migrate down", "migrate repeat", "migrate reset", "migrate rollback", "migrate run"),
        *("migrate show", "migrate to", "migrate up", "migrate verify"),
    }
)
"""The verbs. ``get``, ``query``, ``scan``, ``put`` and ``delete-item`` show the items that they are asked for, as do
the pages of items of ``console``, ``lambda logs`` what a function wrote, and ``populate`` items of a file: they hide it
with ``--redact`` only."""
_PARTS: Final = ("env", "endpoint", "region", "profile", "role_arn")


def protecting(project: Project, verb: str, given: Mapping[str, Any]) -> str:
    """The protected environment that a verb with these parameters reads or writes; empty where there is none."""
    if verb not in AUTOMATIC:
        return ""
    world = world_of(project)
    if verb == "refresh":  # which environment is read stands in a recipe
        return next((place.name for place in world.settings.protected_places), "")
    sides = [*_sides(given)]
    if verb.startswith("jobs ") and isinstance(job := given.get("job"), str):
        try:
            return protecting_job(project, project.jobs.show(project.jobs.find(job)))
        except DynasmithError:  # the verb itself says that there is no such job
            pass
    return protected_name(world, sides)


def protecting_job(project: Project, job: Job) -> str:
    """The same of a job."""
    sides = () if isinstance(job.spec, UnreadableSpec) else sides_of(job.spec).values()
    return protected_name(world_of(project), [Side(table=""), *sides])


def _sides(given: Mapping[str, Any]) -> Iterator[Side]:
    """The tables of a command, where it is and on its other sides."""
    several = given.get("tables") or ()
    names = [name for each in ("table", "source", "target") if isinstance(name := given.get(each), str)]
    names += [name for name in several if isinstance(name, str)]
    yield from (Side(table=name) for name in ["", *names])
    for side in ("source", "target"):
        parts = {part: value for part in _PARTS if (value := given.get(f"{side}_{part}"))}
        if parts:
            name = given.get(side) or given.get("table") or ""
            yield Side(table=name if isinstance(name, str) else "", **parts)
