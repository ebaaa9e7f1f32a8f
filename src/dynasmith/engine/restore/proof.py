"""Are the items of a restored table those of the backup? As much as can be known, and no more."""

from collections.abc import Callable

from dynasmith.engine.transfer.restore_world import RestoreWorld
from dynasmith.jobs.restore_report import ItemProof
from dynasmith.jobs.spec import Restore

PROVE = "--prove compares every item with an export or a file"


def prove(spec: Restore, world: RestoreWorld, job_id: str, check: Callable[[], None]) -> ItemProof:
    """Compare each item where there is something to compare with, else count them. Before the settings are applied:
    with TTL on, the service would begin to delete expired items. Reads the whole table once."""
    check()
    if file := spec.prove or spec.file:
        return world.compare(spec, file, job_id)
    return counted(spec.expected_items, world.count(spec), has_time=spec.at is not None)


def counted(expected: int | None, found: int, *, has_time: bool) -> ItemProof:
    """What the number of items says. The service's own number is up to six hours old (API reference, ItemCount)."""
    if expected is None:
        who = "a table as it was at a time" if has_time else "this backup"
        why = f"the service does not say how many items {who} has; {PROVE}"
        return ItemProof("cannot be known", None, None, found, why)
    if found == expected:
        return ItemProof("counted", True, expected, found)
    if found == 0:
        return ItemProof("counted", False, expected, found, f"the backup has about {expected:,} items")
    why = f"the service's count of the backup is up to six hours old: it says {expected:,}, and {found:,} are there"
    return ItemProof("cannot be known", None, expected, found, f"{why}; {PROVE}")
