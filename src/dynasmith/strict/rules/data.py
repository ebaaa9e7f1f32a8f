"""Rules of the data plane that depend on the state of a table or of an index."""

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, rule
from dynasmith.strict.rules.tables import API, GUIDE

RULES: list[StrictRule] = []
ITEM_OPERATIONS = (
    "PutItem",
    "GetItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "BatchWriteItem",
    "BatchGetItem",
    "TransactWriteItems",
    "TransactGetItems",
)


@rule(
    RULES,
    "items-only-when-there",
    *ITEM_OPERATIONS,
    refuses="reading or writing items of a table that is CREATING or DELETING",
    source=API + "API_CreateTable.html: read and write operations can be performed only on an ACTIVE table",
    certainty="observed",
)
def _there(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None:
        return Refusal("ResourceNotFoundException", "Requested resource not found")
    if ask.table.status in {"CREATING", "DELETING"} or ask.now < ask.table.visible_at:
        return Refusal("ResourceNotFoundException", "Requested resource not found")
    return None


@rule(
    RULES,
    "index-readable",
    "Query",
    "Scan",
    refuses="reading an index that is not there, or that is still CREATING or already DELETING",
    source=GUIDE + "GSI.OnlineOps.html",
    certainty="observed",
)
def _index(ask: JudgedRequest) -> Refusal | None:
    name = ask.body.get("IndexName")
    if name is None or ask.table is None or name in ask.table.lsis:
        return None
    index = ask.table.gsis.get(str(name))
    if index is None or index.status == "DELETING":
        return invalid(f"The table does not have the specified index: {name}")
    if index.status == "CREATING":
        return invalid(f"Cannot read from backfilling global secondary index: {name}")
    return None


@rule(
    RULES,
    "consistent-index-read",
    "Query",
    "Scan",
    refuses="a consistent read of a GSI",
    source=API + "API_Query.html (ConsistentRead)",
)
def _consistent(ask: JudgedRequest) -> Refusal | None:
    if not ask.body.get("ConsistentRead") or ask.table is None or ask.body.get("IndexName") not in ask.table.gsis:
        return None
    return invalid("Consistent reads are not supported on global secondary indexes")


@rule(
    RULES,
    "scan-segments",
    "Scan",
    refuses="Segment without TotalSegments, a segment out of range, more than 1,000,000 segments",
    source=API + "API_Scan.html",
)
def _segments(ask: JudgedRequest) -> Refusal | None:
    segment, total = ask.body.get("Segment"), ask.body.get("TotalSegments")
    if segment is None and total is None:
        return None
    if total is None:
        return invalid(
            "The TotalSegments parameter is required but was not present in the request when Segment "
            "parameter is present"
        )
    if segment is None:
        return invalid(
            "The Segment parameter is required but was not present in the request when parameter "
            "TotalSegments is present"
        )
    if not 1 <= int(total) <= 1_000_000:
        return invalid_values(f"TotalSegments must be between 1 and 1000000, it is {total}")
    if not 0 <= int(segment) < int(total):
        return invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )
    return None
