"""Settings of tables that are resources of their own in Terraform."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynasmith.iac.readers.attachments.attachment import Remark, table_arn
from dynasmith.iac.readers.foreign_tables import Document
from dynasmith.iac.readers.terraform_resources import StateResources, Values, one_block

Tables = dict[str, Document]
_NOT_READ: Final = (
    *("aws_dynamodb_table_item", "aws_dynamodb_global_table", "aws_dynamodb_table_export"),
    "aws_dynamodb_global_secondary_index",
)


def terraform_settings(resources: StateResources, tables: Tables) -> Iterator[Remark]:
    """Put the settings that stand beside tables into them; what belongs to none, or is not read, is named."""
    targets: dict[tuple[str, str], Document] = {}
    for address, _, values in resources.of_type("aws_appautoscaling_target"):
        yield from _target(address, values, tables, targets)
    for _, _, values in resources.of_type("aws_appautoscaling_policy"):
        target = targets.get((str(values.get("resource_id")), str(values.get("scalable_dimension"))))
        if target is not None:
            target |= _tracking(one_block(values, "target_tracking_scaling_policy_configuration"))
    for address, _, values in resources.of_type("aws_appautoscaling_scheduled_action"):
        if values.get("service_namespace") == "dynamodb":
            yield f"{address} is an aws_appautoscaling_scheduled_action, which is not read."
    for kind, put in _SETTINGS.items():
        for address, _, values in resources.of_type(kind):
            name = _table_name(resources, address, values)
            if name in tables:
                yield from put(resources, address, values, tables[name])
            else:
                of = name or "a table that is not known before it is applied"
                yield f"{address} belongs to {of}, which is not a table of this document."
    for address, kind, _ in resources.of_type(*_NOT_READ):
        yield f"{address} is an {kind}, which is not read."


def replica_of(values: Mapping[str, Any]) -> Document:
    """A replica block, or the resource of a replica."""
    found: Document = {"region": values["region_name"]}
    names = {"point_in_time_recovery": "point_in_time_recovery", "deletion_protection_enabled": "deletion_protection"}
    found |= {word: values[name] for name, word in names.items() if values.get(name) is not None}
    if values.get("kms_key_arn"):
        found["key"] = values["kms_key_arn"]
    if values.get("tags"):  # which only the resource of a replica has
        found["tags"] = dict(values["tags"])
    return found


def _table_name(resources: StateResources, address: str, values: Values) -> str:
    """The name of the table that a resource belongs to; "" where it is not known."""
    if values.get("table_name"):
        return str(values["table_name"])
    for name in ("resource_arn", "global_table_arn"):
        if (found := table_arn(values.get(name))) is not None:
            return found.table
        if not values.get(name) and (tables := resources.referred(address, name, "aws_dynamodb_table")):
            return str(resources.values(tables[0]).get("name") or "")
    return ""


def _insights(_: StateResources, address: str, values: Values, table: Document) -> Iterator[Remark]:
    owner = _part(table, values.get("index_name"))
    if owner is None:
        yield f"{address} is of the index {values['index_name']}, which {table['name']} does not have."
        return
    mode = {"mode": values["mode"]} if values.get("mode") else {}
    owner["contributor_insights"] = {"enabled": True, **mode}


def _kinesis(resources: StateResources, address: str, values: Values, table: Document) -> Iterator[Remark]:
    if not values.get("stream_arn"):
        yield resources.unresolved(address, "stream_arn")
        return
    precision = values.get("approximate_creation_date_time_precision")
    more = {"precision": precision} if precision else {}
    table["kinesis_destination"] = {"stream_arn": values["stream_arn"], **more}


def _policy(resources: StateResources, address: str, values: Values, table: Document) -> Iterator[Remark]:
    arn = table_arn(values.get("resource_arn"))
    if arn is not None and arn.part:
        yield f"{address} is a policy of {arn.part} of {table['name']}, which is not in this definition."
    elif not values.get("policy"):
        yield resources.unresolved(address, "policy")
    else:
        table["resource_policy"] = json.loads(values["policy"])


def _tag(_: StateResources, __: str, values: Values, table: Document) -> Iterator[Remark]:
    table.setdefault("tags", {})[values["key"]] = values["value"]
    yield from ()


def _table_replica(resources: StateResources, address: str, values: Values, table: Document) -> Iterator[Remark]:
    arn = table_arn(values.get("arn"))
    region = values.get("region") or ("" if arn is None else arn.region)
    if not region:
        yield resources.unresolved(address, "region")
        return
    key = resources.is_unknown(address, "kms_key_arn") and resources.is_said(address, "kms_key_arn")
    if key and not values.get("kms_key_arn"):
        yield resources.unresolved(address, "kms_key_arn")
        return
    found = replica_of({**values, "region_name": region})
    if values.get("table_class_override"):
        found["table_class"] = values["table_class_override"]
    replicas = table.setdefault("replicas", [])
    if all(each["region"] != region for each in replicas):
        replicas.append(found)


_SETTINGS: Final = {
    "aws_dynamodb_contributor_insights": _insights,
    "aws_dynamodb_kinesis_streaming_destination": _kinesis,
    "aws_dynamodb_resource_policy": _policy,
    "aws_dynamodb_tag": _tag,
    "aws_dynamodb_table_replica": _table_replica,
}


def _target(address: str, values: Values, tables: Tables, targets: dict[tuple[str, str], Document]) -> Iterator[Remark]:
    if values.get("service_namespace") != "dynamodb":
        return
    parts = str(values.get("resource_id")).split("/")
    table = tables.get(parts[1]) if len(parts) > 1 else None
    owner = None if table is None else _part(table, parts[3] if len(parts) > 3 else None)
    if owner is None:
        yield f"{address} scales {values.get('resource_id')}, which is not a table of this document."
        return
    dimension = "read" if "Read" in values["scalable_dimension"] else "write"
    said = {"min": int(values["min_capacity"]), "max": int(values["max_capacity"])}
    owner.setdefault("autoscaling", {})[dimension] = said
    targets[values["resource_id"], values["scalable_dimension"]] = said


def _part(table: Document, index: Any) -> Document | None:
    if not index:
        return table
    return next((each for each in table.get("global_secondary_indexes", ()) if each["name"] == index), None)


def _tracking(said: Mapping[str, Any]) -> Document:
    found: Document = {"target": said["target_value"]} if said.get("target_value") is not None else {}
    for name in ("scale_in_cooldown", "scale_out_cooldown"):
        if said.get(name):
            found[f"{name}_seconds"] = said[name]
    if said.get("disable_scale_in"):
        found["disable_scale_in"] = True
    return found
