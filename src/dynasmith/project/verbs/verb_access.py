"""`VerbAccess`: the wired verbs behind the methods that move items, imported when the first one is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynasmith.project.world import World

if TYPE_CHECKING:
    from dynasmith.jobs.cluster import WorkerPlace
    from dynasmith.project.verbs.backfill import Backfills
    from dynasmith.project.verbs.item_options import Transport
    from dynasmith.project.verbs.item_world import ItemWorld
    from dynasmith.project.verbs.items import ItemFlow


class VerbAccess:
    """A world, and the verbs over it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def _flow(self, transport: Transport = "direct", on: WorkerPlace | None = None) -> ItemFlow:
        from dynasmith.project.verbs.item_world import ItemWorld
        from dynasmith.project.verbs.items import ItemFlow

        return ItemFlow(ItemWorld(self._world, transport).placed(on))

    def _job(self, job: str) -> str:
        """The id of a job that was given by the beginning of one, or ``last``."""
        from dynasmith.jobs.choice import chosen, is_whole_id
        from dynasmith.project.verbs.item_world import ItemWorld

        return job if not job or is_whole_id(job) else chosen(job, ItemWorld(self._world).ledger.jobs())

    def _item_world(self) -> ItemWorld:
        from dynasmith.project.verbs.item_world import ItemWorld

        return ItemWorld(self._world)

    def _backfills(self, on: WorkerPlace | None = None) -> Backfills:
        from dynasmith.project.verbs.backfill import Backfills
        from dynasmith.project.verbs.item_world import ItemWorld

        return Backfills(ItemWorld(self._world).placed(on))
