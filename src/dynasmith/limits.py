"""The service's numbers, unit last in the name, each with its source.

Sources: *Quotas* is "Service, account, and table quotas in Amazon DynamoDB" and *Constraints* the page "Constraints in
Amazon DynamoDB" of the Developer Guide; *API* the DynamoDB API Reference, whose shapes botocore's service model holds.
"""

from typing import Final, NamedTuple

from msgspec import Struct

# Source: API, CreateTable, TableName minimum 3, maximum 255 (an ARN may be longer); Constraints, "Naming rules".
TABLE_NAME_MIN_CHARACTERS: Final = 3
TABLE_NAME_MAX_CHARACTERS: Final = 255
# Source: API, CreateTable, GlobalSecondaryIndex.IndexName, minimum 3, maximum 255.
INDEX_NAME_MIN_CHARACTERS: Final = 3
INDEX_NAME_MAX_CHARACTERS: Final = 255
# Source: API, shape KeySchemaAttributeName, maximum 255 (a key attribute of a table or an index).
KEY_ATTRIBUTE_NAME_MAX_CHARACTERS: Final = 255
# Source: Constraints, "Attribute names": up to 64 KB for an attribute that is no key.
ATTRIBUTE_NAME_MAX_BYTES: Final = 65_535
# Source: API, shape TimeToLiveAttributeName, maximum 255.
TTL_ATTRIBUTE_NAME_MAX_CHARACTERS: Final = 255
# Source: Developer Guide, "Multi-attribute keys in global secondary indexes": up to 4 of each.
GSI_PARTITION_KEY_MAX_ATTRIBUTES: Final = 4
GSI_SORT_KEY_MAX_ATTRIBUTES: Final = 4
# Source: Quotas, "Global secondary indexes per table", a default that can be raised.
GSI_PER_TABLE_MAX_INDEXES: Final = 20
# Source: Quotas, "Local secondary indexes per table", fixed.
LSI_PER_TABLE_MAX_INDEXES: Final = 5
# Source: Quotas, "Projected secondary index attributes per table": INCLUDE attributes over all indexes together.
PROJECTED_PER_TABLE_MAX_ATTRIBUTES: Final = 100
# Source: API, TagResource; Tagging restrictions: 50 tags, keys of 128 and values of 256 Unicode characters.
TAGS_PER_TABLE_MAX_TAGS: Final = 50
TAG_KEY_MAX_CHARACTERS: Final = 128
TAG_VALUE_MAX_CHARACTERS: Final = 256
# Source: API, PutResourcePolicy, Policy: 20 KB, whitespace counted.
RESOURCE_POLICY_MAX_BYTES: Final = 20_480
# Source: API, shape RecoveryPeriodInDays, minimum 1, maximum 35.
RECOVERY_MIN_DAYS: Final = 1
RECOVERY_MAX_DAYS: Final = 35
# Source: AWS Backup API, Lifecycle: DeleteAfterDays must be 90 days greater than MoveToColdStorageAfterDays.
COLD_STORAGE_MIN_DAYS: Final = 90
# Source: botocore's model of AWS Backup: BackupRuleName, BackupSelectionName, BackupVaultName.
BACKUP_NAME_MAX_CHARACTERS: Final = 50
# Source: CloudWatch API, PutMetricAlarm: EvaluationPeriods times Period is one day at most (of periods under an hour).
ALARM_MAX_MINUTES: Final = 1_440
# Source: botocore's model of CloudWatch: AlarmName, ResourceList.
ALARM_NAME_MAX_CHARACTERS: Final = 255
ALARM_MAX_ACTIONS: Final = 5
# Source: Application Auto Scaling user guide, "Target tracking for DynamoDB": 20 to 90 percent.
AUTOSCALING_TARGET_MIN_PERCENT: Final = 20
AUTOSCALING_TARGET_MAX_PERCENT: Final = 90
# Source: Developer Guide, "Multi-Region strong consistency": exactly three Regions, one of which may be a witness.
STRONG_REGIONS: Final = 3

# Source: Constraints, "Item size" (names counted) and "Partition and sort key values".
ITEM_MAX_BYTES: Final = 409_600
PARTITION_KEY_VALUE_MAX_BYTES: Final = 2_048
SORT_KEY_VALUE_MAX_BYTES: Final = 1_024
# Source: Constraints, "Nested levels" and "Data types", Number.
NESTING_MAX_LEVELS: Final = 32
NUMBER_MAX_DIGITS: Final = 38
# Source: API, BatchWriteItem: 25 requests and 16 MB a call.
BATCH_WRITE_MAX_ITEMS: Final = 25
BATCH_WRITE_MAX_BYTES: Final = 16_777_216
# Source: API, BatchGetItem: 100 items and 16 MB a call.
BATCH_GET_MAX_ITEMS: Final = 100
BATCH_GET_MAX_BYTES: Final = 16_777_216
# Source: API, TransactWriteItems: 100 actions and 4 MB a call.
TRANSACTION_MAX_ITEMS: Final = 100
TRANSACTION_MAX_BYTES: Final = 4_194_304
# Source: API, Scan and Query: 1 MB a page, before any filter.
PAGE_MAX_BYTES: Final = 1_048_576
# Source: API, Scan, TotalSegments, maximum 1000000.
SCAN_MAX_SEGMENTS: Final = 1_000_000
# Source: Developer Guide, "Read and write operations": a write unit is 1 KB, a strongly consistent read unit 4 KB.
WRITE_UNIT_BYTES: Final = 1_024
READ_UNIT_BYTES: Final = 4_096
# Source: Quotas, "Table-level": default of each table, on-demand or provisioned, that can be raised.
TABLE_MAX_READ_UNITS_PER_SECOND: Final = 40_000
TABLE_MAX_WRITE_UNITS_PER_SECOND: Final = 40_000
# Source: Developer Guide, "Partitions": of one partition.
PARTITION_MAX_READ_UNITS_PER_SECOND: Final = 3_000
PARTITION_MAX_WRITE_UNITS_PER_SECOND: Final = 1_000
# Source: Developer Guide, "Warm throughput": of a new on-demand table.
NEW_ON_DEMAND_READ_UNITS_PER_SECOND: Final = 12_000
NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND: Final = 4_000
# Source: Quotas, "Control plane": operations at once in an account and Region, 250 where tables have indexes.
CONTROL_PLANE_MAX_OPERATIONS: Final = 500
CONTROL_PLANE_INDEXED_MAX_OPERATIONS: Final = 250
# Source: Quotas, "Tables per account", a default that can be raised.
TABLES_PER_REGION_MAX_TABLES: Final = 2_500


# Source: Lambda Developer Guide, "Lambda quotas": 50 MB zipped for direct upload, 250 MB unzipped with layers.
LAMBDA_UPLOAD_MAX_BYTES: Final = 52_428_800
LAMBDA_UNZIPPED_MAX_BYTES: Final = 262_144_000
# Source: CloudWatch API Reference, GetMetricData: 500 queries a call, 100,800 data points a page.
METRIC_DATA_MAX_QUERIES: Final = 500
METRIC_DATA_MAX_POINTS: Final = 100_800
# Source: Developer Guide, "DynamoDB metrics and dimensions" (a minute); CloudWatch API Reference, MetricStat.Period.
METRIC_PERIOD_MIN_SECONDS: Final = 60
METRIC_PERIOD_MAX_SECONDS: Final = 86_400


class KeptPeriod(NamedTuple):
    """So many days back a period is a multiple of so many seconds."""

    days: int
    period_seconds: int


# Source: CloudWatch API Reference, GetMetricData, StartTime: 15 days by the minute, 63 by 5 minutes, 455 by the hour.
CLOUDWATCH_PERIODS: Final = (KeptPeriod(15, 60), KeptPeriod(63, 300), KeptPeriod(455, 3_600))


class Quotas(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an account may have: the service's defaults, raised by ``[limits]`` of a project file."""

    gsi_per_table: int = GSI_PER_TABLE_MAX_INDEXES
    lsi_per_table: int = LSI_PER_TABLE_MAX_INDEXES
    projected_attributes_per_table: int = PROJECTED_PER_TABLE_MAX_ATTRIBUTES
    tags_per_table: int = TAGS_PER_TABLE_MAX_TAGS
    tables_per_region: int = TABLES_PER_REGION_MAX_TABLES
    control_plane_operations: int = CONTROL_PLANE_MAX_OPERATIONS
    table_read_units_per_second: int = TABLE_MAX_READ_UNITS_PER_SECOND
    table_write_units_per_second: int = TABLE_MAX_WRITE_UNITS_PER_SECOND


# Source: the constants above.
DEFAULT_QUOTAS: Final = Quotas()
