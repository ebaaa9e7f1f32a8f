"""`terraform show -json`, of a state or a plan: every value is resolved in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.iac.readers.foreign_tables import Document, ForeignTables

_FORMATS: Final = ("0.", "1.")
"""The versions of the format that are known (https://developer.hashicorp.com/terraform/internals/json-format)."""


def is_state(document: Any) -> bool:
    """Whether a document looks like `terraform show -json`."""
    return isinstance(document, Mapping) and ("terraform_version" in document or "format_version" in document)


def state_tables(document: Mapping[str, Any], source: str) -> ForeignTables:
    """The tables of a state, or those that a plan will leave. Raises UsageError for another form of Terraform."""
    if not str(document.get("format_version", "")).startswith(_FORMATS):
        hint = "write terraform show -json > FILE" if "resources" in document else "use a version of Terraform below 2"
        raise UsageError(f"{source} is not what `terraform show -json` writes in a known version.", hint=hint)
    values = document.get("planned_values") or document.get("values") or {}
    resources = list(_resources(values.get("root_module") or {}))
    tables: dict[str, Document] = {}
    for address, values_ in _of_type(resources, "aws_dynamodb_table"):
        if not values_.get("name") or not values_.get("hash_key"):
            raise UsageError(f"{address} of {source} has no name or key that is known before it is applied.")
        if values_["name"] in tables:
            raise UsageError(f"{source} has two tables of the name {values_['name']}.")
        tables[values_["name"]] = _table(values_)
    notes = list(_beside(resources, tables))
    return ForeignTables(documents=tuple(tables.values()), notes=tuple(notes))


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for each in module.get("resources") or ():
        if each.get("mode", "managed") == "managed":
            yield each
    for child in module.get("child_modules") or ():
        yield from _resources(child)


def _of_type(resources: list[Mapping[str, Any]], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in resources:
        if each.get("type") == kind:
            yield each["address"], dict(each.get("values") or {})


def _one(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A block of which there is one at most: a list in JSON."""
    found = values.get(name) or []
    return dict(found[0]) if found else {}


def _table(values: Mapping[str, Any]) -> Document:
    provisioned = (values.get("billing_mode") or "PROVISIONED") == "PROVISIONED"
    found: Document = {
        "name": values["name"],
        "attributes": [{"name": each["name"], "type": each["type"]} for each in values.get("attribute") or ()],
        "key_schema": _key(values["hash_key"], values.get("range_key")),
        "billing_mode": values.get("billing_mode") or "PROVISIONED",
        **_throughput(values, provisioned=provisioned),
    }
    if indexes := values.get("global_secondary_index"):
        found["global_secondary_indexes"] = [
            {
                "name": each["name"],
                "key_schema": _key(each["hash_key"], each.get("range_key")),
                **_projection(each),
                **_throughput(each, provisioned=provisioned),
            }
            for each in indexes
        ]
    if local := values.get("local_secondary_index"):
        found["local_secondary_indexes"] = [
            {"name": each["name"], "key_schema": _key(values["hash_key"], each["range_key"]), **_projection(each)}
            for each in local
        ]
    return found | _settings(values)


def _key(partition: str, sort: str | None) -> list[Document]:
    found = [{"attribute_name": partition, "key_type": "HASH"}]
    return found + ([{"attribute_name": sort, "key_type": "RANGE"}] if sort else [])


def _projection(index: Mapping[str, Any]) -> Document:
    if index["projection_type"] == "ALL":
        return {}
    names = {"attributes": sorted(index["non_key_attributes"])} if index.get("non_key_attributes") else {}
    return {"projection": {"type": index["projection_type"], **names}}


def _throughput(values: Mapping[str, Any], *, provisioned: bool) -> Document:
    if provisioned:
        read, write = values.get("read_capacity"), values.get("write_capacity")
        return {"provisioned_throughput": {"read": read, "write": write}} if read and write else {}
    ceiling = _one(values, "on_demand_throughput")
    said = {name: ceiling.get(f"{name}_request_units") for name in ("max_read", "max_write")}
    known = {name: units for name, units in said.items() if units and units > 0}
    return {"on_demand_throughput": known} if known else {}


def _settings(values: Mapping[str, Any]) -> Document:
    found: Document = {}
    stream = values.get("stream_enabled")
    if stream is not None:
        found["stream"] = {"view_type": values["stream_view_type"]} if stream else {"enabled": False}
    ttl = _one(values, "ttl")
    if ttl:
        found["time_to_live"] = {"attribute": ttl["attribute_name"]} if ttl.get("enabled") else {"enabled": False}
    recovery = _one(values, "point_in_time_recovery")
    if recovery:
        days = recovery.get("recovery_period_in_days")
        on = {"enabled": True, **({"recovery_days": days} if days else {})}
        found["point_in_time_recovery"] = on if recovery["enabled"] else {"enabled": False}
    encryption = _one(values, "server_side_encryption")
    if encryption:
        key = encryption.get("kms_key_arn")
        customer = {"type": "CUSTOMER", "key": key} if key and ":alias/aws/" not in key else {"type": "AWS_MANAGED"}
        found["encryption"] = customer if encryption["enabled"] else {"type": "AWS_OWNED"}
    for name, attribute in (("table_class", "table_class"), ("deletion_protection", "deletion_protection_enabled")):
        if values.get(attribute) not in (None, ""):
            found[name] = values[attribute]
    if values.get("tags") is not None:
        found["tags"] = dict(values["tags"])
    if replicas := values.get("replica"):
        found["replicas"] = [_replica(each) for each in replicas]
    return found


def _replica(values: Mapping[str, Any]) -> Document:
    found: Document = {"region": values["region_name"]}
    if values.get("point_in_time_recovery") is not None:
        found["point_in_time_recovery"] = values["point_in_time_recovery"]
    if values.get("kms_key_arn"):
        found["key"] = values["kms_key_arn"]
    return found


def _beside(resources: list[Mapping[str, Any]], tables: dict[str, Document]) -> Iterator[str]:
    """Put what stands beside the tables into them; a note for what belongs to none."""
    targets: dict[tuple[str, str], Document] = {}
    for address, values in _of_type(resources, "aws_appautoscaling_target"):
        owner = _scaled(values, tables)
        if owner is None:
            if values.get("service_namespace") == "dynamodb":
                yield f"{address} scales {values.get('resource_id')}, which is not a table of this document."
            continue
        dimension = "read" if "Read" in values["scalable_dimension"] else "write"
        said = {"min": values["min_capacity"], "max": values["max_capacity"]}
        owner.setdefault("autoscaling", {})[dimension] = said
        targets[values["resource_id"], values["scalable_dimension"]] = said
    for _, values in _of_type(resources, "aws_appautoscaling_policy"):
        target = targets.get((str(values.get("resource_id")), str(values.get("scalable_dimension"))))
        if target is not None:
            target |= _tracking(_one(values, "target_tracking_scaling_policy_configuration"))
    for _, values in _of_type(resources, "aws_dynamodb_contributor_insights"):
        owner = _owner(tables, values.get("table_name"), values.get("index_name"))
        if owner is not None:
            owner["contributor_insights"] = {"enabled": True}
    for _, values in _of_type(resources, "aws_dynamodb_kinesis_streaming_destination"):
        owner = _owner(tables, values.get("table_name"), None)
        if owner is not None:
            precision = values.get("approximate_creation_date_time_precision")
            more = {"precision": precision} if precision else {}
            owner["kinesis_destination"] = {"stream_arn": values["stream_arn"], **more}
    for address, values in _of_type(resources, "aws_dynamodb_resource_policy"):
        owner = _owner(tables, str(values.get("resource_arn")).rpartition("table/")[2], None)
        if owner is None or not values.get("policy"):
            yield f"{address} has a policy whose table is not known before it is applied."
        else:
            owner["resource_policy"] = json.loads(values["policy"])
    for kind in (
        "aws_dynamodb_table_item",
        "aws_dynamodb_table_replica",
        "aws_dynamodb_tag",
        "aws_dynamodb_global_table",
    ):
        for address, _ in _of_type(resources, kind):
            yield f"{address} is an {kind}, which is not read."


def _owner(tables: dict[str, Document], table: Any, index: Any) -> Document | None:
    document = tables.get(str(table))
    if document is None or not index:
        return document
    return next((each for each in document.get("global_secondary_indexes", ()) if each["name"] == index), None)


def _scaled(values: Mapping[str, Any], tables: dict[str, Document]) -> Document | None:
    parts = str(values.get("resource_id")).split("/")
    if values.get("service_namespace") != "dynamodb" or len(parts) < 2:
        return None
    return _owner(tables, parts[1], parts[3] if len(parts) > 3 else None)


def _tracking(said: Mapping[str, Any]) -> Document:
    found: Document = {"target": said["target_value"]} if said.get("target_value") is not None else {}
    for name in ("scale_in_cooldown", "scale_out_cooldown"):
        if said.get(name):
            found[f"{name}_seconds"] = said[name]
    if said.get("disable_scale_in"):
        found["disable_scale_in"] = True
    return found
