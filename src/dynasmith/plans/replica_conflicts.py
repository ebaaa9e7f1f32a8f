"""What the replicas of a table forbid, and what the table forbids its replicas: known before the first call. Pure."""

from collections.abc import Iterator, Sequence

from msgspec import UnsetType

from dynasmith.plans.capacity import owned_by_autoscaling
from dynasmith.plans.change import AddReplica, Change, Conflict, DropReplica
from dynasmith.plans.diff import billing_of
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Billing, Consistency, StreamView, Table, known


def replica_conflicts(
    changes: Sequence[Change], desired: Table, description: TableDescription | None
) -> tuple[Conflict, ...]:
    """Replicas that the service would refuse for what the live table is and its definition does not change."""
    added = [change.replica.region for change in changes if isinstance(change, AddReplica)]
    dropped = [change.replica.region for change in changes if isinstance(change, DropReplica)]
    if description is None or description.global_tables_2017 or not (added or dropped):
        return ()
    live = description.table
    if live.consistency is Consistency.STRONG and known(live.replicas, ()):
        return tuple(_fixed_regions(live, added, dropped))
    if not added:
        return ()
    if desired.consistency is Consistency.STRONG:
        return tuple(_becoming_strong(description))
    return tuple(_becoming_replicated(desired, live, added))


def _conflict(before: str, after: str, reason: str, way_out: str) -> Conflict:
    return Conflict(path="replicas", before=before, after=after, reason=reason, way_out=way_out)


def _fixed_regions(live: Table, added: Sequence[str], dropped: Sequence[str]) -> Iterator[Conflict]:
    there = [replica.region for replica in known(live.replicas, ())]
    staying = [region for region in there if region not in dropped]
    if added or staying:
        yield _conflict(
            ", ".join(there),
            ", ".join((*staying, *added)),
            "the Regions of a table with strong consistency are chosen once, and its replicas go only all together",
            "keep the replicas that it has, or remove all of them (replicas: [] with --prune) and begin again",
        )


def _becoming_strong(description: TableDescription) -> Iterator[Conflict]:
    live = description.table
    if description.item_count_estimate:
        count = description.item_count_estimate
        yield _conflict(
            f"about {count:,} items",
            "STRONG",
            "only an empty table can get replicas with strong consistency",
            "make a new table with them and copy the items into it, or set multi_region_consistency: EVENTUAL",
        )
    for what, there, way_out in (
        ("time to live", known(live.time_to_live, None), "turn it off first"),
        ("local indexes", live.local_indexes, "make a new table without them"),
    ):
        if not isinstance(there, UnsetType) and there:
            reason = f"a table with {what} cannot have replicas with strong consistency"
            yield _conflict(what, "STRONG", reason, f"{way_out}, or set multi_region_consistency: EVENTUAL")


def _becoming_replicated(desired: Table, live: Table, added: Sequence[str]) -> Iterator[Conflict]:
    regions = ", ".join(added)
    if desired.stream is not StreamView.NEW_AND_OLD_IMAGES and live.stream is not StreamView.NEW_AND_OLD_IMAGES:
        yield _conflict(
            f"stream {known(live.stream, None) or 'off'}",
            regions,
            "replicas need a stream with both images",
            "add stream: {view_type: NEW_AND_OLD_IMAGES} to the definition",
        )
    billing = known(desired.billing, billing_of(live))
    if billing is Billing.PROVISIONED and not owned_by_autoscaling(desired, live, "write"):
        yield _conflict(
            Billing.PROVISIONED,
            regions,
            "replicas need on-demand billing or autoscaled writes",
            "set billing_mode: PAY_PER_REQUEST, or add autoscaling: {write: {min: ..., max: ...}}",
        )
