"""All rules in the order in which they are judged, with those that the endpoint keeps itself."""

from dynasmith.local.strict import (
    model,
    rules_capacity,
    rules_data,
    rules_expressions,
    rules_indexes,
    rules_items,
    rules_protect,
    rules_settings,
    rules_statements,
    rules_tables,
    rules_update,
    scaling,
)
from dynasmith.local.strict.rules import Rule
from dynasmith.local.strict.rules_data import ITEM_OPERATIONS
from dynasmith.local.strict.rules_tables import API, GUIDE

_STATEMENTS = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")

# Kept in the endpoint itself, not by a check of one call.
KEPT: tuple[Rule, ...] = (
    Rule(
        "states",
        ("CreateTable", "UpdateTable", "DeleteTable", "UpdateTimeToLive", "CreateBackup", "RestoreTableFromBackup"),
        "being ready at once: tables, indexes, TTL, backups and restores pass through CREATING, UPDATING, ENABLING, "
        "DELETING; off, everything is ready when the call returns",
        API + "API_TableDescription.html",
    ),
    Rule(
        "item-count-stale",
        ("DescribeTable",),
        "a count of items and bytes that is newer than six hours",
        API + "API_TableDescription.html (ItemCount)",
    ),
    Rule(
        "consumed-capacity-right",
        ("GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan", *_STATEMENTS),
        "a ConsumedCapacity of reads that does not follow from what was read (where a filter or a projection hides "
        "items, their mean size stands for them), and one of PartiQL that does not follow from the items before and "
        "after",
        GUIDE + "read-write-operations.html",
    ),
    Rule(
        "capacity",
        (*ITEM_OPERATIONS, *_STATEMENTS),
        "more units than a table or index has: provisioned ones with 300 seconds of burst, on-demand maxima, 40,000 a "
        "second on demand; only where the server enforces capacity, or a test asked for a limit",
        GUIDE + "burst-adaptive-capacity.html",
    ),
    Rule(
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
    Rule(
        "statement-batch-reads-one",
        ("BatchExecuteStatement",),
        "a SELECT of a batch that does not hold every key attribute to one value (an error of that statement)",
        API + "API_BatchExecuteStatement.html",
    ),
    Rule(
        "statement-once-an-item",
        ("BatchExecuteStatement",),
        "a second statement of a batch on one item (the error DuplicateItem of that statement)",
        API + "API_BatchStatementError.html; that it is this error is our reading",
        "assumed",
    ),
)


GROUPS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("Every request", tuple(model.RULES)),
    ("Tables", tuple(rules_tables.RULES)),
    ("Changes of a table", tuple(rules_update.RULES)),
    ("Indexes of a table that exists", tuple(rules_indexes.RULES)),
    ("Billing and throughput", tuple(rules_capacity.RULES)),
    ("Stream, class, encryption, replicas", tuple(rules_settings.RULES)),
    ("TTL, backups, restores, exports", tuple(rules_protect.RULES)),
    ("Reading and writing", tuple(rules_data.RULES)),
    ("Items and batches", tuple(rules_items.RULES)),
    ("Expressions", tuple(rules_expressions.RULES)),
    ("PartiQL", tuple(rules_statements.RULES)),
    ("Application Auto Scaling", tuple(scaling.RULES)),
    ("Kept by the endpoint itself", KEPT),
)


def rules() -> tuple[Rule, ...]:
    """Every rule there is, in the order in which they are judged."""
    return tuple(rule for _, group in GROUPS for rule in group)


__all__ = ["API", "GROUPS", "GUIDE", "KEPT", "rules"]
