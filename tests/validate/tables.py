"""A table about which there is nothing to say, defined and live; the tests change one thing about it at a time."""

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.tables.description import IndexState, ReplicaState, TableDescription
from dynasmith.tables.table import (
    Alarm,
    AlarmKind,
    Autoscaling,
    BackupPlan,
    BackupRule,
    Billing,
    Encryption,
    EncryptionKind,
    Index,
    Key,
    KeyAttribute,
    LocalIndex,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Recovery,
    StreamView,
    Table,
    TableClass,
    Trigger,
    known,
)
from dynasmith.validate import Surroundings, examine

Seen = list[tuple[str, str, str]]


def key(partition: str, *sort: str) -> Key:
    """A key of strings."""
    return Key(
        partition=(KeyAttribute(name=partition, type="S"),),
        sort=tuple(KeyAttribute(name=name, type="S") for name in sort),
    )


def index(name: str, *names: str, **parts: Any) -> Index:
    """A global index of keys only on these attributes, whose capacity is not scaled."""
    given: dict[str, Any] = {
        "projection": Projection(kind=ProjectionKind.KEYS_ONLY),
        "autoscaling": Autoscaling(read=None, write=None),
        "on_demand_maximum": OnDemandMaximum(),
    }
    return Index(name=name, key=key(*names), **(given | parts))


def local_index(name: str, sort: str) -> LocalIndex:
    """A local index of the good table."""
    return LocalIndex(name=name, key=key("customer_id", sort))


def trigger(**parts: Any) -> Trigger:
    """A trigger that gives up after three tries."""
    given: dict[str, Any] = {"function": "ship", "maximum_retry_attempts": 3}
    return Trigger(**(given | parts))


GOOD = Table(
    name="orders",
    key=key("customer_id", "order_id"),
    billing=Billing.ON_DEMAND,
    on_demand_maximum=OnDemandMaximum(),
    autoscaling=Autoscaling(read=None, write=None),
    indexes=(index("by_status", "status", "placed_at"),),
    local_indexes=(),
    time_to_live="expires_at",
    stream=StreamView.NEW_AND_OLD_IMAGES,
    recovery=Recovery(days=35),
    encryption=Encryption(kind=EncryptionKind.AWS_OWNED),
    table_class=TableClass.STANDARD,
    deletion_protection=True,
    tags={"team": "checkout", "env": "dev"},
    replicas=(),
    contributor_insights=False,
    kinesis_stream=None,
    resource_policy=None,
    description="Orders of a customer",
    access_patterns=("orders of a customer by time",),
    triggers=(trigger(),),
    alarms=tuple(
        Alarm(kind=kind, threshold=0, minutes=5, of_minutes=5, notify=())
        for kind in (AlarmKind.READ_THROTTLED, AlarmKind.WRITE_THROTTLED)
    ),
    backup_plan=BackupPlan(rules=(BackupRule(name="daily", schedule="cron(0 2 * * ? *)", keep_days=30),)),
)

_SAID_ONLY = ("description", "access_patterns", "personal", "suppress", "triggers", "backup_plan", "access", "items")


def good(**parts: Any) -> Table:
    """The good table with these settings."""
    return replace(GOOD, **parts)


def live(table: Table = GOOD, **facts: Any) -> TableDescription:
    """A live table as it would be described if everything had been done; ``facts`` are what is otherwise."""
    given: dict[str, Any] = {
        "table": replace(table, **dict.fromkeys(_SAID_ONLY, UNSET)),
        "status": "ACTIVE",
        "arn": f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table.name}",
        "indexes": tuple(IndexState(name=i.name, status="ACTIVE") for i in known(table.indexes, ())),
        "replicas": tuple(ReplicaState(region=r.region, status="ACTIVE") for r in known(table.replicas, ())),
        "ttl_status": "ENABLED",
        "insights_status": "DISABLED",
        "kinesis_status": "DISABLED",
    }
    return TableDescription(**(given | facts))


def seen(
    desired: Table | None, description: TableDescription | None, around: Surroundings | None = None, **how: bool
) -> Seen:
    """What is found: code, severity, path."""
    verdict = examine(desired, description, around or Surroundings(), **how)
    return [(finding.code, finding.severity, finding.path) for finding in verdict.findings]
