"""Global and local indexes: how many, which keys, which projection."""

from collections.abc import Iterator

from dynasmith import limits
from dynasmith.tables.rules.keys import attributes_of
from dynasmith.tables.rules.rule import GSI, LSI, DefinitionRule, JudgedTable, RuleProblem

_GSI_KEYS = "Developer Guide, Multi-attribute keys in global secondary indexes"
_LSI_KEYS = "Developer Guide, Local secondary indexes; API, CreateTable, LocalSecondaryIndexes"
_PROJECTION = "API, shape Projection"


def _gsi_key(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, _ in table.indexes(GSI):
        key = table.key(*way)
        if key is None:
            continue
        for key_type, most in (
            ("HASH", limits.GSI_PARTITION_KEY_MAX_ATTRIBUTES),
            ("RANGE", limits.GSI_SORT_KEY_MAX_ATTRIBUTES),
        ):
            names = attributes_of(key, key_type)
            if key_type == "HASH" and not names:
                yield RuleProblem((*way, "key_schema"), "has no partition key (key_type: HASH)")
            if len(names) > most:
                yield RuleProblem(
                    (*way, "key_schema"), f"has {len(names)} entries of {key_type}, at most {most} are allowed"
                )


def _lsi_key(table: JudgedTable) -> Iterator[RuleProblem]:
    own = table.key()
    for way, _ in table.indexes(LSI):
        key = table.key(*way)
        if key is None or own is None:
            continue
        hashes, ranges = attributes_of(key, "HASH"), attributes_of(key, "RANGE")
        if hashes != attributes_of(own, "HASH"):
            said = ", ".join(map(str, hashes)) or "none"
            yield RuleProblem((*way, "key_schema"), f"has the partition key {said}, not that of the table")
        if len(ranges) != 1:
            yield RuleProblem((*way, "key_schema"), f"has {len(ranges) or 'no'} sort keys (key_type: RANGE)")


def _lsi_own_order(table: JudgedTable) -> Iterator[RuleProblem]:
    own = table.key()
    for way, _ in table.indexes(LSI):
        key = table.key(*way)
        if key and own and attributes_of(key, "RANGE") == attributes_of(own, "RANGE") != []:
            yield RuleProblem(
                (*way, "key_schema"), f"sorts by {attributes_of(own, 'RANGE')[0]}, as the table itself does"
            )


def _lsi_table(table: JudgedTable) -> Iterator[RuleProblem]:
    own = table.key()
    if own is not None and not attributes_of(own, "RANGE") and table.node.get(LSI) is not None:
        for way, _ in list(table.indexes(LSI))[:1]:
            yield RuleProblem(way, "is a local index of a table that has no sort key")


def _count(table: JudgedTable) -> Iterator[RuleProblem]:
    for kind, most, word in (
        (GSI, table.quotas.gsi_per_table, "global"),
        (LSI, table.quotas.lsi_per_table, "local"),
    ):
        number = len(list(table.indexes(kind)))
        if number > most:
            raisable = "raise gsi_per_table in [limits] where the account's quota is higher" if kind == GSI else ""
            yield RuleProblem((kind,), f"has {number} {word} indexes, at most {most} are allowed", raisable)


def _projection(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, _ in table.all_indexes():
        projection = table.sound(*way, "projection")
        if projection is None:
            continue
        kind = projection.plain("type") or "ALL"
        names = projection.plain("attributes") or []
        if kind == "INCLUDE" and not names:
            yield RuleProblem(
                (*way, "projection"), "is INCLUDE and names no attributes", "name them: attributes: [...]"
            )
        if kind != "INCLUDE" and names:
            yield RuleProblem(
                (*way, "projection"), f"is {kind} and names attributes", "set type: INCLUDE, or remove them"
            )


def _projected_twice(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, _ in table.all_indexes():
        projection = table.sound(*way, "projection")
        names = (projection.plain("attributes") or []) if projection is not None else []
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield RuleProblem((*way, "projection", "attributes"), f"names {name} more than once")


def _projected_keys(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, _ in table.all_indexes():
        projection = table.sound(*way, "projection")
        names = (projection.plain("attributes") or []) if projection is not None else []
        own = {use.attribute for use in (*(table.key() or ()), *(table.key(*way) or ()))}
        for name in dict.fromkeys(names):
            if name in own:
                message = f"names {name}, a key attribute, which every index holds"
                yield RuleProblem((*way, "projection", "attributes", names.index(name)), message)


def _projected(table: JudgedTable) -> Iterator[RuleProblem]:
    number = sum(len(index.plain("projection", "attributes") or []) for _, index in table.all_indexes())
    most = table.quotas.projected_attributes_per_table
    if number > most:
        way = (GSI,) if table.node.get(GSI) is not None else (LSI,)
        yield RuleProblem(way, f"projects {number} attributes over all indexes, at most {most} are allowed")


RULES = (
    DefinitionRule(
        "D040",
        "A global index has 1 to 4 partition and up to 4 sort attributes",
        "The service refuses any other key.",
        _GSI_KEYS,
        "an index has 1 to 4 HASH and up to 4 RANGE entries",
        _gsi_key,
    ),
    DefinitionRule(
        "D041",
        "A local index has the table's partition key and one sort key",
        "It is another order of the same item collection.",
        _LSI_KEYS,
        "give it the table's HASH attribute and one RANGE attribute",
        _lsi_key,
    ),
    DefinitionRule(
        "D042",
        "A table with local indexes has a sort key",
        "The service refuses local indexes on a simple key.",
        _LSI_KEYS,
        "make it a global index, or give the table a sort key",
        _lsi_table,
    ),
    DefinitionRule(
        "D043",
        "At most 20 global and 5 local indexes",
        "Quotas of the service; that of global indexes can be raised.",
        "Quotas, Secondary indexes",
        "remove some, or split the table",
        _count,
    ),
    DefinitionRule(
        "D044",
        "INCLUDE names attributes; ALL and KEYS_ONLY name none",
        "The service refuses the rest.",
        _PROJECTION,
        "see projection",
        _projection,
    ),
    DefinitionRule(
        "D048",
        "INCLUDE names an attribute once",
        "It is projected once, and sent once.",
        _PROJECTION,
        "name it once",
        _projected_twice,
        "warning",
    ),
    DefinitionRule(
        "D045",
        "All indexes together project at most 100 attributes by name",
        "A quota of the service.",
        "Quotas, Projected secondary index attributes per table",
        "project ALL where most attributes are named",
        _projected,
    ),
    DefinitionRule(
        "D046",
        "A local index has a sort key of its own",
        "The service accepts the table's own sort key; the index then costs storage and writes and adds no order.",
        _LSI_KEYS,
        "remove the index, or give it another RANGE attribute",
        _lsi_own_order,
        "warning",
    ),
    DefinitionRule(
        "D047",
        "INCLUDE names no key attribute",
        "The service accepts it; keys are in every index anyway, and count against what can be projected.",
        _PROJECTION,
        "remove it from the list",
        _projected_keys,
        "warning",
    ),
)
