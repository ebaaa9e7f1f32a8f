"""The jobs of a project's ledger, and which of them a text means."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dynasmith.jobs.choice import chosen, is_whole_id
from dynasmith.jobs.job import Job
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.world import World


class JobLookup:
    """What `Jobs` stands on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._items = ItemWorld(world)

    @checked()
    def list(self, *, unreadable: Callable[[str], None] | None = None) -> Sequence[Job]:
        """Every job of the ledger, oldest first. ``unreadable`` is told of each that is left out, being damaged.

        Raises UsageError where ``unreadable`` is not a function.
        """
        return self._items.ledger.jobs(unreadable)

    @checked()
    def find(self, job: str) -> str:
        """The id of the job that is meant: an id, the beginning of one, or ``last`` for the one that began last.

        Raises JobNotFound where there is none, UsageError where several begin so. A whole id is not looked for.
        """
        return job if is_whole_id(job) else chosen(job, self.list())
