"""What a definition file may say: one tree of keys, read by the parser, the JSON Schema and the reference page."""

from dynasmith.tables.document_kinds import (
    ENABLED,
    Block,
    Boolean,
    Choice,
    DocumentKey,
    FreeForm,
    Integer,
    ListOf,
    MapOf,
    Number,
    Text,
)
from dynasmith.tables.settings import SETTINGS
from dynasmith.tables.settings.contributor_insights import ContributorInsightsSetting
from dynasmith.tables.table import Billing, Consistency, ProjectionKind, TableClass

ATTRIBUTE = Block(
    "an attributes entry",
    (
        DocumentKey("name", Text(), "The attribute's name.", required=True, aws="AttributeName"),
        DocumentKey(
            "type",
            Choice(("S", "N", "B")),
            "Text, number or binary: the types that a key can have.",
            required=True,
            aws="AttributeType",
        ),
    ),
)
KEY_ENTRY = Block(
    "a key_schema entry",
    (
        DocumentKey("attribute_name", Text(), "An attribute of `attributes`.", required=True, aws="AttributeName"),
        DocumentKey(
            "key_type",
            Choice(("HASH", "RANGE")),
            "`HASH` for the partition key, `RANGE` for the sort key.",
            required=True,
            aws="KeyType",
        ),
    ),
    synonyms={"name": "attribute_name", "type": "key_type"},
)
KEY_SCHEMA = ListOf(KEY_ENTRY, filled=True)
PROJECTION = Block(
    "a projection",
    (
        DocumentKey(
            "type",
            Choice(tuple(ProjectionKind)),
            "What the index holds beside the keys.",
            default="ALL",
            aws="ProjectionType",
        ),
        DocumentKey("attributes", ListOf(Text()), "The attributes, with `INCLUDE` only.", aws="NonKeyAttributes"),
    ),
    synonyms={"projection_type": "type", "non_key_attributes": "attributes"},
)
CAPACITY = Block(
    "provisioned_throughput",
    (
        DocumentKey("read", Integer(1), "Read units a second.", required=True, aws="ReadCapacityUnits"),
        DocumentKey("write", Integer(1), "Write units a second.", required=True, aws="WriteCapacityUnits"),
    ),
    synonyms={"read_capacity": "read", "write_capacity": "write", "rcu": "read", "wcu": "write"},
)
ON_DEMAND = Block(
    "on_demand_throughput",
    (
        ENABLED,
        DocumentKey(
            "max_read",
            Integer(-1),
            "Read units a second at most; -1 is none, and one that is there stays where this is absent.",
            default="no maximum",
            aws="MaxReadRequestUnits",
        ),
        DocumentKey(
            "max_write",
            Integer(-1),
            "Write units a second at most; -1 is none, and one that is there stays where this is absent.",
            default="no maximum",
            aws="MaxWriteRequestUnits",
        ),
    ),
    switch=True,
    synonyms={"read": "max_read", "write": "max_write"},
)
WARM = Block(
    "warm_throughput",
    (
        DocumentKey("read", Integer(1), "Read units a second.", aws="ReadUnitsPerSecond"),
        DocumentKey("write", Integer(1), "Write units a second.", aws="WriteUnitsPerSecond"),
    ),
)
SCALING = Block(
    "an autoscaling dimension",
    (
        ENABLED,
        DocumentKey("min", Integer(1), "The least capacity, in units a second.", required=True),
        DocumentKey("max", Integer(1), "The most capacity, in units a second.", required=True),
        DocumentKey(
            "target",
            Number(20, 90),
            "The share of the capacity to be used, in percent, 20 to 90; one that is there stays where this is absent.",
            default="70",
        ),
        DocumentKey("scale_in_cooldown_seconds", Integer(0), "Seconds between two decreases."),
        DocumentKey("scale_out_cooldown_seconds", Integer(0), "Seconds between two increases."),
        DocumentKey("disable_scale_in", Boolean(), "Raise capacity, never lower it."),
    ),
    switch=True,
    synonyms={
        "min_capacity": "min",
        "max_capacity": "max",
        "target_utilization": "target",
        "target_value": "target",
        "scale_in_cooldown": "scale_in_cooldown_seconds",
        "scale_out_cooldown": "scale_out_cooldown_seconds",
    },
)
AUTOSCALING = Block(
    "autoscaling",
    (
        ENABLED,
        DocumentKey("read", SCALING, "Of the read capacity; `{enabled: false}` turns it off."),
        DocumentKey("write", SCALING, "Of the write capacity; `{enabled: false}` turns it off."),
    ),
    switch=True,
)
_INDEX_SYNONYMS = {"index_name": "name", "projection_type": "projection: {type: ...}", "keys": "key_schema"}
INDEX = Block(
    "a global_secondary_indexes entry",
    (
        DocumentKey(
            "name", Text(), "The index's name: 3 to 255 of letters, digits, `_`, `.`, `-`.", True, aws="IndexName"
        ),
        DocumentKey(
            "key_schema", KEY_SCHEMA, "1 to 4 `HASH` and up to 4 `RANGE` entries, in order.", True, aws="KeySchema"
        ),
        DocumentKey("projection", PROJECTION, "Which attributes the index holds.", default="ALL", aws="Projection"),
        DocumentKey("provisioned_throughput", CAPACITY, "With `PROVISIONED`.", aws="ProvisionedThroughput"),
        DocumentKey("on_demand_throughput", ON_DEMAND, "With `PAY_PER_REQUEST`.", aws="OnDemandThroughput"),
        DocumentKey(
            "warm_throughput", WARM, "What can be served at once; it can only be raised.", aws="WarmThroughput"
        ),
        DocumentKey("autoscaling", AUTOSCALING, "Of the index's own capacity, with `PROVISIONED`."),
        DocumentKey("contributor_insights", ContributorInsightsSetting().key.kind, "Which keys of it are used most."),
    ),
    synonyms=_INDEX_SYNONYMS,
)
LOCAL_INDEX = Block(
    "a local_secondary_indexes entry",
    (
        DocumentKey(
            "name", Text(), "The index's name: 3 to 255 of letters, digits, `_`, `.`, `-`.", True, aws="IndexName"
        ),
        DocumentKey("key_schema", KEY_SCHEMA, "The table's `HASH` entry and one `RANGE` entry.", True, aws="KeySchema"),
        DocumentKey("projection", PROJECTION, "Which attributes the index holds.", default="ALL", aws="Projection"),
    ),
    synonyms=_INDEX_SYNONYMS,
)
REPLICA = Block(
    "a replicas entry",
    (
        DocumentKey("region", Text(), "The replica's Region.", required=True),
        DocumentKey("point_in_time_recovery", Boolean(), "Point-in-time recovery of the replica."),
        DocumentKey("deletion_protection", Boolean(), "Deletion protection of the replica."),
        DocumentKey("table_class", Choice(tuple(TableClass)), "Table class of the replica."),
        DocumentKey("key", Text(), "KMS key of the replica, in its own Region."),
        DocumentKey("tags", MapOf(Text(empty=True)), "Tags of the replica in its Region."),
        DocumentKey("propagate_tags", Boolean(), "The tags of the table are the replica's too.", default="`false`"),
    ),
    synonyms={"region_name": "region", "kms_key": "key", "kms_key_arn": "key"},
)
SUPPRESSION = Block(
    "a suppress entry",
    (
        DocumentKey("code", Text(), "The code of a finding of `validate`.", required=True),
        DocumentKey("reason", Text(), "Why it is accepted.", required=True),
    ),
)

TABLE = Block(
    "a table",
    (
        DocumentKey(
            "name", Text(), "3 to 255 of letters, digits, `_`, `.`, `-`, with prefix and suffix.", required=True
        ),
        DocumentKey("description", Text(empty=True), "For people only."),
        DocumentKey("attributes", ListOf(ATTRIBUTE, by="name"), "Every attribute that a key uses, and no other.", True),
        DocumentKey("key_schema", KEY_SCHEMA, "The table's key: one `HASH`, at most one `RANGE`.", required=True),
        DocumentKey(
            "billing_mode", Choice(tuple(Billing)), "How it is paid for.", default="`PAY_PER_REQUEST` when created"
        ),
        DocumentKey("provisioned_throughput", CAPACITY, "With `PROVISIONED`."),
        DocumentKey("on_demand_throughput", ON_DEMAND, "A ceiling, with `PAY_PER_REQUEST`."),
        DocumentKey("warm_throughput", WARM, "What can be served at once; it can only be raised, and it costs."),
        DocumentKey("autoscaling", AUTOSCALING, "Of the table's capacity, with `PROVISIONED`; an index has its own."),
        DocumentKey("global_secondary_indexes", ListOf(INDEX, by="name"), "Indexes with a key of their own."),
        DocumentKey("local_secondary_indexes", ListOf(LOCAL_INDEX, by="name"), "Made with the table, never changed."),
        *(setting.key for setting in SETTINGS),
        DocumentKey("tags", MapOf(Text(empty=True)), "Tags of the table."),
        DocumentKey("replicas", ListOf(REPLICA, by="region"), "Replicas in other Regions."),
        DocumentKey("access_patterns", ListOf(Text()), "What the table is asked, for people and for `validate`."),
        DocumentKey(
            "personal",
            ListOf(Text()),
            "Attributes with data of persons, `address.street` too: a copy out of a protected environment masks them.",
        ),
        DocumentKey("suppress", ListOf(SUPPRESSION, by="code"), "Findings of `validate` that are accepted."),
        DocumentKey("multi_region_consistency", Choice(tuple(Consistency)), "How replicas agree."),
        DocumentKey("witness_region", Text(), "The witness of a STRONG table that has one replica."),
        DocumentKey(
            "items", ListOf(FreeForm()), "Small static items that belong to the table, plain or DynamoDB JSON."
        ),
    ),
    synonyms={
        "table_name": "name",
        "hash_key": "key_schema with key_type: HASH",
        "range_key": "key_schema with key_type: RANGE",
        "partition_key": "key_schema with key_type: HASH",
        "sort_key": "key_schema with key_type: RANGE",
        "attribute_definitions": "attributes",
        "ttl": "time_to_live: {attribute: ...}",
        "pitr": "point_in_time_recovery",
        "streams": "stream",
        "stream_enabled": "stream: {view_type: ...}",
        "stream_view_type": "stream: {view_type: ...}",
        "gsi": "global_secondary_indexes",
        "gsis": "global_secondary_indexes",
        "lsi": "local_secondary_indexes",
        "lsis": "local_secondary_indexes",
        "sse": "encryption",
        "server_side_encryption": "encryption",
        "read_capacity": "provisioned_throughput: {read: ..., write: ...}",
        "write_capacity": "provisioned_throughput: {read: ..., write: ...}",
        "policy": "resource_policy",
        "replica_regions": "replicas",
    },
)
OVERRIDES = Block(
    "an environment of a definition file",
    (DocumentKey("tables", ListOf(TABLE, by="name"), "Deep-merged over the tables by name.", required=True),),
)
DEFINITION = Block(
    "a definition file",
    (
        DocumentKey("tables", ListOf(TABLE, by="name"), "The tables.", required=True),
        DocumentKey("environments", MapOf(OVERRIDES), "What differs in an environment, by its name."),
        DocumentKey("$schema", Text(empty=True), "The JSON Schema, for editors; not read."),
    ),
    synonyms={"table": "tables", "Tables": "tables", "environment": "environments"},
)
