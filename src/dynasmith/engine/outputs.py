"""What other programs want to know of a table: ARNs, keys, streams, and what is around it."""

from collections.abc import Collection
from typing import Any

from msgspec import UnsetType

from dynasmith.plans.notes import DEFINITION_WORDS
from dynasmith.tables.access_policy import entry_id
from dynasmith.tables.alarms import alarm_name
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Autoscaling, Index, Insights, KinesisDestination, Scaling, Table, known


def outputs_of(description: TableDescription, unoffered: Collection[str] = ()) -> dict[str, Any]:
    """The outputs of one table, as plain values with stable keys; null where there is none or it was not read.

    ``unread`` says why what could not be read was not, by the key of a definition; without what the engine does not
    offer (``unoffered``).
    """
    table = description.table
    recovery, plan = known(table.recovery, None), known(table.backup_plan, None)
    insights = table.contributor_insights
    return {
        "name": table.name,
        "arn": description.arn,
        "id": description.table_id or None,
        "status": description.status,
        "partition_key": table.key.partition[0].name,
        "sort_key": table.key.sort[0].name if table.key.sort else None,
        "billing_mode": _set(table.billing),
        "stream_arn": description.stream_arn if known(table.stream, None) else None,
        "stream_label": description.stream_label if known(table.stream, None) else None,
        "stream_view_type": _set(table.stream),
        "time_to_live_attribute": _set(table.time_to_live),
        "point_in_time_recovery": None if isinstance(table.recovery, UnsetType) else recovery is not None,
        "deletion_protection": _set(table.deletion_protection),
        "table_class": _set(table.table_class),
        "encryption": None if isinstance(table.encryption, UnsetType) else table.encryption.kind,
        "indexes": {index.name: f"{description.arn}/index/{index.name}" for index in _indexes(table)},
        "local_indexes": {i.name: f"{description.arn}/index/{i.name}" for i in known(table.local_indexes, ())},
        "autoscaling": _autoscaling(table),
        "replicas": [replica.region for replica in known(table.replicas, ())],
        "kinesis_stream_arn": _kinesis(table),
        "contributor_insights": None if isinstance(insights, UnsetType) else bool(insights),
        "contributor_insights_mode": insights.mode if isinstance(insights, Insights) else None,
        "backup_vault": _set(plan.vault) if plan is not None else None,
        "backup_plan_id": description.backup_plan_id or None,
        "backup_selection_id": description.backup_selection_id or None,
        "backup_role_arn": _set(plan.role) if plan is not None else None,
        "triggers": [
            {"uuid": each.uuid, "function": each.function, "state": each.state, "stream_arn": each.stream_arn}
            for each in description.triggers
        ],
        "alarms": [alarm_name(table.name, alarm) for alarm in known(table.alarms, ())],
        "access": _access(table),
        "tags": _set(table.tags),
        "unread": {
            DEFINITION_WORDS.get(setting, setting): reason
            for setting, reason in sorted(description.unread.items())
            if setting not in unoffered and setting != "warm"  # which no output says
        },
    }


def _kinesis(table: Table) -> str | None:
    """The stream of Kinesis that the table writes to, however it is written."""
    found = known(table.kinesis_stream, None)
    return found.stream if isinstance(found, KinesisDestination) else found


def _set(value: Any) -> Any:
    return None if isinstance(value, UnsetType) else value


def _access(table: Table) -> list[dict[str, Any]] | None:
    """Who has access by dynasmith's policy, and in which role."""
    if isinstance(table.access, UnsetType):
        return None
    return [
        {entry_id(each)[0]: entry_id(each)[1], "role": each.held_by, "allow": [*each.allow]}
        for each in table.access
        if each.state != "left"
    ]


def _indexes(table: Table) -> tuple[Index, ...]:
    return known(table.indexes, ())


def _autoscaling(table: Table) -> list[str]:
    """The resource ids and dimensions that Application Auto Scaling knows them by."""
    found = []
    parts: list[tuple[str, Table | Index]] = [(f"table/{table.name}", table)]
    parts += [(f"table/{table.name}/index/{index.name}", index) for index in _indexes(table)]
    for resource, part in parts:
        scaling = known(part.autoscaling, Autoscaling())
        kind = "table" if isinstance(part, Table) else "index"
        for dimension, title in (("read", "Read"), ("write", "Write")):
            if isinstance(getattr(scaling, dimension), Scaling):
                found.append(f"{resource}:dynamodb:{kind}:{title}CapacityUnits")
    return found
