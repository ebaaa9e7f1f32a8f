"""Whether what a verb reads or writes is in a protected environment, so that its output shows no values by itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from dynasmith.errors import DynasmithError
from dynasmith.jobs.side import Side
from dynasmith.project.protection import protected_environments
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.world import World


def protected_name(world: World, sides: Iterable[Side]) -> str:
    """The first protected environment that one of these sides is in; empty where none is. A side whose environment
    cannot be looked at counts as protected, under the name that it is given.

    No call, but where an environment is known by its account.
    """
    items = ItemWorld(world)
    for side in sides:
        try:
            at = items.at(side)
            names = [at.physical(side.table)] if side.table else []
            found = protected_environments(at.settings, at.session.access, names, partial(_account, at))
        except DynasmithError:
            return side.env or world.settings.environment
        if found:
            return found[0]
    return ""


def _account(at: World) -> str:
    return at.where.account
