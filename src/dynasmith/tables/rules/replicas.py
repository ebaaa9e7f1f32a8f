"""Global tables: replicas, their conditions, strong consistency."""

from collections.abc import Iterator

from dynasmith import limits
from dynasmith.tables.rules.billing import scaled
from dynasmith.tables.rules.rule import GSI, LSI, DefinitionRule, JudgedTable, RuleProblem
from dynasmith.tables.rules.tags import tag_problems, tag_texts

_MREC = "Developer Guide, Global tables, multi-Region eventual consistency"
_MRSC = "Developer Guide, Global tables, multi-Region strong consistency"


def _strong(table: JudgedTable) -> bool:
    return bool(table.plain("multi_region_consistency") == "STRONG")


def _stream(table: JudgedTable) -> Iterator[RuleProblem]:
    if not table.replicas() or _strong(table) or table.unknown("multi_region_consistency"):
        return
    if table.unknown("stream"):
        return
    stream = table.enabled("stream")
    if stream is None or stream.plain("view_type") != "NEW_AND_OLD_IMAGES":
        yield RuleProblem(("replicas",), "needs a stream with both images")


def _writes(table: JudgedTable) -> Iterator[RuleProblem]:
    if _fed_provisioned(table) and not table.unknown("autoscaling") and not scaled(table.node, "write"):
        yield RuleProblem(("replicas",), "needs on-demand billing or autoscaled writes")


def _index_writes(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, index in table.indexes(GSI) if _fed_provisioned(table) else ():
        if not table.unknown(*way, "autoscaling") and not scaled(index, "write"):
            yield RuleProblem(way, "is an index of a table with replicas, and its writes are not autoscaled")


def _fed_provisioned(table: JudgedTable) -> bool:
    """Does the table have eventually consistent replicas and provisioned billing?"""
    return bool(table.replicas()) and not _strong(table) and table.plain("billing_mode") == "PROVISIONED"


def _regions(table: JudgedTable) -> Iterator[RuleProblem]:
    seen: set[str] = set()
    for place, region in enumerate(table.plain("replicas") or ()):
        name = (region or {}).get("region")
        if name in seen:
            yield RuleProblem(("replicas", place), f"is {name}, which has a replica already")
        elif isinstance(name, str):
            seen.add(name)


def _tags(table: JudgedTable) -> Iterator[RuleProblem]:
    """The limits of tags hold for each replica, also with those that the table gives it."""
    of_table = tag_texts(table.node.get("tags"))
    replicas = table.node.get("replicas")
    for place, replica in enumerate(replicas.members() if replicas is not None else ()):
        propagates, way = bool(replica.plain("propagate_tags")), ("replicas", place)
        own = replica.get("tags")
        yield from tag_problems(own, (*way, "tags"), table.quotas.tags_per_table, of_table if propagates else {})
        if propagates and table.node.get("tags") is None:
            yield RuleProblem((*way, "propagate_tags"), "needs the tags of the table, which are not set")


def _strong_regions(table: JudgedTable) -> Iterator[RuleProblem]:
    if not _strong(table) or table.unknown("replicas") or table.unknown("witness_region"):
        return
    number = table.replicas()
    witness = 1 if table.plain("witness_region") else 0
    if number + witness + 1 != limits.STRONG_REGIONS or number == 0:
        also = " and a witness" if witness else ""
        message = f"is STRONG with {number + 1} replica{'s' if number else ''} (its own Region counted){also}"
        yield RuleProblem(("multi_region_consistency",), message)


def _strong_without(table: JudgedTable) -> Iterator[RuleProblem]:
    if not _strong(table):
        return
    if table.enabled("time_to_live") is not None:
        yield RuleProblem(("time_to_live",), "is not possible with multi_region_consistency: STRONG")
    if table.plain(LSI):
        yield RuleProblem((LSI,), "is not possible with multi_region_consistency: STRONG")


def _witness(table: JudgedTable) -> Iterator[RuleProblem]:
    witness = table.plain("witness_region")
    if not isinstance(witness, str) or table.unknown("multi_region_consistency"):
        return
    if not _strong(table):
        yield RuleProblem(("witness_region",), "belongs to multi_region_consistency: STRONG only", "remove it")
    if any((replica or {}).get("region") == witness for replica in table.plain("replicas") or ()):
        yield RuleProblem(("witness_region",), f"is {witness}, which has a replica")


_FIX_WRITES = "set billing_mode: PAY_PER_REQUEST, or add autoscaling: {write: {min: ..., max: ...}}"

RULES = (
    DefinitionRule(
        "D060",
        "Replicas need a stream with both images",
        "Eventually consistent replicas are fed by it. With STRONG none is needed.",
        _MREC,
        "add stream: {view_type: NEW_AND_OLD_IMAGES}",
        _stream,
    ),
    DefinitionRule(
        "D061",
        "Replicas need on-demand billing or autoscaled writes",
        "Every replica must be able to take the others' writes.",
        _MREC,
        _FIX_WRITES,
        _writes,
    ),
    DefinitionRule(
        "D066",
        "Global indexes of a table with replicas have autoscaled writes",
        "An index that falls behind throttles its table, in every Region that must take the writes.",
        _MREC,
        _FIX_WRITES,
        _index_writes,
        "warning",
    ),
    DefinitionRule(
        "D062",
        "A Region has one replica",
        "The service refuses a second one.",
        "API, UpdateTable, ReplicaUpdates",
        "remove one of them",
        _regions,
    ),
    DefinitionRule(
        "D067",
        "Tags of a replica are within the limits of tags, and propagate_tags has tags to propagate",
        "The service refuses the rest; tags that are not managed may be anything.",
        "Developer Guide, Tagging restrictions",
        "set tags of the table, or remove propagate_tags",
        _tags,
    ),
    DefinitionRule(
        "D063",
        "STRONG has three replicas, its own Region counted, or two and a witness",
        "A quorum of three Regions.",
        _MRSC,
        "list two replicas, or one replica and witness_region",
        _strong_regions,
    ),
    DefinitionRule(
        "D064",
        "STRONG has neither time to live nor local indexes",
        "Not offered by the service.",
        _MRSC,
        "remove it, or set multi_region_consistency: EVENTUAL",
        _strong_without,
    ),
    DefinitionRule(
        "D065",
        "A witness belongs to STRONG, in a Region without replica",
        "The witness holds no items and takes part in the quorum.",
        _MRSC,
        "name a Region that has no replica",
        _witness,
    ),
)
