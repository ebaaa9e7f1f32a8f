"""The pages Metrics: which table, and of one what it consumed against what is provisioned, throttles and latency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from dynasmith.console.charts.bars import throttle_bars
from dynasmith.console.charts.scale import figure
from dynasmith.console.metric_charts import (
    capacity_charts,
    causes_of,
    latency_chart,
    operations_of,
    period_text,
    reasons_of,
    throttle_chart,
    totals_of,
)
from dynasmith.console.metric_reader import MetricReader
from dynasmith.console.page import ConsolePage, LiveBlocks, PageRequest, path_of
from dynasmith.console.reader import TableReader
from dynasmith.errors import UsageError

WINDOWS: Final = {"1h": timedelta(hours=1), "3h": timedelta(hours=3), "1d": timedelta(days=1), "7d": timedelta(days=7)}
MINUTES: Final = {"1h": 1, "3h": 5, "1d": 15, "7d": 60}
"""Minutes between two points of each window."""
LOOK_SECONDS: Final = 60.0
"""How often a page asks again while it is looked at. A look costs about $0.0003 (us-east-1)."""


def tables_view(request: PageRequest) -> Mapping[str, Any]:
    """The tables whose metrics can be looked at."""
    reader = request.console.kept(TableReader)
    wanted = request.query.text("filter").strip().lower()
    names = [table.name for table in reader.tables() if table.live and wanted in table.name.lower()]
    return {
        "rows": [(name, path_of("tables", name, "metrics")) for name in names],
        "filter": request.query.text("filter"),
        "reading": reader.reading,
        "message": reader.failure[0],
        "hint": reader.failure[1],
    }


def view(request: PageRequest) -> Mapping[str, Any]:
    """The charts of a table, or of one of its indexes, over a window."""
    table, index = request.names["table"], request.query.text("index")
    since = request.query.text("since") or "1h"
    if since not in WINDOWS:
        raise UsageError(f"{since} is not a window of this page.", hint=f"use {', '.join(WINDOWS)}")
    window = WINDOWS[since], timedelta(minutes=MINUTES[since])
    found = request.console.kept(MetricReader).metrics(table, *window, index)
    whole = found if not index else request.console.kept(MetricReader).metrics(table, *window, "")
    charts = [*capacity_charts(found, index), throttle_chart(found, index)]
    latency = latency_chart(found)
    words = ["--since", since, "--period", f"{MINUTES[since]}m", *(["--index", index] if index else [])]
    return {
        "table": found.table,
        "table_path": path_of("tables", table),
        "index": index,
        "windows": [(name, _address(table, name, index), name == since) for name in WINDOWS],
        "indexes": [
            (name, _address(table, since, name), name == index)
            for name in dict.fromkeys(["", *(each.index for each in whole.series), index])
        ],
        "known": any(chart["lines"] for chart in (*charts, latency)),
        "totals": [(word, figure(amount), unit) for word, amount, unit in totals_of(found, index)],
        "charts": charts,
        "latency": latency,
        "operations": [
            {
                name: value if isinstance(value, str) else "" if value is None else figure(value)
                for name, value in row.items()
            }
            for row in operations_of(found)
        ],
        "bars": throttle_bars(causes_of(found)),
        "reasons": reasons_of(found),
        "period": period_text(found.period),
        "command": request.command("metrics", table, *words),
        "diagnose": request.command("diagnose", table, "throttling"),
    }


def _address(table: str, since: str, index: str) -> str:
    return path_of("tables", table, "metrics", since=since if since != "1h" else "", index=index)


tables_page = ConsolePage(
    path="/metrics",
    title="Metrics",
    template="metrics_tables.html",
    view=tables_view,
    label="Metrics",
    order=70,
    icon="metrics",
    live=LiveBlocks(("list",)),
)
page = ConsolePage(
    path="/tables/{table}/metrics",
    title="Metrics",
    template="metrics.html",
    view=view,
    under="/metrics",
    live=LiveBlocks(("figures",), seconds=LOOK_SECONDS),
)
