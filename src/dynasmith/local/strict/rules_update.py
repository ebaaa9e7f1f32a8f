"""Rules of UpdateTable: what may change, when, and how often."""

import datetime
from collections.abc import Mapping
from typing import Any

from dynasmith.local.strict.describe import read_keys
from dynasmith.local.strict.rules import Ask, Refusal, Rule, invalid, invalid_values, limit, rule
from dynasmith.local.strict.rules_tables import (
    API,
    GSI_KEY_ATTRIBUTES,
    GSI_PER_TABLE,
    GUIDE,
    key_refusal,
    projection_refusal,
)
from dynasmith.local.strict.state import Capacity, IndexState, TableState

RULES: list[Rule] = []
UPDATE = "UpdateTable"
# GUIDE + ServiceQuotas.html: decreases of provisioned throughput per table and per GSI and UTC day: 4 at any time in
# the first hour, then one for each hour without one: 27 in all.
DECREASES_AT_ONCE = 4
DECREASES_A_DAY = 27
DECREASE_EVERY_SECONDS = 3600.0
# GUIDE + WorkingWithTables.tableclasses.html: "no more than two table class updates are allowed on your table in a
# 30-day trailing period".
CLASS_CHANGES, CLASS_WINDOW_SECONDS = 2, 30 * 86_400.0
# GUIDE + switching.capacitymode.html: "up to four times in a 24-hour rolling window".
TO_ON_DEMAND_CHANGES, DAY_SECONDS = 4, 86_400.0
# GUIDE + encryption.usagenotes.html: "up to four times, anytime per 24-hour window ... one additional for each six
# hours without one" (8 a day).
SSE_CHANGES_AT_ONCE, SSE_CHANGES_A_DAY, SSE_EVERY_SECONDS = 4, 8, 6 * 3600.0

_KINDS = {
    "BillingMode": "capacity",
    "ProvisionedThroughput": "capacity",
    "OnDemandThroughput": "capacity",
    "WarmThroughput": "warm",
    "StreamSpecification": "stream",
    "SSESpecification": "sse",
    "TableClass": "class",
    "DeletionProtectionEnabled": "protection",
    "ReplicaUpdates": "replicas",
    "VectorIndexUpdates": "vector",
    "GlobalTableWitnessUpdates": "replicas",
    "MultiRegionConsistency": "replicas",
    "GlobalTableSettingsReplicationMode": "settings-replication",
}


def index_updates(body: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """(Create | Update | Delete, its definition) of each index update in a call."""
    return [
        (kind, value)
        for update in body.get("GlobalSecondaryIndexUpdates") or ()
        for kind, value in update.items()
        if isinstance(value, dict)
    ]


def stamp(at: float) -> str:
    """A time as the service writes it into its messages."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime(
        "%A, %B %-d, %Y at %-I:%M:%S %p Coordinated Universal Time"
    )


@rule(
    RULES,
    "update-nothing",
    UPDATE,
    refuses="a call that changes nothing at all",
    source=API + "API_UpdateTable.html",
    certainty="observed",
)
def _nothing(ask: Ask) -> Refusal | None:
    if any(ask.body.get(name) is not None for name in (*_KINDS, "GlobalSecondaryIndexUpdates")):
        return None
    return invalid(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
        "SSESpecification or ReplicaUpdates is required"
    )


@rule(
    RULES,
    "update-while-updating",
    UPDATE,
    refuses="a change of a table that is CREATING, UPDATING or DELETING",
    source=API + "API_UpdateTable.html (ResourceInUseException)",
)
def _busy(ask: Ask) -> Refusal | None:
    if ask.table is None or ask.table.status == "ACTIVE":
        return None
    word = {"CREATING": "created", "DELETING": "deleted"}.get(ask.table.status, "updated")
    return Refusal(
        "ResourceInUseException",
        f"Attempt to change a resource which is still in use: Table is being {word}: {ask.table.name}",
    )


@rule(
    RULES,
    "one-index-change",
    UPDATE,
    refuses="two index creates or deletes in one call, or one while another index is CREATING or DELETING",
    source=API + "API_UpdateTable.html; GUIDE GSI.OnlineOps",
)
def _one_index(ask: Ask) -> Refusal | None:
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
def _index_busy(ask: Ask) -> Refusal | None:
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
def _allocating(ask: Ask) -> Refusal | None:
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
def _known(ask: Ask) -> Refusal | None:
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
def _count(ask: Ask) -> Refusal | None:
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
def _definitions(ask: Ask) -> Refusal | None:
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


def _lacking(ask: Ask, sent: Mapping[Any, Any]) -> Refusal | None:
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
    source="https://github.com/nubo-db/dynoxide/issues/144 says that the stored type wins silently; a definition that "
    "lies is refused here so that nobody believes in the change",
    certainty="assumed",
)
def _types(ask: Ask) -> Refusal | None:
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
def _new_index(ask: Ask) -> Refusal | None:
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


@rule(
    RULES,
    "one-kind-of-change",
    UPDATE,
    refuses="two kinds of change in one call: throughput, index create, index delete, stream, SSE, class, protection, "
    "replicas, warm throughput (a billing switch may carry the units of table and indexes)",
    source=API + 'API_UpdateTable.html: "You can only perform one of the following operations at once"',
    certainty="assumed",
)
def _one_kind(ask: Ask) -> Refusal | None:
    kinds = {kind for name, kind in _KINDS.items() if ask.body.get(name) is not None}
    for kind, value in index_updates(ask.body):
        if kind in {"Create", "Delete"}:
            kinds.add(f"index {kind.lower()}")
        else:
            kinds.add("warm" if value.get("WarmThroughput") and len(value) == 2 else "capacity")
    if kinds == {"stream", "capacity"}:
        return invalid_values("You cannot modify stream status while updating table IOPS")
    if len(kinds) > 1:
        return invalid_values(
            "Only one kind of change is allowed in one UpdateTable, this call has " + ", ".join(sorted(kinds))
        )
    return None


def _capacity_refusal(what: str, capacity: Capacity, wire: Mapping[str, Any], *, switching: bool) -> Refusal | None:
    read, write = int(wire.get("ReadCapacityUnits") or 0), int(wire.get("WriteCapacityUnits") or 0)
    if read < 1 or write < 1:
        return invalid_values("ReadCapacityUnits and WriteCapacityUnits must be greater than zero")
    if switching:
        return None
    if (read, write) == (capacity.read, capacity.write):
        return invalid(
            f"The provisioned throughput for the {what} will not change. The requested value equals the current value. "
            f"Current ReadCapacityUnits provisioned for the {what}: {capacity.read}. "
            f"Requested ReadCapacityUnits: {read}. "
            f"Current WriteCapacityUnits provisioned for the {what}: {capacity.write}. "
            f"Requested WriteCapacityUnits: {write}. Refer to the Amazon DynamoDB Developer Guide for current limits "
            "and how to request higher limits."
        )
    return None


def decrease_allowed_at(capacity: Capacity, now: float) -> float:
    """When the next decrease is allowed: now, or later the same or the next UTC day."""
    day = now // DAY_SECONDS
    today = [at for at in capacity.decreases if at // DAY_SECONDS == day]
    if len(today) < DECREASES_AT_ONCE:
        return now
    if len(today) >= DECREASES_A_DAY:
        return (day + 1) * DAY_SECONDS
    return max(now, today[-1] + DECREASE_EVERY_SECONDS)


def _decrease_refusal(capacity: Capacity, wire: Mapping[str, Any], now: float) -> Refusal | None:
    if int(wire["ReadCapacityUnits"]) >= capacity.read and int(wire["WriteCapacityUnits"]) >= capacity.write:
        return None
    at = decrease_allowed_at(capacity, now)
    if at <= now:
        return None
    today = sum(one // DAY_SECONDS == now // DAY_SECONDS for one in capacity.decreases)
    return limit(
        "Provisioned throughput decreases are limited within a given UTC day. After the first 4 decreases, each "
        "subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. "
        f"Number of decreases today: {today}. Last decrease at {stamp(capacity.decreases[-1])}. "
        f"Next decrease can be made at {stamp(at)}"
    )


def _capacities(ask: Ask, table: TableState) -> list[tuple[str, Capacity, Mapping[str, Any]]]:
    found = []
    if ask.body.get("ProvisionedThroughput"):
        found.append(("table", table.capacity, ask.body["ProvisionedThroughput"]))
    for kind, value in index_updates(ask.body):
        index = table.gsis.get(str(value.get("IndexName")))
        if kind == "Update" and index is not None and value.get("ProvisionedThroughput"):
            found.append((f"index {index.name}", index.capacity, value["ProvisionedThroughput"]))
    return found


@rule(
    RULES,
    "throughput-change",
    UPDATE,
    refuses="provisioned units that are zero, that equal the present ones, or that stand beside on-demand billing",
    source=API + "API_UpdateTable.html",
    certainty="observed",
)
def _throughput(ask: Ask) -> Refusal | None:
    table = ask.table
    if table is None:
        return None
    billing = ask.body.get("BillingMode") or table.billing
    capacities = _capacities(ask, table)
    if capacities and billing == "PAY_PER_REQUEST":
        return invalid_values(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )
    for what, capacity, wire in capacities:
        refusal = _capacity_refusal(what, capacity, wire, switching=table.on_demand_billing)
        if refusal is not None:
            return refusal
    return None


@rule(
    RULES,
    "throughput-decreases",
    UPDATE,
    refuses="a decrease after the fourth of a UTC day less than an hour after the last (27 a day), per table and index",
    source=GUIDE + "ServiceQuotas.html",
)
def _decreases(ask: Ask) -> Refusal | None:
    table = ask.table
    if table is None or table.on_demand_billing or ask.body.get("BillingMode") == "PAY_PER_REQUEST":
        return None
    for _, capacity, wire in _capacities(ask, table):
        refusal = _decrease_refusal(capacity, wire, ask.now)
        if refusal is not None:
            return refusal
    return None


@rule(
    RULES,
    "billing-switch",
    UPDATE,
    refuses="provisioned billing without units for the table and every GSI, and a mode that the table already has "
    "with nothing else to change",
    source=API + "API_UpdateTable.html",
)
def _billing(ask: Ask) -> Refusal | None:
    table, billing = ask.table, ask.body.get("BillingMode")
    if table is None or billing is None or billing == table.billing:
        return None
    if billing == "PAY_PER_REQUEST":
        return None
    if not ask.body.get("ProvisionedThroughput"):
        return invalid_values(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    given = {
        str(v.get("IndexName")) for k, v in index_updates(ask.body) if v.get("ProvisionedThroughput") and k == "Update"
    }
    for name in table.gsis:
        if name not in given:
            return invalid_values(f"ProvisionedThroughput must be specified for index: {name}")
    return None


@rule(
    RULES,
    "on-demand-switches",
    UPDATE,
    refuses="a fifth switch to on-demand billing within 24 hours",
    source=GUIDE + "switching.capacitymode.html",
)
def _switches(ask: Ask) -> Refusal | None:
    table = ask.table
    if table is None or ask.body.get("BillingMode") != "PAY_PER_REQUEST" or table.on_demand_billing:
        return None
    recent = [at for at in table.to_on_demand if ask.now - at < DAY_SECONDS]
    if len(recent) < TO_ON_DEMAND_CHANGES:
        return None
    return limit(
        f"Update to PayPerRequest mode are limited to {TO_ON_DEMAND_CHANGES} times in 1 day(s). "
        f"Last update at {stamp(recent[-1])}. Next update can be made at {stamp(recent[0] + DAY_SECONDS)}"
    )


@rule(
    RULES,
    "on-demand-maximum",
    UPDATE,
    refuses="an on-demand maximum on a provisioned table, or one of zero",
    source=GUIDE + "on-demand-capacity-mode-max-throughput.html",
)
def _maximum(ask: Ask) -> Refusal | None:
    table = ask.table
    if table is None:
        return None
    wires = [ask.body.get("OnDemandThroughput"), *(v.get("OnDemandThroughput") for _, v in index_updates(ask.body))]
    for wire in wires:
        if not wire:
            continue
        if (ask.body.get("BillingMode") or table.billing) != "PAY_PER_REQUEST":
            return invalid_values("OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST")
        if any(int(number) == 0 or int(number) < -1 for number in wire.values()):
            return invalid_values("OnDemandThroughput must be at least 1, or -1 for no maximum")
    return None


@rule(
    RULES,
    "warm-only-up",
    UPDATE,
    refuses="a warm throughput below the present one",
    source=GUIDE + "update-warm-throughput.html: warm throughput values can only be increased",
    certainty="assumed",
)
def _warm(ask: Ask) -> Refusal | None:
    table = ask.table
    if table is None:
        return None
    holders: list[tuple[str, TableState | IndexState, Any]] = [("table", table, ask.body.get("WarmThroughput"))]
    for kind, value in index_updates(ask.body):
        index = table.gsis.get(str(value.get("IndexName")))
        if kind == "Update" and index is not None:
            holders.append((f"index {index.name}", index, value.get("WarmThroughput")))
    for what, holder, wire in holders:
        for member, unit in (("ReadUnitsPerSecond", holder.warm.read), ("WriteUnitsPerSecond", holder.warm.write)):
            if wire and wire.get(member) is not None and int(wire[member]) < unit:
                return invalid_values(
                    f"Requested {member} for WarmThroughput for {what} is lower than current WarmThroughput, "
                    f"decreasing WarmThroughput is not supported. Current: {unit}, requested: {wire[member]}"
                )
    return None


@rule(
    RULES,
    "stream-twice",
    UPDATE,
    refuses="enabling a stream that is enabled (also with another view type), disabling one that is not",
    source=API + "API_UpdateTable.html (StreamSpecification)",
)
def _stream(ask: Ask) -> Refusal | None:
    spec, table = ask.body.get("StreamSpecification"), ask.table
    if not spec or table is None:
        return None
    if spec.get("StreamEnabled"):
        if not spec.get("StreamViewType"):
            return invalid_values("StreamViewType is required when StreamEnabled is true")
        if table.stream.view is not None:
            return invalid(f"Table already has an enabled stream: TableName: {table.name}")
        return None
    if spec.get("StreamViewType"):
        return invalid_values("If stream is being disabled, then UpdateViewType must not be specified")
    if table.stream.view is None:
        return invalid(f"Table has no stream to disable: TableName: {table.name}")
    return None


@rule(
    RULES,
    "stream-of-global-table",
    UPDATE,
    refuses="turning the stream of a table with replicas off",
    source="https://github.com/hashicorp/terraform-provider-aws/issues/20019",
    certainty="observed",
)
def _replica_stream(ask: Ask) -> Refusal | None:
    spec = ask.body.get("StreamSpecification")
    if ask.table is not None and ask.table.replicas and spec and not spec.get("StreamEnabled"):
        return invalid_values("Disabling Stream is not allowed for a Global Table replica.")
    return None


@rule(
    RULES,
    "table-class-twice-in-30-days",
    UPDATE,
    refuses="a third change of the table class within 30 days",
    source=GUIDE + "WorkingWithTables.tableclasses.html; code and message are our reading",
)
def _class(ask: Ask) -> Refusal | None:
    table, wanted = ask.table, ask.body.get("TableClass")
    if table is None or wanted is None or wanted == table.table_class:
        return None
    recent = [at for at in table.class_changes if ask.now - at < CLASS_WINDOW_SECONDS]
    if len(recent) < CLASS_CHANGES:
        return None
    return limit(
        f"Table class updates are limited to {CLASS_CHANGES} in a 30-day trailing period. "
        f"Last update at {stamp(recent[-1])}. Next update can be made at {stamp(recent[0] + CLASS_WINDOW_SECONDS)}"
    )


@rule(
    RULES,
    "sse-switches",
    UPDATE,
    refuses="a fifth change of the encryption key within 24 hours less than six hours after the last (8 a day); back "
    "to the key that AWS owns is always allowed",
    source=GUIDE + "encryption.usagenotes.html",
)
def _sse(ask: Ask) -> Refusal | None:
    table, spec = ask.table, ask.body.get("SSESpecification")
    if table is None or spec is None or not spec.get("Enabled"):
        return None
    recent = [at for at in table.sse_changes if ask.now - at < DAY_SECONDS]
    if len(recent) < SSE_CHANGES_AT_ONCE:
        return None
    if len(recent) < SSE_CHANGES_A_DAY and ask.now - recent[-1] >= SSE_EVERY_SECONDS:
        return None
    return limit("Number of SSE updates exceeds the limit: four in a 24-hour window, then one every six hours")


@rule(
    RULES,
    "sse-specification",
    UPDATE,
    "CreateTable",
    refuses="a KMS key together with Enabled false",
    source=API + "API_SSESpecification.html",
    certainty="assumed",
)
def _sse_spec(ask: Ask) -> Refusal | None:
    spec = ask.body.get("SSESpecification") or {}
    if spec.get("KMSMasterKeyId") and not spec.get("Enabled"):
        return invalid_values("SSESpecification: KMSMasterKeyId should only be provided when Enabled is true")
    return None


@rule(
    RULES,
    "replica-conditions",
    UPDATE,
    refuses="a replica of a table without a stream of both images, a second of one Region, or of a provisioned table "
    "whose write capacity is not scaled (unless autoscaling is known to the endpoint)",
    source=GUIDE + "V2globaltables_reqs_bestpractices.html",
)
def _replicas(ask: Ask) -> Refusal | None:
    table = ask.table
    if table is None:
        return None
    region = table.arn.split(":")[3] if table.arn.count(":") > 3 else ""
    for update in ask.body.get("ReplicaUpdates") or ():
        kind = next(iter(update), "")
        name = str((update.get(kind) or {}).get("RegionName"))
        if kind == "Create":
            if name in table.replicas or name == region:
                return invalid(
                    f"Failed to create a the new replica of table with name: '{table.name}' because one or "
                    f"more replicas already existed as tables or as replicas in Region {name}"
                )
            if table.stream.view != "NEW_AND_OLD_IMAGES" and ask.body.get("MultiRegionConsistency") != "STRONG":
                return invalid_values(
                    "The table must have DynamoDB Streams enabled with StreamViewType: "
                    "NEW_AND_OLD_IMAGES to create a replica"
                )
        elif name not in table.replicas:
            return invalid_values(
                "Replica specified in the Replica Update or Replica Delete action of the request was not found."
            )
    return None
