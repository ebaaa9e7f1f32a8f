"""One job as people read it: what moves where and how far it is, without the parameters that only a resume needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynasmith.cli.details import bar_text

FILES_SHOWN_MAX: Final = 3
_PLACES: Final = ("dest", "place", "backup", "file", "of", "transform", "where")
_LIMITS: Final = ("max_read_units", "max_write_units", "processes")


def job_summary(described: Mapping[str, Any], *, full: bool = False) -> dict[str, Any]:
    """The details of a job, from its JSON. Counts that are zero are left out; ``full`` keeps every parameter."""
    shown = {name: value for name, value in described.items() if _tells(value) or name in ("read", "written")}
    parameters, activity = shown.pop("parameters", {}), shown.pop("activity", None)
    head: dict[str, Any] = {name: shown.pop(name) for name in ("id", "verb", "state") if name in shown}
    if head.get("state") not in ("done", "cancelled"):
        head["progress"] = bar_text(described.get("read", 0), described.get("total_items_estimate"))
        head |= dict(_pace(activity)) if activity and head.get("state") in ("running", "paused") else {}
    if full:
        return {**head, **shown, "parameters": parameters}
    shown.pop("total_items_estimate", None)
    return {**head, **dict(_asked(parameters)), **shown}


def _tells(value: Any) -> bool:
    """Whether it is more than zero, or zeros."""
    return any(map(_tells, value.values())) if isinstance(value, Mapping) else value != 0


def _pace(activity: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """How fast it is now, and how long it takes at that rate."""
    rates = [f"{activity['per_second']['items']:,.0f} items a second"]
    for side in ("read", "write"):
        limit, units = activity[f"max_{side}_units"], activity["per_second"][f"{side}_units"]
        if units or limit:
            most = "" if limit is None else f" of at most {limit:,.0f}"
            rates.append(f"{units:,.0f}{most} {side} units")
    yield "rate", ", ".join(rates)
    yield "remaining_seconds", activity["remaining_seconds"]


def _asked(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What was asked for, where it is not what every job does."""
    for side in ("source", "target"):
        named = parameters.get(side)
        if isinstance(named, Mapping):
            where = [str(value) for name, value in named.items() if name != "table"]
            yield side, f"{named.get('table', '')} ({', '.join(where)})" if where else named.get("table", "")
    files = parameters.get("files")
    if isinstance(files, str):
        yield "files", files
    elif files:
        more = f" and {len(files) - FILES_SHOWN_MAX:,} more" if len(files) > FILES_SHOWN_MAX else ""
        yield "files", ", ".join(files[:FILES_SHOWN_MAX]) + more
    for name in _PLACES:
        if isinstance(parameters.get(name), str):
            yield name, parameters[name]
    flow = parameters.get("flow")
    if isinstance(flow, Mapping):
        yield "filter", flow.get("condition")
        kind = (flow.get("mode") or {}).get("kind")
        yield "mode", None if kind == "overwrite" else kind
        yield from ((name, flow.get(name) or None) for name in _LIMITS)
