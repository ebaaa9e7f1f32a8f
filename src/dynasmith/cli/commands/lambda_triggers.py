"""`dynasmith lambda attach`, `lambda detach` and `lambda logs`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb

if TYPE_CHECKING:
    from datetime import datetime

    from dynasmith import AttachedTrigger

FOLLOW_SECONDS = 2.0
"""How long ``--follow`` waits before it looks again."""


@verb("attach", example="dynasmith lambda attach orders ship --batch-size 10 --maximum-retry-attempts 3")
@click.argument("table")
@click.argument("function")
@click.option("--starting-position", type=click.Choice(["LATEST", "TRIM_HORIZON"]),
              help="Where a new trigger begins; LATEST by default.")  # fmt: skip
@click.option("--batch-size", type=int, metavar="N", help="Changes a call gets at most.")
@click.option("--maximum-batching-window-seconds", type=int, metavar="N", help="How long a batch may gather.")
@click.option("--parallelization-factor", type=int, metavar="N", help="Calls at once for one shard.")
@click.option("--maximum-retry-attempts", type=int, metavar="N", help="-1 is until the change expires.")
@click.option("--maximum-record-age-seconds", type=int, metavar="N", help="-1 is without limit, else at least 60.")
@click.option("--tumbling-window-seconds", type=int, metavar="N", help="Length of the windows that keep a state.")
@click.option("--bisect-batch-on-function-error/--no-bisect-batch-on-function-error", default=None,
              help="Halve a batch that fails.")  # fmt: skip
@click.option("--report-batch-item-failures/--no-report-batch-item-failures", default=None,
              help="The function names the changes that failed.")  # fmt: skip
@click.option("--on-failure-destination", metavar="ARN",
              help="Queue, topic or bucket for batches that failed; none for none.")  # fmt: skip
@click.option("--filter", "filters", multiple=True, metavar="JSON",
              help="Which changes call the function: an event filter of Lambda; up to five, repeatable.")  # fmt: skip
@click.option("--no-filter", is_flag=True, help="Every change calls the function.")
@click.option("--disabled", is_flag=True, help="Attach it, and do not call the function yet.")
def attach(
    invocation: Invocation,
    table: str,
    function: str,
    *,
    on_failure_destination: str | None,
    filters: tuple[str, ...],
    no_filter: bool,
    disabled: bool,
    **options: Any,
) -> int:
    """Let each change of a table call a Lambda function. A trigger that is there gets the options that are given, in
    place; one on an old stream of the table is moved to the stream that is on. Options of the definition hold where
    none is given."""
    from dynasmith import Trigger
    from dynasmith.errors import UsageError

    if no_filter and filters:
        raise UsageError("--filter and --no-filter contradict each other.", hint="use one of them")
    said: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if filters or no_filter:
        said["filters"] = filters
    if on_failure_destination is not None:
        said["on_failure_destination"] = None if on_failure_destination == "none" else on_failure_destination
    trigger = Trigger(function=function, enabled=not disabled, **said)
    lambdas = invocation.project().lambdas
    found = lambdas.rehearse_attach(table, trigger) if invocation.dry_run else lambdas.attach(table, trigger)
    _show(invocation, found, f"{found.function} is called with the changes of {found.table}")
    return 0


@verb("detach", example="dynasmith lambda detach orders ship")
@click.argument("table")
@click.argument("function")
def detach(invocation: Invocation, table: str, function: str) -> int:
    """End the calls of a Lambda function with the changes of a table. The function and its role stay."""
    lambdas = invocation.project().lambdas
    found = lambdas.rehearse_detach(table, function) if invocation.dry_run else lambdas.detach(table, function)
    _show(invocation, found, f"No change of {found.table} calls {found.function}")
    return 0


def _show(invocation: Invocation, found: AttachedTrigger, result: str) -> None:
    if invocation.as_json:
        print_json(found.to_json())
        return
    for line in found.changed:
        invocation.say(f"Would {line}." if invocation.dry_run else f"{line[:1].upper()}{line[1:]}: done.")
    if not found.changed:
        invocation.say(f"No changes: {result[:1].lower()}{result[1:]}.")
    elif not invocation.dry_run:
        state = f" ({found.state}, {found.uuid})" if found.uuid else ""
        invocation.say(f"{result}{state}.")


@verb("logs", example="dynasmith lambda logs ship --since 1h --errors")
@click.argument("function")
@click.option("--since", metavar="AGE", default="1h", show_default=True, help="How far back, such as 15m or 2d.")
@click.option("--errors", is_flag=True, help="Only lines of calls that failed.")
@click.option("--follow", is_flag=True, help="Go on with what is written, until interrupted.")
def logs(invocation: Invocation, function: str, since: str, errors: bool, follow: bool) -> int:
    """Print what a Lambda function wrote, oldest first, from CloudWatch Logs."""
    from dynasmith.errors import UsageError
    from dynasmith.jobs.choice import age_of

    if invocation.redact:
        raise UsageError(
            "What a function writes may hold values of items, which --redact hides.", hint="remove --redact"
        )
    if follow and invocation.as_json:
        raise UsageError("--follow and --json contradict each other.", hint="use one of them")
    lambdas = invocation.project().lambdas
    found = lambdas.logs(function, since=age_of(since), errors=errors)
    if invocation.as_json:
        print_json([each.to_json() for each in found])
        return 0
    seen: set[str] = set()
    newest: datetime | None = None
    while True:
        for each in found:
            if each.id not in seen:
                click.echo(f"{each.at:%Y-%m-%d %H:%M:%S} {each.text}")
        # Lines of the same moment come again with the next look; older ones do not.
        newest = max((each.at for each in found), default=newest)
        seen = {each.id for each in found} or seen
        if not follow:
            break
        time.sleep(FOLLOW_SECONDS)
        found = lambdas.logs(function, after=newest, since=age_of(since), errors=errors)
    if not seen:
        invocation.say(f"{function} wrote nothing{' about errors' if errors else ''} in the last {since}.")
    return 0
