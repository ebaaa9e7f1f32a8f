"""DMS, the language-neutral models of DynamORM and TableTheory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynasmith.errors import UsageError
from dynasmith.iac.readers.foreign_tables import Document, ForeignTables


def is_dms(document: Any) -> bool:
    """Whether a document looks like DMS."""
    return isinstance(document, Mapping) and "dms_version" in document and isinstance(document.get("models"), list)


def dms_tables(document: Mapping[str, Any], source: str) -> ForeignTables:
    """The tables of a DMS file. Models of one table must have its key. Raises UsageError where they contradict."""
    tables: dict[str, Document] = {}
    for model in document["models"]:
        name = (model.get("table") or {}).get("name")
        keys = model.get("keys") or {}
        if not name or not keys.get("partition"):
            raise UsageError(f"Model {model.get('name', '?')} of {source} has no table name or no partition key.")
        made = _table(name, model, keys)
        there = tables.setdefault(name, made)
        if there["key_schema"] != made["key_schema"]:
            raise UsageError(f"Two models of {source} give table {name} another key.")
        _join(there, made, source)
    return ForeignTables(documents=tuple(tables.values()))


def _table(name: str, model: Mapping[str, Any], keys: Mapping[str, Any]) -> Document:
    attributes: dict[str, str] = {}
    types = {each["attribute"]: each.get("type", "S") for each in model.get("attributes") or ()}
    found: Document = {"name": name, "attributes": [], "key_schema": _key(keys, types, attributes)}
    for each in model.get("indexes") or ():
        index: Document = {"name": each["name"]}
        is_local = str(each.get("type", "GSI")).upper() == "LSI"
        pair = {**each, "partition": keys["partition"]} if is_local else each
        index["key_schema"] = _key(pair, types, attributes)
        projection = each.get("projection") or {}
        if str(projection.get("type", "ALL")).upper() != "ALL":
            names = projection.get("fields")
            index["projection"] = {
                "type": str(projection["type"]).upper(),
                **({"attributes": list(names)} if names else {}),
            }
        found.setdefault("local_secondary_indexes" if is_local else "global_secondary_indexes", []).append(index)
    if (ttl := _role(model, "ttl")) is not None:
        found["time_to_live"] = {"attribute": ttl}
    found["attributes"] = [{"name": name, "type": kind} for name, kind in attributes.items()]
    return found


def _role(model: Mapping[str, Any], role: str) -> str | None:
    return next(
        (each["attribute"] for each in model.get("attributes") or () if role in (each.get("roles") or ())), None
    )


def _key(keys: Mapping[str, Any], types: Mapping[str, str], attributes: dict[str, str]) -> list[Document]:
    found = []
    for part, kind in (("partition", "HASH"), ("sort", "RANGE")):
        said = keys.get(part)
        if not said:
            continue
        name = said if isinstance(said, str) else said["attribute"]
        attributes[name] = types.get(name, "S") if isinstance(said, str) else said.get("type", types.get(name, "S"))
        found.append({"attribute_name": name, "key_type": kind})
    return found


def _join(there: Document, made: Document, source: str) -> None:
    """Put the indexes of another model of the same table into it."""
    if there is made:
        return
    for kind in ("global_secondary_indexes", "local_secondary_indexes"):
        known = {each["name"]: each for each in there.get(kind, ())}
        for each in made.get(kind, ()):
            if known.setdefault(each["name"], each) != each:
                raise UsageError(f"Two models of {source} make index {each['name']} of {there['name']} otherwise.")
        if known:
            there[kind] = list(known.values())
    types = {each["name"]: each for each in (*there["attributes"], *made["attributes"])}
    there["attributes"] = list(types.values())
    if "time_to_live" in made:
        there.setdefault("time_to_live", made["time_to_live"])
