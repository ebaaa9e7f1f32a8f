"""Plans, tables and findings as people like to look at them. Everything that rich draws is made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from dynasmith.plans.change import Conflict, ReplaceTable
from dynasmith.plans.estimate import usual_seconds
from dynasmith.plans.explain import explain, step_text
from dynasmith.plans.plan import Plan, TablePlan
from dynasmith.plans.refusal import impossible, refusals
from dynasmith.plans.step import Wait
from dynasmith.plans.where import Where
from dynasmith.tables.description import TableDescription
from dynasmith.tables.setting_rows import LABELS, table_rows
from dynasmith.tables.settings.base import CostEstimate
from dynasmith.tables.table import known

COLOURS = {"+": "green", "~": "yellow", "-": "red", "±": "magenta"}
SEVERITY_COLOURS = {"critical": "bold red", "warning": "yellow", "notice": "cyan"}


def draw_plan(console: Console, plan: Plan, environment: str, *, steps: bool = True) -> None:
    """A plan: where it would be applied, and for each table its changes with symbols, the order, hazards with their
    flags, time and cost."""
    where = Where(environment=environment, region=plan.region, account=plan.account, endpoint=plan.endpoint)
    console.print(f"In {where}:", style="dim", markup=False)
    unchanged = [table.table for table in plan.tables if not table.changes and not table.notes]
    for table in plan.tables:
        if table.changes or table.notes:
            _draw_table_plan(console, table, steps=steps)
    for failure in plan.failures:
        console.print(Text.assemble(("✗ ", "red"), (failure.table, "bold"), f"  {failure.message}"))
        if failure.hint:
            console.print(f"    {failure.hint}", style="dim", markup=False)
    if unchanged:
        names = ", ".join(unchanged[:5]) + (f" and {len(unchanged) - 5} more" if len(unchanged) > 5 else "")
        verb = "matches its definition" if len(unchanged) == 1 else "match their definitions"
        console.print(f"No changes: {names} {verb}.", style="dim", markup=False)
    if any(table.estimates for table in plan.tables):
        console.print(_prices(plan), style="dim", markup=False)
    console.print(_totals(plan), markup=False)


def _totals(plan: Plan) -> str:
    refused = impossible(plan)
    changing = [table for table in plan.tables if table.changes and table not in refused]
    cannot = f"{len(refused)} cannot be applied" if refused else ""
    if not changing:
        rest = "No other changes." if plan.failures or refused else "Nothing to change."
        return f"{cannot}. {rest}" if cannot else rest
    new = sum(not table.exists for table in changing)
    calls = sum(not isinstance(step, Wait) for table in changing for step in table.steps)
    longest = max((_table_seconds(table) for table in changing), default=(0, 0))
    return (
        f"{cannot}{'; ' if cannot else ''}{new} to create, {len(changing) - new} to change, "
        f"in {calls} {'call' if calls == 1 else 'calls'}; "
        f"on AWS this usually takes {_duration(longest[0])} to {_duration(longest[1])}."
    )


def _table_seconds(table: TablePlan) -> tuple[int, int]:
    parts = [usual_seconds(step, known(table.size_bytes_estimate, 0)) for step in table.steps]
    return sum(low for low, _ in parts), sum(high for _, high in parts)


def _duration(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _draw_table_plan(console: Console, table: TablePlan, *, steps: bool) -> None:
    symbol = "+" if not table.exists else "~" if table.changes else " "
    console.print(Text.assemble((f"{symbol} ", COLOURS.get(symbol, "")), (table.table, "bold")))
    for change in table.changes:
        if isinstance(change, ReplaceTable | Conflict):
            continue  # said below, with the way out
        line = explain(change)
        console.print(Text.assemble("    ", (line.symbol, COLOURS[line.symbol]), f" {line.path}  ", (line.text, "")))
    if not table.exists:
        for label, value in table_rows(table.desired):
            console.print(Text.assemble("        ", (f"{label:<26}", "dim"), value))
    cannot = refusals(table)
    for refusal in cannot:
        console.print(Text.assemble(("    ✗ ", "bold red"), ("cannot be applied", "bold"), f"  {refusal.message}"))
        console.print(f"      {refusal.way_out}", style="dim", markup=False)
    if steps and table.steps and not cannot:
        console.print("    In this order:", style="dim")
        for number, step in enumerate(table.steps, start=1):
            console.print(f"      {number:>2}. {step_text(step)}", style="dim", markup=False)
    for hazard in table.hazards if not cannot else ():
        consent = f"  consent: {hazard.flag}"
        console.print(Text.assemble(("    ! ", "bold red"), f"{hazard.path}: {hazard.why}", (consent, "bold")))
    for note in table.notes:
        console.print(Text.assemble(("    · ", "cyan"), note.text))
    for cost in table.estimates if not cannot else ():
        console.print(Text.assemble(("    $ ", "green"), f"{_cost(cost)}", (f"  ({cost.basis})", "dim")))
    console.print()


def _prices(plan: Plan) -> str:
    """Which prices the costs were reckoned with; said once."""
    if plan.prices != "unknown":
        return f"Prices: {plan.prices}."
    return (
        f"No prices are known for {plan.region}, so costs are unknown: set them in dynasmith.toml, for example "
        "[prices] provisioned_write_unit_hour = 0.00065, provisioned_read_unit_hour = 0.00013."
    )


def _cost(cost: CostEstimate) -> str:
    parts = []
    if cost.once is None or cost.once:
        parts.append("once unknown" if cost.once is None else f"once ${cost.once:,.2f}")
    if cost.monthly is None or cost.monthly:
        parts.append("monthly unknown" if cost.monthly is None else f"monthly ${cost.monthly:,.2f}")
    return f"{cost.path or 'the table'}: " + (", ".join(parts) or "less than $0.01")


def draw_listing(console: Console, rows: Iterable[Sequence[str]]) -> None:
    """The tables there are, as a grid."""
    grid = Grid(box=None, pad_edge=False, header_style="dim")
    for title in ("table", "status", "billing", "items ~", "size ~", "defined"):
        grid.add_column(title, no_wrap=True, justify="right" if title.endswith("~") else "left")
    for row in rows:
        grid.add_row(*row)
    console.print(grid)


def draw_description(console: Console, description: TableDescription) -> None:
    """One live table as a person wants to see it."""
    table = description.table
    console.print(Text.assemble((table.name, "bold"), "  ", (description.status, status_colour(description.status))))
    rows = [("ARN", description.arn), ("created", description.created_at)]
    rows.append(
        (
            "items, size",
            (
                f"~{description.item_count_estimate:,}, ~{size_text(description.size_bytes_estimate)}"
                " (the service's own estimate, up to 6 hours old)"
            ),
        )
    )
    for label, value in [*rows, *table_rows(table)]:
        console.print(Text.assemble("  ", (f"{label:<26}", "dim"), value))
    for index in description.indexes:
        if index.status != "ACTIVE":
            filling = ", filling" if index.backfilling else ""
            console.print(Text.assemble("  ", (f"index {index.name}", "bold"), f" is {index.status}{filling}"))
    for replica in description.replicas:
        console.print(Text.assemble("  ", (f"replica {replica.region:<18}", "dim"), replica.status))
    for setting, reason in sorted(description.unread.items()):
        console.print(
            Text.assemble("  ", (f"{LABELS.get(setting, setting):<26}", "dim"), (f"not read: {reason}", "dim"))
        )
    for notice in description.notices:
        console.print(f"  · {notice}", markup=False)


def status_colour(status: str) -> str:
    """Green where all is well, yellow where it moves, red where it stands still."""
    if status == "ACTIVE":
        return "green"
    return "yellow" if status.endswith("ING") else "red"


def size_text(size_bytes: int) -> str:
    """Bytes as people say them."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
