"""Rules of PartiQL: of a batch as a whole, and of one statement (a batch's statements are judged one by one).

What a statement writes is held to the rules of the items besides, as the PutItem, UpdateItem or DeleteItem that it is.
"""

from dynasmith.strict.partiql.calls import READS, read, statements_in
from dynasmith.strict.partiql.text import shape_of
from dynasmith.strict.rules.items import TRANSACT_MAX
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule
from dynasmith.strict.rules.tables import API, GUIDE

RULES: list[StrictRule] = []
BATCH_STATEMENTS_MAX = 25  # API_BatchExecuteStatement.html
_MEMBERS = {
    "BatchExecuteStatement": ("Statements", BATCH_STATEMENTS_MAX),
    "ExecuteTransaction": ("TransactStatements", TRANSACT_MAX),
}


@rule(
    RULES,
    "statements-25",
    "BatchExecuteStatement",
    "ExecuteTransaction",
    refuses="a batch of no or more than 25 statements, a transaction of no or more than 100",
    source=API + "API_BatchExecuteStatement.html, API_ExecuteTransaction.html",
)
def _count(ask: JudgedRequest) -> Refusal | None:
    member, most = _MEMBERS[ask.operation]
    count = len(ask.body.get(member) or ())
    if 1 <= count <= most:
        return None
    bound = f"less than or equal to {most}" if count else "greater than or equal to 1"
    where = member[:1].lower() + member[1:]
    return invalid(
        f"1 validation error detected: Value at '{where}' failed to satisfy constraint: Member must have length {bound}"
    )


@rule(
    RULES,
    "statements-one-kind",
    "BatchExecuteStatement",
    "ExecuteTransaction",
    refuses="reads and writes in one batch, or in one transaction (EXISTS excepted)",
    source=API + "API_BatchExecuteStatement.html; code and message are our reading",
)
def _one_kind(ask: JudgedRequest) -> Refusal | None:
    words = [str(one.get("Statement", "")) for one in statements_in(ask.body)]
    judged = [text for text in words if not text.lstrip().upper().startswith("EXISTS")]
    if len({shape_of(text).verb in READS for text in judged}) < 2:
        return None
    what = "batch" if ask.operation == "BatchExecuteStatement" else "transaction"
    return invalid(f"The entire {what} must consist of either read statements or write statements")


@rule(
    RULES,
    "statement-parameters",
    "ExecuteStatement",
    refuses="an empty list of parameters",
    source="botocore, data/dynamodb/2012-08-10/service-2.json (PreparedStatementParameters)",
)
def _parameters(ask: JudgedRequest) -> Refusal | None:
    if ask.body.get("Parameters") != []:
        return None
    return invalid(
        "1 validation error detected: Value '[]' at 'parameters' failed to satisfy constraint: Member must have length "
        "greater than or equal to 1"
    )


@rule(
    RULES,
    "statement-key",
    "ExecuteStatement",
    refuses="an UPDATE or DELETE whose WHERE does not hold every key attribute to one value, or that names an index",
    source=GUIDE + "ql-reference.update.html, ql-reference.delete.html; message as observed",
    certainty="observed",
)
def _key(ask: JudgedRequest) -> Refusal | None:
    one = read(ask.body)
    if ask.table is None or one.shape.verb not in {"UPDATE", "DELETE"}:
        return None
    if one.shape.index is not None:
        return invalid("Writes on indices are not supported")
    if one.key(ask.table.keys) is None:
        return invalid("Where clause does not contain a mandatory equality on all key attributes")
    return None


@rule(
    RULES,
    "statement-keeps-key",
    "ExecuteStatement",
    refuses="an UPDATE that sets or removes an attribute of the table's key",
    source=GUIDE + "ql-reference.update.html; message as of UpdateItem",
    certainty="assumed",
)
def _keeps_key(ask: JudgedRequest) -> Refusal | None:
    one = read(ask.body)
    if ask.table is None or one.shape.verb != "UPDATE":
        return None
    changed = {*one.shape.assigned, *one.shape.removed, *one.shape.touched}
    name = next((name for name in ask.table.keys if name in changed), None)
    if name is None:
        return None
    return invalid(
        f"One or more parameter values were invalid: Cannot update attribute {name}. This attribute is part of the key"
    )
