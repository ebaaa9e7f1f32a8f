"""The page Tables: every table, live or defined, with what one wants to see at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UnsetType

from dynasmith.console.page import ConsolePage, LiveBlocks, NextPage, PageAction, PageRequest, path_of
from dynasmith.console.reader import CachedTable, TableReader
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table

STATES = {
    "waiting": ("wait", "reading"),
    "failed": ("cross", "cannot be read"),
    "impossible": ("cross", "cannot be applied"),
    "missing": ("plus", "missing"),
    "drift": ("delta", "differs"),
    "same": ("check", "matches"),
    "undefined": ("dot", "not defined"),
}


def view(request: PageRequest) -> Mapping[str, Any]:
    """The rows, counts of each state, and what is still being read."""
    reader = request.console.kept(TableReader)
    reading = reader.reading  # before the tables: what is being read while they are copied counts as not read
    known = reader.tables()
    rows = [row(table) for table in known]
    wanted, state = request.query.text("filter").strip().lower(), request.query.text("state")
    shown = [each for each in rows if wanted in each["name"].lower() and (not state or each["state"] == state)]
    counts = {name: sum(each["state"] == name for each in rows) for name in STATES}
    return {
        "rows": shown,
        "total": len(rows),
        "filter": request.query.text("filter"),
        "state": state,
        "counts": [(name, *STATES[name], count) for name, count in counts.items() if count],
        "reading": reading or reader.reading or (not rows and not reader.failure[0] and not known),
        "left": sum(not table.read for table in known),
        "message": reader.failure[0],
        "hint": reader.failure[1],
        "command": request.command("list"),
    }


def row(table: CachedTable) -> dict[str, Any]:
    """One table as the page shows it."""
    state = state_of(table)
    description = table.description
    shape = description.table if description else table.plan.desired if table.plan else None
    icon, word = STATES[state]
    changes = len(table.plan.changes) if table.plan and table.live else 0
    return {
        "name": table.name,
        "path": path_of("tables", table.name),
        "state": state,
        "icon": icon,
        "word": f"{changes} {'difference' if changes == 1 else 'differences'}" if state == "drift" else word,
        "why": table.failure,
        "status": description.status if description else "",
        "key": [(each.name, each.type) for each in shape.key] if shape else [],
        "billing": _billing(shape),
        "items": description.item_count_estimate if description else None,
        "bytes": description.size_bytes_estimate if description else None,
        "indexes": _indexes(description),
        "marks": _marks(shape) if description and shape else [],
    }


def state_of(table: CachedTable) -> str:
    """The one word that says how a table stands to its definition."""
    if not table.read:
        return "waiting"
    if table.failure:
        return "failed"
    if table.impossible:
        return "impossible"
    if not table.live:
        return "missing"
    if table.plan is None:
        return "undefined"
    return "drift" if table.plan.changes else "same"


def _billing(table: Table | None) -> str:
    if table is None or isinstance(table.billing, UnsetType):
        return ""
    return "on demand" if table.billing == "PAY_PER_REQUEST" else "provisioned"


def _indexes(description: TableDescription | None) -> list[dict[str, Any]]:
    if description is None:
        return []
    return [
        {"name": each.name, "status": each.status, "ready": each.status == "ACTIVE"} for each in description.indexes
    ]


def _marks(table: Table) -> list[tuple[str, str, bool]]:
    """Protection and recovery: icon, words, and whether it is on; nothing where it was not read."""
    found: list[tuple[str, str, bool]] = []
    if not isinstance(table.deletion_protection, UnsetType):
        on = bool(table.deletion_protection)
        found.append(("lock" if on else "lock-off", f"Deletion protection {'on' if on else 'off'}", on))
    if not isinstance(table.recovery, UnsetType):
        on = bool(table.recovery)
        found.append(("clock" if on else "clock-off", f"Point-in-time recovery {'on' if on else 'off'}", on))
    return found


def refresh(request: PageRequest) -> NextPage:
    """Read everything again."""
    request.console.kept(TableReader).refresh()
    return NextPage()


page = ConsolePage(
    path="/tables",
    title="Tables",
    template="tables.html",
    view=view,
    label="Tables",
    order=10,
    icon="table",
    live=LiveBlocks(("summary", "list")),
    actions={"refresh": PageAction(refresh, changes=False)},
)
