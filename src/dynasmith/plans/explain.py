"""`explain`: a plan in words. Lines with a symbol each; the door draws them.

``+`` is new, ``~`` changes in place, ``-`` goes away, ``±`` goes away and comes back.
"""

import json
from typing import Any, assert_never

import msgspec
from msgspec import UNSET, Struct, UnsetType

from dynasmith.plans import change as c
from dynasmith.plans import step as s
from dynasmith.plans.diff import describe_key
from dynasmith.plans.paths import path_of
from dynasmith.tables.settings import setting_of, waited_setting_of
from dynasmith.tables.settings.base import SettingCall, SettingChange, SettingWait, Symbol, WaitTable
from dynasmith.tables.table import Access, Index, Scaling, known


class Line(Struct, frozen=True, kw_only=True):
    """One change in words: the symbol, where in the definition, from what, to what."""

    symbol: Symbol
    path: str
    text: str


def explain(change: c.Change) -> Line:
    """One change as a line for people."""
    return Line(symbol=symbol_of(change), path=path_of(change), text=_text(change))


def symbol_of(change: c.Change) -> Symbol:
    """The symbol of a change."""
    match change:
        case c.CreateTable() | c.AddIndex() | c.AddReplica():
            return "+"
        case c.DropIndex() | c.DropReplica() | c.DropTags() | c.DeleteItem():
            return "-"
        case c.RebuildIndex() | c.ReplaceTable() | c.Conflict():
            return "±"
        case c.PutItem():
            return "+" if change.before is None else "~"
        case SettingChange():
            return setting_of(change).symbol(change)
        case _:
            return "~"


def _text(change: c.Change) -> str:
    match change:
        case c.CreateTable():
            return f"new table, key {describe_key(change.table.key)}"
        case c.AddIndex():
            return _index(change.index)
        case c.DropIndex():
            return f"was {_index(change.index)}"
        case c.RebuildIndex():
            return f"{_index(change.before)} -> {_index(change.after)}"
        case c.ReplaceTable() | c.Conflict():
            return f"{change.before} -> {change.after}: {change.reason}"
        case c.AddReplica():
            return f"new replica in {change.replica.region}"
        case c.DropReplica():
            return f"replica in {change.replica.region} is removed"
        case c.PutItem():
            return f"item {_compact(change.key)} " + ("is absent" if change.before is None else "differs")
        case c.DeleteItem():
            return f"item {_compact(change.key)} is deleted"
        case c.SetTags():
            return ", ".join(f"{name}: {change.before.get(name, 'none')} -> {v}" for name, v in change.after.items())
        case c.DropTags():
            return "without " + ", ".join(sorted(change.before))
        case c.SetBilling():
            return f"{change.before} -> {change.after}{_capacities(change)}"
        case SettingChange():
            told = setting_of(change).summary(change)
            return told or f"{_shown(change.before)} -> {_shown(change.after)}"
        case _:
            return f"{_shown(change.before)} -> {_shown(change.after)}"


def _capacities(change: c.SetBilling) -> str:
    """The capacity that comes with provisioned billing, of the table and of each index."""
    if isinstance(change.capacity, UnsetType):
        return ""
    of_indexes = [(f" for index {name}", each) for name, each in sorted(change.index_capacities.items())]
    parts = [("", change.capacity), *of_indexes]
    return ", with " + ", ".join(f"{each.read:,} read and {each.write:,} write units{of}" for of, each in parts)


def _index(index: Index) -> str:
    extra = f" with {', '.join(index.projection.attributes)}" if index.projection.attributes else ""
    return f"index on {describe_key(index.key)} ({index.projection.kind}{extra})"


def _shown(value: Any) -> str:
    """A value of a setting in few words."""
    if value is None or isinstance(value, UnsetType):
        return "off"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Scaling):
        return f"{value.min} to {value.max} at {value.target:g} %"
    if isinstance(value, tuple):
        return "; ".join(map(_shown, value)) or "none"
    if isinstance(value, Access):
        return str(value)
    if isinstance(value, Struct):
        parts = msgspec.to_builtins(value)
        return ", ".join(f"{name} {part}" for name, part in parts.items() if part is not None) or "on"
    if isinstance(value, dict):
        return _compact(value)
    return str(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def step_text(step: s.Step) -> str:
    """One step in words: what is called, or what is waited for."""
    of_index = f" of index {step.index}" if getattr(step, "index", None) and isinstance(step.index, str) else ""  # type: ignore[union-attr]
    match step:
        case s.CallCreateTable():
            indexes = len(step.table.indexes) if not isinstance(step.table.indexes, UnsetType) else 0
            noun = "global index" if indexes == 1 else "global indexes"
            return "create the table" + (f" with {indexes} {noun}" if indexes else "")
        case s.CallBilling():
            return f"set billing to {step.billing}"
        case s.CallCapacity():
            return "set provisioned capacity"
        case s.CallOnDemandMaximum():
            return "set the ceiling of on-demand throughput"
        case s.CallWarm():
            return "raise warm throughput"
        case s.CallCreateIndex():
            return f"create index {step.index.name}"
        case s.CallDeleteIndex():
            return f"delete index {step.name}"
        case s.CallTag():
            return f"tag {', '.join(sorted(step.tags))}{_in_region(step.region)}"
        case s.CallUntag():
            return f"remove tags {', '.join(step.keys)}{_in_region(step.region)}"
        case s.CallRegisterScaling():
            return f"register {step.dimension} capacity{of_index} for autoscaling, {_shown(step.scaling)}"
        case s.CallScalingPolicy():
            return f"put the autoscaling policy of {step.dimension} capacity{of_index}"
        case s.CallDeregisterScaling():
            return f"end autoscaling of {step.dimension} capacity{of_index}"
        case s.CallCreateReplica():
            return f"add a replica in {', '.join(replica.region for replica in step.replicas)}"
        case s.CallUpdateReplica():
            return f"{_replica_text(step)} the replica in {step.region}"
        case s.CallDeleteReplica():
            return f"remove the replica in {', '.join((step.region, *known(step.others, ())))}"
        case s.CallPutItem():
            return "put an item of the definition"
        case s.CallDeleteItem():
            return f"delete item {_compact(step.key)}"
        case WaitTable():
            return "wait until the table is ACTIVE"
        case s.WaitIndex():
            return f"wait until index {step.name} is built"
        case s.WaitIndexGone():
            return f"wait until index {step.name} is gone"
        case s.WaitReplica():
            return f"wait until the replica in {step.region} is ACTIVE"
        case s.WaitReplicaGone():
            return f"wait until the replica in {step.region} is gone"
        case SettingCall():
            return setting_of(step).words(step)
        case SettingWait():
            return waited_setting_of(step).wait_words(step)
        case _:
            assert_never(step)


def _in_region(region: str | UnsetType) -> str:
    return "" if isinstance(region, UnsetType) else f" of the replica in {region}"


def _replica_text(step: s.CallUpdateReplica) -> str:
    """One setting is in a step (`CallUpdateReplica`)."""
    if step.recovery is not UNSET:
        return f"turn point-in-time recovery {'on' if step.recovery else 'off'} for"
    if step.deletion_protection is not UNSET:
        return f"turn deletion protection {'on' if step.deletion_protection else 'off'} for"
    return f"set the class to {_shown(step.table_class)} for"


def change_json(table: str, change: c.Change, hazard: str | None) -> dict[str, Any]:
    """One change as programs read it: table, kind, path, from, to, hazard (its kind, or null)."""
    stated: dict[str, Any] = msgspec.to_builtins(change)
    before, after = stated.get("before"), stated.get("after")
    if after is None:
        after = stated.get("index") if isinstance(change, c.AddIndex) else stated.get("replica") or stated.get("table")
    if isinstance(change, c.DropIndex):
        before, after = stated["index"], None
    if isinstance(change, c.DropReplica):
        before, after = stated["replica"], None
    return {
        "table": table,
        "kind": stated["type"],
        "path": path_of(change),
        "from": before,
        "to": after,
        "hazard": hazard,
    }
