"""Rules of UpdateTable for streams, table class, encryption and replicas, and of what goes together in one call."""

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, limit, rule
from dynasmith.strict.rules.tables import API, GUIDE
from dynasmith.strict.rules.update import DAY_SECONDS, KINDS, UPDATE, index_updates, stamp

RULES: list[StrictRule] = []
# GUIDE + WorkingWithTables.tableclasses.html: "no more than two table class updates are allowed on your table in a
# 30-day trailing period".
CLASS_CHANGES, CLASS_WINDOW_SECONDS = 2, 30 * 86_400.0
# GUIDE + encryption.usagenotes.html: "up to four times, anytime per 24-hour window ... one additional for each six
# hours without one" (8 a day).
SSE_CHANGES_AT_ONCE, SSE_CHANGES_A_DAY, SSE_EVERY_SECONDS = 4, 8, 6 * 3600.0


@rule(
    RULES,
    "one-kind-of-change",
    UPDATE,
    refuses="two kinds of change in one call: throughput, index create, index delete, stream, SSE, class, protection, "
    "replicas, warm throughput (a billing switch may carry the units of table and indexes)",
    source=API + 'API_UpdateTable.html: "You can only perform one of the following operations at once"',
    certainty="assumed",
)
def _one_kind(ask: JudgedRequest) -> Refusal | None:
    kinds = {kind for name, kind in KINDS.items() if ask.body.get(name) is not None}
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


@rule(
    RULES,
    "stream-twice",
    UPDATE,
    refuses="enabling a stream that is enabled (also with another view type), disabling one that is not",
    source=API + "API_UpdateTable.html (StreamSpecification)",
)
def _stream(ask: JudgedRequest) -> Refusal | None:
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
def _replica_stream(ask: JudgedRequest) -> Refusal | None:
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
def _class(ask: JudgedRequest) -> Refusal | None:
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
def _sse(ask: JudgedRequest) -> Refusal | None:
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
def _sse_spec(ask: JudgedRequest) -> Refusal | None:
    spec = ask.body.get("SSESpecification") or {}
    if spec.get("KMSMasterKeyId") and not spec.get("Enabled"):
        return invalid_values("SSESpecification: KMSMasterKeyId should only be provided when Enabled is true")
    return None


@rule(
    RULES,
    "replica-conditions",
    UPDATE,
    refuses="a replica of a table without a stream of both images, a second of one Region, or of a provisioned table "
    "whose write capacity no target of Application Auto Scaling scales (registered through this endpoint)",
    source=GUIDE + "V2globaltables_reqs_bestpractices.html",
)
def _replicas(ask: JudgedRequest) -> Refusal | None:
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
            scaled = (f"table/{table.name}", "dynamodb:table:WriteCapacityUnits") in ask.account.scaled
            if not table.on_demand_billing and not scaled:
                return invalid_values("Table write capacity should either be Pay-Per-Request or AutoScaled.")
        elif name not in table.replicas:
            return invalid_values(
                "Replica specified in the Replica Update or Replica Delete action of the request was not found."
            )
    return None
