"""CloudFormation: one resource a table, what stands beside it, and the list of what an import takes over.

A table without replicas is an `AWS::DynamoDB::Table`, one with replicas an `AWS::DynamoDB::GlobalTable`. Every resource
is kept when the stack is deleted, which an import asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from dynasmith.iac import labels
from dynasmith.iac.cloudformation import capacity, keys, settings
from dynasmith.iac.cloudformation.access import access
from dynasmith.iac.cloudformation.alarms import alarms
from dynasmith.iac.cloudformation.backup_plan import backup_plan
from dynasmith.iac.cloudformation.part import StackPart, StackResource, StackSubject
from dynasmith.iac.cloudformation.triggers import triggers
from dynasmith.iac.unsaid import Unsaid
from dynasmith.tables.description import TableDescription
from dynasmith.tables.render import yaml_text
from dynasmith.tables.table import Table

FORMS: Final[dict[str, Callable[[StackSubject], StackPart]]] = {
    "billing": capacity.billing,
    "key": keys.key,
    "capacity": capacity.capacity,
    "indexes": keys.indexes,
    "local_indexes": keys.local_indexes,
    "stream": settings.stream,
    "time_to_live": settings.time_to_live,
    "encryption": settings.encryption,
    "consistency": settings.consistency,
    "witness_region": settings.witness_region,
    "replicas": settings.of_region,
    "autoscaling": capacity.autoscaling,
    "backup_plan": backup_plan,
    "items": settings.items,
    "triggers": triggers,
    "access": access,
    "alarms": alarms,
}
"""What says the fields of `Table`, in the order of the resource."""

WITHIN: Final = {
    "on_demand_maximum": "capacity",
    "warm": "capacity",
    "recovery": "replicas",
    "deletion_protection": "replicas",
    "table_class": "replicas",
    "tags": "replicas",
    "contributor_insights": "replicas",
    "kinesis_stream": "replicas",
    "resource_policy": "replicas",
}
"""The fields of `Table` that another one's form says too."""


class CloudFormationText(Struct, frozen=True, kw_only=True):
    """A template, and what `--resources-to-import` of a change set takes; empty where nothing is there yet."""

    template: str
    imports: str
    unsaid: tuple[Unsaid, ...] = ()


def cloudformation_text(
    tables: Sequence[Table], live: dict[str, TableDescription], *, region: str
) -> CloudFormationText:
    """The template of these tables in a Region; ``live`` has what is there by name, and becomes the import."""
    ids = labels.logical_ids(table.name for table in tables)
    resources: list[StackResource] = []
    unsaid: list[Unsaid] = []
    for table in tables:
        subject = StackSubject(table=table, live=live.get(table.name), logical_id=ids[table.name], region=region)
        said = [form(subject) for form in FORMS.values()]
        properties: dict[str, Any] = {"TableName": table.name}
        for each in said:
            properties |= each.properties
        kind = "AWS::DynamoDB::GlobalTable" if subject.is_global else "AWS::DynamoDB::Table"
        identifier = {} if subject.live is None else {"TableName": table.name}
        resources.append(StackResource(id=subject.logical_id, type=kind, properties=properties, identifier=identifier))
        resources += [resource for each in said for resource in each.resources]
        unsaid += [each for part in said for each in part.unsaid]
    labels.refuse_repeated((each.id for each in resources), "CloudFormation")
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {each.id: _resource(each) for each in resources}}
    imported = [
        {"ResourceType": each.type, "LogicalResourceId": each.id, "ResourceIdentifier": each.identifier}
        for each in resources
        if each.identifier
    ]
    return CloudFormationText(
        template=yaml_text(template),
        imports=json.dumps(imported, indent=2) + "\n" if imported else "",
        unsaid=tuple(unsaid),
    )


def _resource(resource: StackResource) -> dict[str, Any]:
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return {"Type": resource.type, **kept, "Properties": resource.properties}
