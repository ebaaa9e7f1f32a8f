"""Facts that a verdict needs and only the items know: would TTL on this attribute delete some of them?"""

from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.errors import DynasmithError
from dynasmith.items.expiry import has_expired
from dynasmith.plans.change import Change
from dynasmith.ports.clock import Clock
from dynasmith.ports.tables import Items
from dynasmith.tables.settings.base import Facts
from dynasmith.tables.settings.time_to_live import SetTimeToLive

SAMPLE_ITEMS = 100


def look_up(table: str, changes: Sequence[Change], items: Items, clock: Clock) -> Facts:
    """Samples up to 100 items where TTL is about to be turned on for a table that exists; one read of a page."""
    wanted = [change.after for change in changes if isinstance(change, SetTimeToLive) and change.after is not None]
    if not wanted:
        return Facts()
    try:
        sample = items.scan(table, limit=SAMPLE_ITEMS)
    except DynasmithError:
        # Without the right to scan nothing is known of the items, and the hazard says so: "no item was sampled".
        return Facts()
    now = int(clock.now().timestamp())
    return Facts(expired_sample=sum(_is_past(item, wanted[0], now) for item in sample), sampled=len(sample))


def _is_past(item: Mapping[str, Any], attribute: str, now: int) -> bool:
    value = item.get(attribute)
    return isinstance(value, Mapping) and isinstance(value.get("N"), str) and has_expired(value["N"], now)
