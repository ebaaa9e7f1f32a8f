"""`terraform show -json`, of a state or a plan: every value is resolved in it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.iac.readers.attachments.owners import join_attachments
from dynasmith.iac.readers.foreign_tables import Document, ForeignTables, UnresolvedValue
from dynasmith.iac.readers.terraform_attachments import terraform_attachments
from dynasmith.iac.readers.terraform_resources import StateResources, one_block
from dynasmith.iac.readers.terraform_settings import replica_of, terraform_settings
from dynasmith.iac.readers.terraform_unknown import missing_parts, without_unknown

NO_VALUES: Final[Mapping[str, str]] = MappingProxyType({})

_FORMATS: Final = ("0.", "1.")
"""The versions of the format that are known (https://developer.hashicorp.com/terraform/internals/json-format)."""


def is_state(document: Any) -> bool:
    """Whether a document looks like `terraform show -json`."""
    return isinstance(document, Mapping) and ("terraform_version" in document or "format_version" in document)


def state_tables(document: Mapping[str, Any], source: str, parameters: Mapping[str, str] = NO_VALUES) -> ForeignTables:
    """The tables of a state, or those that a plan will leave. ``parameters`` are values that are known after apply
    alone, by address and attribute. Raises UsageError for another form of Terraform."""
    if not str(document.get("format_version", "")).startswith(_FORMATS):
        hint = "write terraform show -json > FILE" if "resources" in document else "use a version of Terraform below 2"
        raise UsageError(f"{source} is not what `terraform show -json` writes in a known version.", hint=hint)
    if document.get("errored"):
        raise UsageError(f"{source} is a plan that failed.", hint="fix the configuration, and write the plan again")
    resources = StateResources(document, parameters)
    resources.refuse_unknown_names(source)
    tables: dict[str, Document] = {}
    addresses: dict[str, str] = {}
    unresolved: list[UnresolvedValue] = []
    for address, _, values in resources.of_type("aws_dynamodb_table"):
        if missing := missing_parts(resources, address, values):
            unresolved += [resources.unresolved(address, name) for name in missing]
            continue
        if values["name"] in tables:
            first = addresses[values["name"]]
            raise UsageError(f"{source} has two tables of the name {values['name']}: {first} and {address}.")
        known, more = without_unknown(resources, address, values)
        unresolved += more
        tables[values["name"]] = _table(known)
        if resources.is_said(address, "warm_throughput") and (warm := _warm(known)):
            tables[values["name"]]["warm_throughput"] = warm
        addresses[values["name"]] = address
    remarks = list(terraform_settings(resources, tables))
    notes, open_ = join_attachments(tuple(tables.values()), terraform_attachments(resources))
    unresolved += [*(each for each in remarks if not isinstance(each, str)), *open_]
    notes = [*(each for each in remarks if isinstance(each, str)), *notes]
    return ForeignTables(
        documents=tuple(tables.values()), unresolved=tuple(dict.fromkeys(unresolved)), notes=tuple(dict.fromkeys(notes))
    )


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
                "key_schema": _index_key(each),
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


def _index_key(index: Mapping[str, Any]) -> list[Document]:
    """The key of an index: version 6 of the provider has blocks for a key of several attributes."""
    if blocks := index.get("key_schema"):
        return [{"attribute_name": each["attribute_name"], "key_type": each["key_type"]} for each in blocks]
    return _key(index["hash_key"], index.get("range_key"))


def _warm(values: Mapping[str, Any]) -> Document:
    said = one_block(values, "warm_throughput")
    names = {"read_units_per_second": "read", "write_units_per_second": "write"}
    return {word: said[name] for name, word in names.items() if said.get(name)}


def _projection(index: Mapping[str, Any]) -> Document:
    if index["projection_type"] == "ALL":
        return {}
    names = {"attributes": sorted(index["non_key_attributes"])} if index.get("non_key_attributes") else {}
    return {"projection": {"type": index["projection_type"], **names}}


def _throughput(values: Mapping[str, Any], *, provisioned: bool) -> Document:
    if provisioned:
        read, write = values.get("read_capacity"), values.get("write_capacity")
        return {"provisioned_throughput": {"read": read, "write": write}} if read and write else {}
    ceiling = one_block(values, "on_demand_throughput")
    said = {name: ceiling.get(f"{name}_request_units") for name in ("max_read", "max_write")}
    known = {name: units for name, units in said.items() if units and units > 0}
    return {"on_demand_throughput": known} if known else {}


def _settings(values: Mapping[str, Any]) -> Document:
    found: Document = {}
    stream = values.get("stream_enabled")
    if stream is not None:
        found["stream"] = {"view_type": values["stream_view_type"]} if stream else {"enabled": False}
    ttl = one_block(values, "ttl")
    if ttl:
        found["time_to_live"] = {"attribute": ttl["attribute_name"]} if ttl.get("enabled") else {"enabled": False}
    recovery = one_block(values, "point_in_time_recovery")
    if recovery:
        days = recovery.get("recovery_period_in_days")
        on = {"enabled": True, **({"recovery_days": days} if days else {})}
        found["point_in_time_recovery"] = on if recovery["enabled"] else {"enabled": False}
    encryption = one_block(values, "server_side_encryption")
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
        tagged = {"propagate_tags": True} if values.get("tags") else {}
        found["replicas"] = [replica_of(each) | (tagged if each.get("propagate_tags") else {}) for each in replicas]
        if any(each.get("consistency_mode") == "STRONG" for each in replicas):
            found["multi_region_consistency"] = "STRONG"
    if witness := one_block(values, "global_table_witness").get("region_name"):
        found["witness_region"] = witness
    return found
