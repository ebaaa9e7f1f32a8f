"""All rules in the order in which they are judged, with those that the endpoint keeps itself."""

from dynasmith.strict.rules import attributes as rules_attributes
from dynasmith.strict.rules import autoscaling as scaling
from dynasmith.strict.rules import aws_backup
from dynasmith.strict.rules import capacity as rules_capacity
from dynasmith.strict.rules import data as rules_data
from dynasmith.strict.rules import expressions as rules_expressions
from dynasmith.strict.rules import indexes as rules_indexes
from dynasmith.strict.rules import items as rules_items
from dynasmith.strict.rules import keys as rules_keys
from dynasmith.strict.rules import mappings as rules_mappings
from dynasmith.strict.rules import old_parameters as rules_old
from dynasmith.strict.rules import protection as rules_protect
from dynasmith.strict.rules import reads as rules_reads
from dynasmith.strict.rules import request_shapes as model
from dynasmith.strict.rules import settings as rules_settings
from dynasmith.strict.rules import statements as rules_statements
from dynasmith.strict.rules import streams as rules_streams
from dynasmith.strict.rules import tables as rules_tables
from dynasmith.strict.rules import transfers as rules_transfers
from dynasmith.strict.rules import update as rules_update
from dynasmith.strict.rules.data import ITEM_OPERATIONS
from dynasmith.strict.rules.rule import StrictRule
from dynasmith.strict.rules.tables import API, GUIDE

_STATEMENTS = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")

# Kept in the endpoint itself, not by a check of one call.
KEPT: tuple[StrictRule, ...] = (
    StrictRule(
        "states",
        ("CreateTable", "UpdateTable", "DeleteTable", "UpdateTimeToLive", "CreateBackup", "RestoreTableFromBackup"),
        "being ready at once: tables, indexes, TTL, backups and restores pass through CREATING, UPDATING, ENABLING, "
        "DELETING; off, everything is ready when the call returns",
        API + "API_TableDescription.html",
    ),
    StrictRule(
        "deleted-table-backup",
        ("DeleteTable",),
        "the loss of a table with PITR that is deleted: a backup of type SYSTEM keeps it for 35 days",
        GUIDE + "PointInTimeRecovery_Howitworks.html",
    ),
    StrictRule(
        "aws-backup-role",
        ("backup:CreateBackupSelection", "backup:StartBackupJob", "backup:StartRestoreJob"),
        "a role that AWS Backup cannot take; a job whose role lacks an action fails, and names the first one alone",
        "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/backup/selection.go",
        "observed",
    ),
    StrictRule(
        "mapping-function",
        ("lambda:CreateEventSourceMapping", "lambda:UpdateEventSourceMapping"),
        "a mapping to a function, an alias or a version that does not exist",
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html (ResourceNotFoundException)",
    ),
    StrictRule(
        "mapping-role",
        ("lambda:CreateEventSourceMapping", "lambda:UpdateEventSourceMapping"),
        "a mapping to a function whose role Lambda cannot take, or which may not read the stream (GetRecords, "
        "GetShardIterator, DescribeStream, ListStreams) or send to the destination for failures",
        "https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html; codes and messages as observed",
        "observed",
    ),
    StrictRule(
        "iam",
        ("*",),
        "a call of a role that was taken through the endpoint (AssumeRole), which its policies, or those of the table, "
        "do not allow; a condition other than StringEquals, StringLike, ArnEquals, ArnLike, the same turned round "
        "(StringNotLike), and ForAllValues on dynamodb:LeadingKeys is an error (StrictPolicyException)",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
    ),
    StrictRule(
        "region-enabled",
        ("*",),
        "a call to a Region that `strict.disable_region` named, and a replica there: the account has not enabled it",
        "https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html; the code of a call there as "
        "observed, that of a replica is assumed",
        "assumed",
    ),
    StrictRule(
        "item-count-stale",
        ("DescribeTable",),
        "a count of items and bytes that is newer than six hours",
        API + "API_TableDescription.html (ItemCount)",
    ),
    StrictRule(
        "consumed-capacity-right",
        ("GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan", *_STATEMENTS),
        "a ConsumedCapacity of reads that does not follow from what was read, and one of PartiQL that does not follow "
        "from the items before and after",
        GUIDE + "read-write-operations.html",
    ),
    StrictRule(
        "update-applies",
        ("UpdateItem",),
        "an update that the item cannot take: a path into what does not exist or is not a list or map, an operand "
        "of another type or that does not exist, an item that becomes too large, an index key of another type",
        GUIDE + "Expressions.UpdateExpressions.html; messages as observed",
        "observed",
    ),
    StrictRule(
        "capacity",
        (*ITEM_OPERATIONS, *_STATEMENTS),
        "more units than a table or index has: provisioned ones with 300 seconds of burst, on-demand maxima, 40,000 a "
        "second on demand; only where the server enforces capacity, or a test asked for a limit",
        GUIDE + "burst-adaptive-capacity.html",
    ),
    StrictRule(
        "transaction-conflict",
        (
            *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems", "TransactGetItems"),
            *_STATEMENTS,
        ),
        "a write of an item that a transaction holds (ConditionCheck included), from its arrival to its reply: another "
        "transaction is cancelled with the reason TransactionConflict, a plain write fails with "
        "TransactionConflictException, an entry of a BatchWriteItem comes back unprocessed (our reading: its model has "
        "no such error); and a TransactGetItems of items that are being written",
        GUIDE + "transaction-apis.html (Transaction conflict handling in DynamoDB)",
    ),
    StrictRule(
        "policy-denies",
        ("*",),
        "what the policy of a table or stream denies to everybody, or to the account, of callers that took no role "
        "(those that took one are judged whole)",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
    ),
    StrictRule(
        "policy-15-seconds",
        ("PutResourcePolicy", "DeleteResourcePolicy"),
        "another policy of a table or stream within 15 seconds of an update; that it is this error "
        "(ResourceInUseException) is our reading",
        GUIDE + "rbac-considerations.html",
    ),
    StrictRule(
        "stream-iterator-15-minutes",
        ("GetRecords",),
        "a shard iterator that is older than 15 minutes (ExpiredIteratorException)",
        rules_streams.STREAMS_API + "API_streams_GetShardIterator.html",
    ),
    StrictRule(
        "stream-two-readers",
        ("GetRecords",),
        "a third process that reads on in one shard within a second, enabled event source mappings included "
        "(LimitExceededException); the service may throttle it, the endpoint does",
        rules_streams.STREAMS_API + "API_streams_GetRecords.html (LimitExceededException)",
    ),
    StrictRule(
        "statement-batch-reads-one",
        ("BatchExecuteStatement",),
        "a SELECT of a batch that does not hold every key attribute to one value (an error of that statement)",
        API + "API_BatchExecuteStatement.html",
    ),
    StrictRule(
        "statement-once-an-item",
        ("BatchExecuteStatement",),
        "a second statement of a batch on one item (the error DuplicateItem of that statement)",
        API + "API_BatchStatementError.html; that it is this error is our reading",
        "assumed",
    ),
)


GROUPS: tuple[tuple[str, tuple[StrictRule, ...]], ...] = (
    ("Every request", tuple(model.RULES)),
    ("Tables", tuple(rules_tables.RULES)),
    ("Changes of a table", tuple(rules_update.RULES)),
    ("Indexes of a table that exists", tuple(rules_indexes.RULES)),
    ("Billing and throughput", tuple(rules_capacity.RULES)),
    ("Stream, class, encryption, replicas", tuple(rules_settings.RULES)),
    ("TTL, backups, restores, exports", tuple(rules_protect.RULES)),
    ("Exports to S3 and imports", tuple(rules_transfers.RULES)),
    # What is wrong whatever tables there are comes first, then whether there is such a table, then what it says.
    ("Items and batches", tuple(rules_items.RULES)),
    ("Expressions", tuple(rules_expressions.RULES)),
    ("Parameters from before there were expressions", tuple(rules_old.RULES)),
    ("Requests of Query and Scan", tuple(rules_reads.REQUEST_RULES)),
    ("Reading and writing", tuple(rules_data.RULES)),
    ("Keys", tuple(rules_keys.RULES)),
    ("Query and Scan", tuple(rules_reads.RULES)),
    ("Attributes that reads and updates name", tuple(rules_attributes.RULES)),
    ("PartiQL", tuple(rules_statements.RULES)),
    ("DynamoDB Streams", tuple(rules_streams.RULES)),
    ("Application Auto Scaling", tuple(scaling.RULES)),
    ("AWS Backup", tuple(aws_backup.RULES)),
    ("Event source mappings of Lambda", tuple(rules_mappings.RULES)),
    ("Kept by the endpoint itself", KEPT),
)


def rules() -> tuple[StrictRule, ...]:
    """Every rule there is, in the order in which they are judged."""
    return tuple(rule for _, group in GROUPS for rule in group)


__all__ = ["API", "GROUPS", "GUIDE", "KEPT", "rules"]
