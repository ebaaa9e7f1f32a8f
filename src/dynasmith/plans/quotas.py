"""Quotas, held against the table that would be there, not against the definition alone: what does not fit is refused
before the first call, with what frees room. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import UNSET, UnsetType

from dynasmith.limits import Quotas
from dynasmith.plans.change import AddIndex, Change, Conflict, DropIndex, DropTags, RebuildIndex, SetTags
from dynasmith.tables.table import Index, LocalIndex, Table, known


def quota_conflicts(
    changes: Sequence[Change], desired: Table, current: Table | None, quotas: Quotas
) -> tuple[Conflict, ...]:
    """What of ``changes`` does not fit into the account's quotas, as conflicts that say what frees room."""
    found = (
        *_global_indexes(changes, desired, current, quotas),
        *_local_indexes(desired, current, quotas),
        *_projected(changes, desired, current, quotas),
        *_tags(changes, desired, current, quotas),
    )
    return tuple(found)


def indexes_after(changes: Sequence[Change], desired: Table, current: Table | None) -> tuple[Index, ...]:
    """The global indexes that the table would have once all changes are made."""
    if current is None:
        return known(desired.indexes, ())
    dropped = {change.index.name for change in changes if isinstance(change, DropIndex)}
    rebuilt = {change.after.name: change.after for change in changes if isinstance(change, RebuildIndex)}
    staying = [rebuilt.get(i.name, i) for i in known(current.indexes, ()) if i.name not in dropped]
    return (*staying, *(change.index for change in changes if isinstance(change, AddIndex)))


def projected_number(indexes: Sequence[Index | LocalIndex]) -> int:
    """How many attributes these indexes project by name, over all of them together, as the quota counts them."""
    return sum(len(index.projection.attributes) for index in indexes)


def _prunable(desired: Table, current: Table | None) -> str:
    """How room for indexes is made: by those that the definition lacks."""
    if current is None or isinstance(desired.indexes, UnsetType):
        return "remove some from the definition"
    wanted = {index.name for index in desired.indexes}
    spare = sorted(index.name for index in known(current.indexes, ()) if index.name not in wanted)
    return f"--prune first removes {_listed(spare)}, not in the definition" if spare else "remove some"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _global_indexes(
    changes: Sequence[Change], desired: Table, current: Table | None, quotas: Quotas
) -> Iterator[Conflict]:
    after = len(indexes_after(changes, desired, current))
    before = 0 if current is None else len(known(current.indexes, ()))
    if after > quotas.gsi_per_table and after > before:
        yield Conflict(
            path="global_secondary_indexes",
            before=f"{before} indexes",
            after=f"{after} indexes",
            reason=f"the quota is {quotas.gsi_per_table} global indexes a table",
            way_out=f"{_prunable(desired, current)}; or raise gsi_per_table in [limits] where the quota is higher",
        )


def _local_indexes(desired: Table, current: Table | None, quotas: Quotas) -> Iterator[Conflict]:
    number = len(known(desired.local_indexes, ()))
    if current is None and number > quotas.lsi_per_table:
        yield Conflict(
            path="local_secondary_indexes",
            before="0 indexes",
            after=f"{number} indexes",
            reason=f"the quota is {quotas.lsi_per_table} local indexes a table",
            way_out="remove some from the definition",
        )


def _projected(changes: Sequence[Change], desired: Table, current: Table | None, quotas: Quotas) -> Iterator[Conflict]:
    local = known((current or desired).local_indexes, ())
    after = projected_number((*indexes_after(changes, desired, current), *local))
    before = 0 if current is None else projected_number((*known(current.indexes, ()), *local))
    if after > quotas.projected_attributes_per_table and after > before:
        yield Conflict(
            path="global_secondary_indexes",
            before=f"{before} projected attributes",
            after=f"{after} projected attributes",
            reason=f"all indexes of a table together may name {quotas.projected_attributes_per_table} in projections",
            way_out=f"{_prunable(desired, current)}; or project ALL where most attributes are named",
        )


def _tags(changes: Sequence[Change], desired: Table, current: Table | None, quotas: Quotas) -> Iterator[Conflict]:
    there = {} if current is None else known(current.tags, {})
    if current is None:
        changes = (*changes, SetTags(before={}, after=known(desired.tags, {})))
    yield from _tags_of(changes, known(desired.tags, {}), there, quotas)
    live = {replica.region: replica for replica in (() if current is None else known(current.replicas, ()))}
    for replica in known(desired.replicas, ()):
        if replica.region in live:
            there = known(live[replica.region].tags, {})
            yield from _tags_of(changes, known(replica.tags, {}), there, quotas, replica.region)


def _tags_of(
    changes: Sequence[Change],
    desired: Mapping[str, str],
    there: Mapping[str, str],
    quotas: Quotas,
    region: str | UnsetType = UNSET,
) -> Iterator[Conflict]:
    """Of the table, or of the replica in a Region."""
    own = [each for each in changes if isinstance(each, SetTags | DropTags) and each.region == region]
    dropped = {name for change in own if isinstance(change, DropTags) for name in change.before}
    after = {name for name in there if name not in dropped}
    for change in own:
        after |= change.after.keys() if isinstance(change, SetTags) else set()
    if len(after) > quotas.tags_per_table and len(after) > len(there):
        spare = sorted(there.keys() - desired.keys())
        prunes = f"--prune first removes {_listed(spare)}, not in the definition" if spare else "remove some"
        yield Conflict(
            path="tags" if isinstance(region, UnsetType) else f"replicas.{region}.tags",
            before=f"{len(there)} tags",
            after=f"{len(after)} tags",
            reason=f"a table has at most {quotas.tags_per_table} tags",
            way_out=prunes,
        )
