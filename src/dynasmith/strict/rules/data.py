"""Rules of the data plane that depend on the state of a table or of an index."""

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule
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
