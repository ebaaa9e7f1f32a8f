"""Rules of CreateTable and DeleteTable, and of the names and keys that a table may have."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, limit, rule
from dynasmith.strict.state.describe import read_keys

RULES: list[StrictRule] = []
API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
GSI_PER_TABLE = 20  # GUIDE + ServiceQuotas.html
LSI_PER_TABLE = 5  # GUIDE + ServiceQuotas.html
PROJECTED_ATTRIBUTES = 100  # GUIDE + ServiceQuotas.html: of all indexes of a table together
GSI_KEY_ATTRIBUTES = 4  # of each kind; botocore's documentation of KeySchema, 2025
CONTROL_OPERATIONS_AT_ONCE = 500  # API reference, CreateTable / LimitExceededException


@rule(
    RULES,
    "table-exists",
    "CreateTable",
    refuses="a table whose name is taken, also by one that is being deleted",
    source=API + "API_CreateTable.html",
)
def _exists(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None:
        return None
    if ask.table.status == "DELETING":
        return Refusal(
            "ResourceInUseException",
            f"Attempt to change a resource which is still in use: Table is being deleted: {ask.name}",
        )
    return Refusal("ResourceInUseException", f"Table already exists: {ask.name}")


@rule(
    RULES,
    "operations-at-once",
    "CreateTable",
    refuses="a table more than 500 that are in transition at once",
    source=API + "API_CreateTable.html (LimitExceededException)",
)
def _at_once(ask: JudgedRequest) -> Refusal | None:
    if ask.account.changing() < CONTROL_OPERATIONS_AT_ONCE:
        return None
    return limit("Too many operations in progress. The number of tables in transition exceeds the account limit.")


def _schemas(body: Mapping[str, Any]) -> list[Any]:
    indexes = [*(body.get("GlobalSecondaryIndexes") or ()), *(body.get("LocalSecondaryIndexes") or ())]
    return [body.get("KeySchema"), *(index.get("KeySchema") for index in indexes)]


@rule(
    RULES,
    "definitions-exact",
    "CreateTable",
    refuses="an attribute definition that no key uses, and a key attribute without definition",
    source=API + "API_CreateTable.html; messages as observed",
    certainty="observed",
)
def _definitions(ask: JudgedRequest) -> Refusal | None:
    body = ask.body
    defined = [d.get("AttributeName") for d in body.get("AttributeDefinitions") or ()]
    used = {name for schema in _schemas(body) for name, _ in read_keys(schema)}
    table_keys = [name for name, _ in read_keys(body.get("KeySchema"))]
    missing = [name for name in table_keys if name not in defined]
    indexed = bool(body.get("GlobalSecondaryIndexes") or body.get("LocalSecondaryIndexes"))
    listed = "[" + ", ".join(map(str, defined)) + "]"
    if missing:
        return invalid_values(
            f"Some index key attributes are not defined in AttributeDefinitions. Keys: [{', '.join(missing)}], "
            f"AttributeDefinitions: {listed}"
        )
    lacking = sorted(used - set(defined))
    if lacking:
        return invalid_values(
            f"Some index key attributes are not defined in AttributeDefinitions. Keys: [{', '.join(lacking)}], "
            f"AttributeDefinitions: {listed}"
        )
    if set(defined) == used and len(defined) == len(set(defined)):
        return None
    if not indexed:
        return invalid_values(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )
    return invalid_values(
        f"Some AttributeDefinitions are not used. AttributeDefinitions: {listed}, "
        f"keys used: [{', '.join(sorted(used))}]"
    )


def key_refusal(schema: Any, most: int = 1) -> Refusal | None:
    """What is wrong with a key schema: HASH first, then RANGE, no attribute twice; ``most`` of each kind."""
    keys = read_keys(schema)
    kinds = [kind for _, kind in keys]
    if not keys or kinds[0] != "HASH":
        return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    hashes, ranges = kinds.count("HASH"), kinds.count("RANGE")
    if most == 1 and len(keys) == 2 and kinds[1] != "RANGE":
        return invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
    if hashes > most or ranges > most:
        return invalid_values(f"KeySchema has {hashes} HASH and {ranges} RANGE attributes, the most is {most} of each")
    if kinds != ["HASH"] * hashes + ["RANGE"] * ranges:
        return invalid("Invalid KeySchema: HASH key attributes must come before RANGE key attributes")
    names = [name for name, _ in keys]
    if len(set(names)) != len(names):
        return invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    return None


@rule(
    RULES,
    "key-schema",
    "CreateTable",
    refuses="a key schema that is not a HASH key and at most a RANGE key (an index of a table: up to four of each)",
    source=API + "API_KeySchemaElement.html",
)
def _keys(ask: JudgedRequest) -> Refusal | None:
    refusal = key_refusal(ask.body.get("KeySchema"))
    if refusal is not None:
        return refusal
    for index in ask.body.get("GlobalSecondaryIndexes") or ():
        refusal = key_refusal(index.get("KeySchema"), GSI_KEY_ATTRIBUTES)
        if refusal is not None:
            return refusal
    return None


@rule(
    RULES,
    "local-index",
    "CreateTable",
    refuses="an LSI without a sort key on the table, with another partition key, or more than five of them",
    source=GUIDE + "LSI.html",
)
def _local(ask: JudgedRequest) -> Refusal | None:
    locals_ = ask.body.get("LocalSecondaryIndexes") or ()
    keys = read_keys(ask.body.get("KeySchema"))
    if not locals_:
        return None
    if len(keys) < 2:
        return invalid_values(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )
    if len(locals_) > LSI_PER_TABLE:
        return invalid_values(f"Number of LocalSecondaryIndexes exceeds per-table limit of {LSI_PER_TABLE}")
    for index in locals_:
        index_keys = read_keys(index.get("KeySchema"))
        if index_keys[:1] != keys[:1]:
            return invalid_values(
                f"Table KeySchema does not match LocalSecondaryIndex {index.get('IndexName')}: "
                "the index KeySchema must have the same hash key as the table"
            )
        if len(index_keys) < 2:
            return invalid_values(f"Index KeySchema does not have a range key for index: {index.get('IndexName')}")
    return None


@rule(
    RULES,
    "index-count",
    "CreateTable",
    refuses="more than 20 GSIs",
    source=GUIDE + "ServiceQuotas.html",
)
def _many(ask: JudgedRequest) -> Refusal | None:
    if len(ask.body.get("GlobalSecondaryIndexes") or ()) > GSI_PER_TABLE:
        return invalid_values(f"GlobalSecondaryIndex count exceeds the per-table limit of {GSI_PER_TABLE}")
    return None


@rule(
    RULES,
    "index-names",
    "CreateTable",
    refuses="two indexes of one name",
    source=API + "API_CreateTable.html",
)
def _names(ask: JudgedRequest) -> Refusal | None:
    body = ask.body
    names = [
        index.get("IndexName")
        for index in (*(body.get("GlobalSecondaryIndexes") or ()), *(body.get("LocalSecondaryIndexes") or ()))
    ]
    for name in names:
        if names.count(name) > 1:
            return invalid_values(f"Duplicate index name: {name}")
    return None


def projection_refusal(indexes: Sequence[Mapping[str, Any]], already: int = 0) -> Refusal | None:
    """What is wrong with projections, and with the number of projected attributes of all indexes together."""
    total = already
    for index in indexes:
        projection = index.get("Projection") or {}
        kind, attributes = projection.get("ProjectionType"), projection.get("NonKeyAttributes")
        if kind is None:
            return invalid_values(f"Unknown ProjectionType: null for index {index.get('IndexName')}")
        if kind == "INCLUDE" and not attributes:
            return invalid_values("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
        if kind != "INCLUDE" and attributes:
            return invalid_values(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
        total += len(attributes or ())
    if total > PROJECTED_ATTRIBUTES:
        return invalid_values(
            f"The total number of projected attributes of all indexes, {total}, exceeds {PROJECTED_ATTRIBUTES}"
        )
    return None


@rule(
    RULES,
    "projection",
    "CreateTable",
    refuses="INCLUDE without attributes, attributes without INCLUDE, more than 100 projected attributes in all",
    source=API + "API_Projection.html",
)
def _projection(ask: JudgedRequest) -> Refusal | None:
    body = ask.body
    indexes = [*(body.get("GlobalSecondaryIndexes") or ()), *(body.get("LocalSecondaryIndexes") or ())]
    return projection_refusal(indexes)


@rule(
    RULES,
    "capacity-with-billing",
    "CreateTable",
    refuses="provisioned billing without units for the table and each GSI, and units with on-demand billing",
    source=API + "API_CreateTable.html",
)
def _billing(ask: JudgedRequest) -> Refusal | None:
    body = ask.body
    on_demand = body.get("BillingMode") == "PAY_PER_REQUEST"
    if on_demand and body.get("ProvisionedThroughput"):
        return invalid_values(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )
    if not on_demand and not body.get("ProvisionedThroughput"):
        return invalid_values(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    for index in body.get("GlobalSecondaryIndexes") or ():
        has = bool(index.get("ProvisionedThroughput"))
        if on_demand and has:
            return invalid_values(
                "ProvisionedThroughput should not be specified for index: "
                f"{index.get('IndexName')} when BillingMode is PAY_PER_REQUEST"
            )
        if not on_demand and not has:
            return invalid_values(f"ProvisionedThroughput must be specified for index: {index.get('IndexName')}")
    if not on_demand and body.get("OnDemandThroughput"):
        return invalid_values("OnDemandThroughput cannot be specified when BillingMode is PROVISIONED")
    return None


@rule(
    RULES,
    "stream-specification",
    "CreateTable",
    refuses="a stream without a view type, and a view type without a stream",
    source=API + "API_StreamSpecification.html",
)
def _stream(ask: JudgedRequest) -> Refusal | None:
    spec = ask.body.get("StreamSpecification")
    if not spec:
        return None
    if spec.get("StreamEnabled") and not spec.get("StreamViewType"):
        return invalid_values("StreamViewType is required when StreamEnabled is true")
    if not spec.get("StreamEnabled") and spec.get("StreamViewType"):
        return invalid_values("Table is being created with a stream disabled, UpdateViewType should not be specified")
    return None


@rule(
    RULES,
    "table-not-found",
    "DeleteTable",
    "UpdateTable",
    "DescribeTable",
    "UpdateTimeToLive",
    "DescribeTimeToLive",
    refuses="a table that is not there",
    source=API + "API_DescribeTable.html",
)
def _missing(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None and ask.name:
        return Refusal("ResourceNotFoundException", f"Requested resource not found: Table: {ask.name} not found")
    return None


@rule(
    RULES,
    "table-not-found-backups",
    "CreateBackup",
    "DescribeContinuousBackups",
    "UpdateContinuousBackups",
    refuses="a table that is not there, with the backups' own error",
    source=API + "API_CreateBackup.html",
)
def _missing_backup(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None and ask.name:
        return Refusal("TableNotFoundException", f"Table not found: {ask.name}")
    return None


@rule(
    RULES,
    "deletion-protection",
    "DeleteTable",
    refuses="deleting a table whose protection is on",
    source=GUIDE + "WorkingWithTables.Basics.html",
    certainty="observed",
)
def _protected(ask: JudgedRequest) -> Refusal | None:
    if ask.table is not None and ask.table.protected:
        return invalid(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
    return None


@rule(
    RULES,
    "delete-only-active",
    "DeleteTable",
    refuses="deleting a table that is CREATING, UPDATING or being deleted",
    source=API + "API_DeleteTable.html (ResourceInUseException)",
)
def _delete_busy(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    if table is None:
        return None
    if table.status != "ACTIVE":
        word = {"CREATING": "created", "DELETING": "deleted"}.get(table.status, "updated")
        return Refusal(
            "ResourceInUseException",
            f"Attempt to change a resource which is still in use: Table is being {word}: {table.name}",
        )
    return None


@rule(
    RULES,
    "delete-while-index-changes",
    "DeleteTable",
    refuses="deleting a table while an index of it is being created, updated or deleted, also when the table is ACTIVE",
    source="https://github.com/go-to-k/cdkd/issues/1830",
    certainty="observed",
)
def _delete_index_busy(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None or all(index.status == "ACTIVE" for index in ask.table.gsis.values()):
        return None
    return Refusal(
        "ResourceInUseException",
        "Attempt to change a resource which is still in use: "
        "Cannot delete table while indexes are being created, updated, or deleted.",
    )


@rule(
    RULES,
    "tag-count",
    "CreateTable",
    "TagResource",
    refuses="more than 50 tags",
    source=GUIDE + "Tagging.html",
)
def _tags(ask: JudgedRequest) -> Refusal | None:
    have = set(ask.table.tags) if ask.table is not None else set()
    wanted = have | {tag.get("Key") for tag in ask.body.get("Tags") or ()}
    if len(wanted) > 50:
        return invalid("One or more parameter values were invalid: Too many tags: a resource has at most 50")
    return None
