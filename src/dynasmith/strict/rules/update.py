"""Rules of UpdateTable that hold for every change, and what its rules share."""

import datetime
from collections.abc import Mapping
from typing import Any

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule
from dynasmith.strict.rules.tables import API

RULES: list[StrictRule] = []
UPDATE = "UpdateTable"
DAY_SECONDS = 86_400.0
# The members of UpdateTable that change something, and the kind of change that each is.
KINDS = {
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
def _nothing(ask: JudgedRequest) -> Refusal | None:
    if any(ask.body.get(name) is not None for name in (*KINDS, "GlobalSecondaryIndexUpdates")):
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
def _busy(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None or ask.table.status == "ACTIVE":
        return None
    word = {"CREATING": "created", "DELETING": "deleted"}.get(ask.table.status, "updated")
    return Refusal(
        "ResourceInUseException",
        f"Attempt to change a resource which is still in use: Table is being {word}: {ask.table.name}",
    )
