"""Rules of UpdateTable for global secondary indexes: one at a time, with exact definitions."""

from collections.abc import Mapping
from typing import Any

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, limit, rule
from dynasmith.strict.rules.tables import (
    API,
    GSI_KEY_ATTRIBUTES,
    GSI_PER_TABLE,
    GUIDE,
    key_refusal,
    projection_refusal,
)
from dynasmith.strict.rules.update import UPDATE, index_updates
from dynasmith.strict.state.describe import read_keys

RULES: list[StrictRule] = []


@rule(
    RULES,
    "one-index-change",
    UPDATE,
    refuses="two index creates or deletes in one call, or one while another index is CREATING or DELETING",
    source=API + "API_UpdateTable.html; GUIDE GSI.OnlineOps",
)
def _one_index(ask: JudgedRequest) -> Refusal | None:
    changes = [(kind, value) for kind, value in index_updates(ask.body) if kind in {"Create", "Delete"}]
    if not changes or ask.table is None:
        return None
    others = [index for index in ask.table.gsis.values() if index.status in {"CREATING", "DELETING"}]
    if len(changes) == 1 and changes[0][0] == "Delete":
        # An index that is being filled may itself be deleted: the next rule judges that.
        others = [index for index in others if index.name != changes[0][1].get("IndexName")]
    if len(changes) > 1 or others:
        return limit("Only 1 online index can be created or deleted simultaneously per table")
    return None


@rule(
    RULES,
    "index-in-use",
    UPDATE,
    refuses="deleting an index that is being allocated or deleted, or changing one that is not ACTIVE",
    source=GUIDE + "GSI.OnlineOps.html",
)
def _index_busy(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None:
        return None
    for kind, value in index_updates(ask.body):
        index = ask.table.gsis.get(str(value.get("IndexName")))
        if index is None or index.status == "ACTIVE" or kind == "Create":
            continue
        if index.status == "CREATING" and index.backfilling:
            continue
        word = {"CREATING": "created", "DELETING": "deleted"}.get(index.status, "updated")
        return Refusal(
            "ResourceInUseException",
            "Attempt to change a resource which is still in use: "
            f"Index is being {word}.  Table: {ask.table.name} Index: {index.name}",
        )
    return None


@rule(
    RULES,
    "capacity-while-index-allocates",
    UPDATE,
    refuses="a change of throughput while an index is CREATING and not yet backfilling",
    source=GUIDE + "GSI.OnlineOps.html",
)
def _allocating(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None or not (ask.body.get("ProvisionedThroughput") or ask.body.get("BillingMode")):
        return None
    for index in ask.table.gsis.values():
        if index.status == "CREATING" and index.backfilling is False:
            return Refusal(
                "ResourceInUseException",
                "Attempt to change a resource which is still in use: Index is being created.  "
                f"Table: {ask.table.name} Index: {index.name}",
            )
    return None


@rule(
    RULES,
    "index-known",
    UPDATE,
    refuses="creating an index that exists, deleting or changing one that does not",
    source=API + "API_UpdateTable.html",
    certainty="observed",
)
def _known(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None:
        return None
    for kind, value in index_updates(ask.body):
        name = str(value.get("IndexName"))
        exists = name in ask.table.gsis or (kind == "Create" and name in ask.table.lsis)
        if kind == "Create" and exists:
            return invalid(
                f"One or more parameter values were invalid: Attempting to create an index which already exists: {name}"
            )
        if kind != "Create" and not exists:
            return Refusal("ResourceNotFoundException", "Requested resource not found")
    return None


@rule(
    RULES,
    "index-count-update",
    UPDATE,
    refuses="a GSI more than 20",
    source=GUIDE + "ServiceQuotas.html",
)
def _count(ask: JudgedRequest) -> Refusal | None:
    creates = sum(kind == "Create" for kind, _ in index_updates(ask.body))
    if ask.table is not None and creates and len(ask.table.gsis) + creates > GSI_PER_TABLE:
        return limit(f"Number of global secondary indexes exceeds per-table limit of {GSI_PER_TABLE}")
    return None


@rule(
    RULES,
    "definitions-of-new-index",
    UPDATE,
    refuses="a new index whose key attributes the call does not define, a definition that no key uses, or another type",
    source=API + "API_UpdateTable.html: AttributeDefinitions must include the key elements of the new index",
    certainty="observed",
)
def _definitions(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None or ask.body.get("AttributeDefinitions") is None:
        return _lacking(ask, {})
    sent = {d.get("AttributeName"): d.get("AttributeType") for d in ask.body["AttributeDefinitions"]}
    lacking = _lacking(ask, sent)
    if lacking is not None:
        return lacking
    new = {
        n for kind, value in index_updates(ask.body) if kind == "Create" for n, _ in read_keys(value.get("KeySchema"))
    }
    gone = {str(value.get("IndexName")) for kind, value in index_updates(ask.body) if kind == "Delete"}
    kept = [index.key_schema for name, index in ask.table.gsis.items() if name not in gone]
    schemas = [ask.table.key_schema, *kept, *(local.key_schema for local in ask.table.lsis.values())]
    used = new | {name for schema in schemas for name, _ in schema}
    if not set(sent) <= used:
        return invalid_values(
            f"Some AttributeDefinitions are not used. AttributeDefinitions: [{', '.join(map(str, sent))}], "
            f"keys used: [{', '.join(sorted(used))}]"
        )
    return None


def _lacking(ask: JudgedRequest, sent: Mapping[Any, Any]) -> Refusal | None:
    for kind, value in index_updates(ask.body):
        if kind != "Create":
            continue
        names = [name for name, _ in read_keys(value.get("KeySchema"))]
        lacking = [name for name in names if name not in sent]
        if lacking:
            return invalid_values(
                f"Some index key attributes are not defined in AttributeDefinitions. Keys: [{', '.join(lacking)}], "
                f"AttributeDefinitions: [{', '.join(map(str, sent))}]"
            )
    return None


@rule(
    RULES,
    "definition-type-fixed",
    UPDATE,
    refuses="another type for an attribute that a key already uses",
    source="https://github.com/nubo-db/dynoxide/issues/144 says that the stored type wins silently; a wrong "
    "definition is refused here, so that it is not taken for a change",
    certainty="assumed",
)
def _types(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None:
        return None
    for definition in ask.body.get("AttributeDefinitions") or ():
        name, kind = definition.get("AttributeName"), definition.get("AttributeType")
        if ask.table.definitions.get(name, kind) != kind:
            return invalid_values(
                f"The type of the key attribute {name} cannot change from {ask.table.definitions[name]} to {kind}"
            )
    return None


@rule(
    RULES,
    "new-index",
    UPDATE,
    refuses="a new index with an impossible key, projection or capacity",
    source=API + "API_CreateGlobalSecondaryIndexAction.html",
)
def _new_index(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    if table is None:
        return None
    creates = [value for kind, value in index_updates(ask.body) if kind == "Create"]
    projections = [index.projection for index in table.gsis.values()]
    projections += [local.projection for local in table.lsis.values()]
    already = sum(len(projection.get("NonKeyAttributes") or ()) for projection in projections)
    on_demand = (ask.body.get("BillingMode") or table.billing) == "PAY_PER_REQUEST"
    for value in creates:
        refusal = key_refusal(value.get("KeySchema"), GSI_KEY_ATTRIBUTES)
        if refusal is not None:
            return refusal
        has = bool(value.get("ProvisionedThroughput"))
        if has and on_demand:
            return invalid_values(
                "ProvisionedThroughput should not be specified for index: "
                f"{value.get('IndexName')} when BillingMode is PAY_PER_REQUEST"
            )
        if not has and not on_demand:
            return invalid_values(f"ProvisionedThroughput must be specified for index: {value.get('IndexName')}")
    return projection_refusal(creates, already) if creates else None
