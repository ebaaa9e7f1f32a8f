"""Secondary indexes: those that cannot be used yet, those that cost for nothing, those that set limits."""

from collections.abc import Iterator

from dynasmith.limits import Quotas
from dynasmith.plans.diff import describe_key
from dynasmith.tables.table import Index, Key, LocalIndex, ProjectionKind, known
from dynasmith.validate.check import Check, Problem, Subject

# Ours, not the service's: from three full copies of every item on, writing and storing costs four times as much.
FULL_COPIES_MANY = 3
# Ours: nine tenths of a quota are near it, early enough to have it raised.
_NEAR_TENTHS = 9


def _states(subject: Subject) -> Iterator[Problem]:
    for state in () if subject.live is None else subject.live.indexes:
        path = f"global_secondary_indexes.{state.name}"
        if state.status == "CREATING":
            doing = "is being filled" if state.backfilling else "is CREATING"
            yield Problem(path, f"Index {state.name} {doing}; until it is ACTIVE, queries on it are refused.")
        elif state.status != "ACTIVE":
            yield Problem(path, f"Index {state.name} is {state.status}.", "notice")


def _local(subject: Subject) -> Iterator[Problem]:
    names = [index.name for index in known(subject.table.local_indexes, ())]
    if names:
        noun = "a local index" if len(names) == 1 else f"{len(names)} local indexes"
        yield Problem("local_secondary_indexes", f"The table has {noun} ({', '.join(names)}).")


def _full_copies(subject: Subject) -> Iterator[Problem]:
    indexes = known(subject.table.indexes, ())
    full = [index.name for index in indexes if index.projection.kind is ProjectionKind.ALL]
    if len(full) >= FULL_COPIES_MANY:
        what = f"{len(full)} indexes hold every attribute ({', '.join(full)})."
        yield Problem("global_secondary_indexes", what)


def _same_key(subject: Subject) -> Iterator[Problem]:
    indexes = known(subject.table.indexes, ())
    before: list[tuple[str, Key]] = [("the table", subject.table.key)]
    before += [(_name(index), index.key) for index in known(subject.table.local_indexes, ())]
    for index in indexes:
        same = [name for name, key in before if key == index.key]
        if same:
            what = f"Index {index.name} has the key of {' and of '.join(same)}: {describe_key(index.key)}."
            yield Problem(f"global_secondary_indexes.{index.name}", what)
        before.append((_name(index), index.key))


def _name(index: Index | LocalIndex) -> str:
    kind = "index" if isinstance(index, Index) else "local index"
    return f"{kind} {index.name} ({index.projection.kind})"


def _near_quota(subject: Subject) -> Iterator[Problem]:
    quotas: Quotas = subject.around.quotas
    indexes = known(subject.table.indexes, ())
    local = known(subject.table.local_indexes, ())
    projections = [index.projection for index in indexes] + [index.projection for index in local]
    projected = sum(len(projection.attributes) for projection in projections)
    for number, most, noun in (
        (len(indexes), quotas.gsi_per_table, "global indexes"),
        (projected, quotas.projected_attributes_per_table, "attributes projected by name"),
    ):
        if number * 10 >= most * _NEAR_TENTHS:
            yield Problem("global_secondary_indexes", f"The table has {number} {noun} of at most {most}.")


CHECKS = (
    Check(
        code="DS040",
        title="Every index is ACTIVE",
        why="Queries of the index fail, or soon will.",
        fix="wait until it is ACTIVE (dynasmith describe shows its state), then validate again",
        source="API, GlobalSecondaryIndexDescription, IndexStatus and Backfilling",
        severities=("critical", "notice"),
        when="critical while CREATING, also while it is filled; notice while UPDATING or DELETING",
        look=_states,
        live=True,
    ),
    Check(
        code="DS041",
        title="No local indexes",
        why="All items of one partition key, with their index entries, may then have 10 GB together: "
        "writes beyond are refused, and a local index can never be removed.",
        fix="use a global index in a new table; suppress the finding if collections stay small",
        source="Developer Guide, Local secondary indexes, Item collection size limit",
        severities=("warning",),
        look=_local,
        reads=("local_indexes",),
    ),
    Check(
        code="DS042",
        title=f"Fewer than {FULL_COPIES_MANY} indexes hold every attribute",
        why="Each is a full copy of the items: every write and all storage are paid for again.",
        fix="use INCLUDE or KEYS_ONLY if queries do not need all attributes (a new projection needs a new index)",
        source="Developer Guide, General guidelines for secondary indexes, Choose projections carefully",
        severities=("notice",),
        look=_full_copies,
        reads=("indexes",),
    ),
    Check(
        code="DS043",
        title="No two indexes have the same key",
        why="Both find the same items in the same order, and both are paid for.",
        fix="keep the one that holds more attributes, and remove the other with dynasmith apply --prune",
        source="Developer Guide, General guidelines for secondary indexes, Keep the number to a minimum",
        severities=("warning",),
        look=_same_key,
        reads=("indexes",),
    ),
    Check(
        code="DS044",
        title="Quotas of indexes are not nearly used up",
        why="One more index may be refused when it is needed.",
        fix="remove unused indexes, or request a higher quota and set it in [limits]",
        source="Quotas, Secondary indexes per table; Projected secondary index attributes per table",
        severities=("notice",),
        look=_near_quota,
        reads=("indexes",),
    ),
)
