"""The items of ``populate --generate``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.cli.shared_options import Invocation
from dynasmith.errors import DefinitionError, UsageError
from dynasmith.items.sample_items import sample_items
from dynasmith.jobs.side import Side


def generated_items(invocation: Invocation, target: str | Side, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """``count`` items for the live table, with its TTL attribute where a definition names it. One call."""
    side = Side(table=target) if isinstance(target, str) else target
    world = invocation.world().elsewhere(side)
    name = world.name_of(side.table)
    live = world.control.describe(name, ()).table
    try:
        defined = world.definitions.table(name)
    except DefinitionError:
        raise
    except UsageError:  # nothing is defined
        defined = None
    live = replace(live, time_to_live=UNSET if defined is None else defined.time_to_live)
    return sample_items(live, count, seed=seed, now_seconds=int(world.clock.now().timestamp()))
