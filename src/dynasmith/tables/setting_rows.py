"""What a table is, in words for people: a label and a value for each setting that it has."""

from __future__ import annotations

from typing import Any

from msgspec import UnsetType

from dynasmith.tables.alarms import alarm_words
from dynasmith.tables.settings import SETTINGS
from dynasmith.tables.table import Access, Alarm, Autoscaling, Encryption, OnDemandMaximum, Recovery, Table, known


def table_rows(table: Table) -> list[tuple[str, str]]:
    """What a definition or a live table says, as label and value, without what is not set."""
    rows = [("key", " + ".join(f"{a.name} ({a.type})" for a in table.key))]
    for field, label in LABELS.items():
        value = getattr(table, field)
        if not isinstance(value, UnsetType):
            rows.append((label, show_value(value)))
    for index in known(table.indexes, ()):
        keys = " + ".join(f"{a.name} ({a.type})" for a in index.key)
        rows.append((f"index {index.name}", f"{keys}, {index.projection.kind}"))
    for local in known(table.local_indexes, ()):
        keys = " + ".join(f"{a.name} ({a.type})" for a in local.key)
        rows.append((f"local index {local.name}", f"{keys}, {local.projection.kind}"))
    return rows


LABELS = {
    "billing": "billing",
    "capacity": "capacity",
    "on_demand_maximum": "on-demand maximum",
    "warm": "warm throughput",
    "autoscaling": "autoscaling",
    **{setting.field: setting.label for setting in SETTINGS},
    "tags": "tags",
    "replicas": "replicas",
    "items": "items",
}


def show_value(value: Any) -> str:
    """A setting's value in few words."""
    if value is None or value is False:
        return "off"
    if value is True:
        return "on"
    if isinstance(value, dict):
        return ", ".join(f"{name}={part}" for name, part in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(_member(part) for part in value) or "none"
    fields = getattr(value, "__struct_fields__", None)
    if fields is None:
        return str(value)
    if isinstance(value, Encryption):
        return value.kind if isinstance(value.key, UnsetType) else f"{value.kind} {value.key}"
    if isinstance(value, Recovery):
        return (
            "on" if isinstance(value.days, UnsetType) else f"on, {value.days:,} {'day' if value.days == 1 else 'days'}"
        )
    if isinstance(value, OnDemandMaximum | Autoscaling) and value in (
        OnDemandMaximum(),
        Autoscaling(read=None, write=None),
    ):
        return "none"
    parts = [(name, getattr(value, name)) for name in fields]
    shown = [
        f"{name} {show_value(part)}" for name, part in parts if part is not None and not isinstance(part, UnsetType)
    ]
    return ", ".join(shown) or "on"


def _member(part: Any) -> str:
    """A member of a list in few words."""
    if isinstance(part, Access):
        return str(part)
    return alarm_words(part) if isinstance(part, Alarm) else getattr(part, "region", None) or "item"
