"""`dynasmith metrics`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import UsageError

if TYPE_CHECKING:
    from dynasmith import TableMetrics

WATCH_SECONDS = 60.0
"""Metrics of DynamoDB are of one minute."""


@verb("metrics", example="dynasmith metrics orders --since 3h")
@click.argument("table")
@click.option("--since", metavar="AGE", help="Length of the window up to now, such as 3h or 7d; 1h by default.")
@click.option("--from", "start", metavar="TIME", help="Begin of the window, with its offset.")
@click.option("--to", "end", metavar="TIME", help="End of the window, with its offset; now by default.")
@click.option("--period", metavar="AGE", help="Length of a data point: 1m, 5m, 1h; 5m by default for up to a day.")
@click.option("--index", metavar="NAME", help="Only this global index.")
@click.option("--watch", is_flag=True, help="Draw again every minute until interrupted.")
def command(
    invocation: Invocation,
    table: str,
    since: str | None,
    start: str | None,
    end: str | None,
    period: str | None,
    index: str | None,
    watch: bool,
) -> int:
    """Show what a table consumes and where it is throttled: its units, throttle events by cause, latency and errors, of
    the table and of each index, from CloudWatch."""
    from dynasmith.cli.metrics_report import draw_metrics
    from dynasmith.cli.time_values import instant
    from dynasmith.jobs.choice import age_of

    if watch and (invocation.as_json or end is not None):
        other = "--json" if invocation.as_json else "--to"
        raise UsageError(f"--watch and {other} contradict each other.", hint="use one of them")

    def read() -> TableMetrics:
        return invocation.project().metrics(
            table,
            since=None if since is None else age_of(since),
            start=None if start is None else instant(start, "--from"),
            end=None if end is None else instant(end, "--to"),
            period=None if period is None else age_of(period),
            index=index,
        )

    found = read()
    if invocation.as_json:
        print_json(found.to_json())
        return 0
    page = invocation.page()
    while True:
        if watch and page.is_terminal:
            page.clear()
        draw_metrics(page, found)
        if not watch:
            return 0
        time.sleep(WATCH_SECONDS)
        found = read()
