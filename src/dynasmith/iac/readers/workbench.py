"""Data models of NoSQL Workbench, with their sample items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynasmith.errors import UsageError
from dynasmith.iac.readers.foreign_tables import Document, ForeignTables


def is_workbench(document: Any) -> bool:
    """Whether a document looks like a model of NoSQL Workbench."""
    return isinstance(document, Mapping) and isinstance(document.get("DataModel"), list)


def workbench_tables(document: Mapping[str, Any], source: str) -> ForeignTables:
    """The tables of a model; its sample data are the items of the definition. Raises UsageError for a broken model."""
    documents: list[Document] = []
    notes: list[str] = []
    for each in document["DataModel"]:
        if not isinstance(each, Mapping) or not each.get("TableName") or not each.get("KeyAttributes"):
            raise UsageError(f"{source} is not a whole model of NoSQL Workbench: a table has no name or no key.")
        made = _table(each)
        if made["name"] in {one["name"] for one in documents}:
            raise UsageError(f"{source} has two tables of the name {made['name']}.")
        documents.append(made)
        if each.get("MySql") or each.get("DataAccess", {}).get("MySql"):
            notes.append(f"{made['name']}: its connection to MySQL is not in this definition.")
    return ForeignTables(documents=tuple(documents), notes=tuple(notes))


def _table(model: Mapping[str, Any]) -> Document:
    attributes: dict[str, str] = {}
    billing = model.get("BillingMode") or "PROVISIONED"
    found: Document = {
        "name": model["TableName"],
        "attributes": [],
        "key_schema": _key(model["KeyAttributes"], attributes),
        "billing_mode": billing,
    }
    capacity = model.get("ProvisionedCapacitySettings", {}).get("ProvisionedThroughput")
    units = (
        {"read": capacity["ReadCapacityUnits"], "write": capacity["WriteCapacityUnits"]}
        if capacity
        else {"read": 5, "write": 5}
    )
    if billing == "PROVISIONED":
        found["provisioned_throughput"] = units
    indexes = []
    for each in model.get("GlobalSecondaryIndexes") or ():
        index: Document = {"name": each["IndexName"], "key_schema": _key(each["KeyAttributes"], attributes)}
        projection = each.get("Projection") or {}
        if projection.get("ProjectionType", "ALL") != "ALL":
            names = projection.get("NonKeyAttributes")
            index["projection"] = {
                "type": projection["ProjectionType"],
                **({"attributes": list(names)} if names else {}),
            }
        if billing == "PROVISIONED":
            index["provisioned_throughput"] = units
        indexes.append(index)
    if indexes:
        found["global_secondary_indexes"] = indexes
    found["attributes"] = [{"name": name, "type": kind} for name, kind in attributes.items()]
    if ttl := model.get("TimeToLiveAttribute"):
        found["time_to_live"] = {"attribute": ttl}
    if items := model.get("TableData"):
        found["items"] = list(items)
    return found


def _key(key: Mapping[str, Any], attributes: dict[str, str]) -> list[Document]:
    found = []
    for part, kind in (("PartitionKey", "HASH"), ("SortKey", "RANGE")):
        if said := key.get(part):
            attributes[said["AttributeName"]] = said["AttributeType"]
            found.append({"attribute_name": said["AttributeName"], "key_type": kind})
    return found
