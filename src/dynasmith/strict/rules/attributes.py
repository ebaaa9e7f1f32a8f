"""Rules of the attributes that reads and updates name: in filters and projections, and what Select says of them."""

from collections.abc import Iterator, Sequence

from dynasmith.strict.expressions.expression import KINDS, PROJECTION
from dynasmith.strict.expressions.nodes import DocumentPath
from dynasmith.strict.expressions.paths import ResolvedPath, resolved
from dynasmith.strict.expressions.request import RequestExpression
from dynasmith.strict.rules.reads import KEY_CONDITION, schema_of
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, plain_name, rule
from dynasmith.strict.rules.tables import API, GUIDE

RULES: list[StrictRule] = []


def _paths(ask: JudgedRequest, kinds: Sequence[str]) -> Iterator[tuple[RequestExpression, ResolvedPath]]:
    for one in ask.measured.expressions:
        if one.kind in kinds and ask.table is not None and plain_name(one.table) == ask.table.name:
            for node in one.expression.nodes():
                if isinstance(node, DocumentPath):
                    yield one, resolved(node, one.names)


@rule(
    RULES,
    "filter-not-on-key",
    "Query",
    refuses="a filter that names a key attribute of the table or index that is read",
    source=API + "API_Query.html (FilterExpression does not allow key attributes)",
)
def _filter(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None:
        return None
    named = {path[0] for _, path in _paths(ask, ["FilterExpression"])}
    old = ask.body.get("QueryFilter") or {}
    for name, _ in schema_of(ask, ask.table):
        if name in named or name in old:
            what = "QueryFilter" if name in old else "Filter Expression"
            return invalid(f"{what} can only contain non-primary key attributes: Primary key attribute: {name}")
    return None


@rule(
    RULES,
    "select",
    "Query",
    "Scan",
    refuses="a Select that does not go with the other parameters: ALL_ATTRIBUTES of a GSI that has not all, "
    "ALL_PROJECTED_ATTRIBUTES without an index, SPECIFIC_ATTRIBUTES without saying which, others with saying which",
    source=API + "API_Query.html (Select)",
)
def _select(ask: JudgedRequest) -> Refusal | None:
    select = ask.body.get("Select")
    member = next((name for name in (PROJECTION, "AttributesToGet") if name in ask.body), None)
    if select == "SPECIFIC_ATTRIBUTES" and member is None:
        return invalid(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if select not in {None, "SPECIFIC_ATTRIBUTES"} and member is not None:
        return invalid(f"Cannot specify the {member} when choosing to get {select}")
    if select == "ALL_PROJECTED_ATTRIBUTES" and "IndexName" not in ask.body:
        return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    index = None if ask.table is None else ask.table.gsis.get(str(ask.body.get("IndexName")))
    if select == "ALL_ATTRIBUTES" and index is not None and index.projection.get("ProjectionType", "ALL") != "ALL":
        return invalid_values(
            f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} because its "
            "projection type is not ALL"
        )
    return None


@rule(
    RULES,
    "index-projects",
    "Query",
    "Scan",
    refuses="attributes of a GSI that it does not keep",
    source=API + "API_Query.html (ProjectionExpression; Select)",
)
def _projects(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    index = None if table is None else table.gsis.get(str(ask.body.get("IndexName")))
    if table is None or index is None or index.projection.get("ProjectionType", "ALL") == "ALL":
        return None
    kept = {*table.keys, *(name for name, _ in index.key_schema), *(index.projection.get("NonKeyAttributes") or ())}
    wanted = [str(path[0]) for _, path in _paths(ask, [PROJECTION])] + list(ask.body.get("AttributesToGet") or ())
    missing = [name for name in dict.fromkeys(wanted) if name not in kept]
    if not missing:
        return None
    return invalid_values(f"Global secondary index {index.name} does not project {', '.join(missing)}")


@rule(
    RULES,
    "keys-are-scalars",
    *("GetItem", "BatchGetItem", "TransactGetItems", "UpdateItem", "TransactWriteItems", "Query", "Scan"),
    refuses="a path into a key attribute of the table or of an index, in an update, a filter or a projection",
    source=GUIDE + "HowItWorks.CoreComponents.html (key attributes are scalars); message as observed",
    certainty="observed",
)
def _scalars(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    if table is None:
        return None
    kinds = [kind for kind in KINDS if kind not in {"ConditionExpression", KEY_CONDITION}]
    nested = {path[0] for one, path in _paths(ask, kinds) if len(path) > 1}
    for name in sorted(table.used_attributes()) if nested else ():
        if name in nested:
            which = "Key" if name in table.keys else "IndexKey"
            return invalid(
                "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
                f"{which}: {name}"
            )
    return None
