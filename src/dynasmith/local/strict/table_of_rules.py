"""All rules in the order in which they are judged, with those that the endpoint keeps itself."""

from dynasmith.local.strict import rules_data, rules_protect, rules_tables, rules_update
from dynasmith.local.strict.rules import Rule
from dynasmith.local.strict.rules_tables import API, GUIDE

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
)


def rules() -> tuple[Rule, ...]:
    """Every rule there is, in order."""
    return (*rules_tables.RULES, *rules_update.RULES, *rules_protect.RULES, *rules_data.RULES, *KEPT)


__all__ = ["API", "GUIDE", "KEPT", "rules"]
