"""Options that the verbs of the item flow share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dynasmith.errors import UsageError

if TYPE_CHECKING:
    from dynasmith.jobs.cluster import Cluster
    from dynasmith.jobs.side import Side

F = TypeVar("F", bound=Callable[..., Any])


class PositiveNumber(click.FloatRange):
    """A number above 0 that is one: ``nan`` is above nothing and below nothing, and would set no limit at all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or a refusal."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a valid rate.", param, ctx)
        return number


UNITS = PositiveNumber(min=0, min_open=True)
"""Capacity units a second."""
MODE = click.option(
    "--mode",
    default="overwrite",
    show_default=True,
    metavar="MODE",
    help="If the target has another item with the key: overwrite, skip-existing, fail-existing or newer:ATTRIBUTE.",
)
PACE = (
    click.option("--digest/--no-digest", default=True, show_default=True,
                 help="Compute the digest of the items; costs about 12 us of CPU an item."),
    click.option("--max-read-units", type=UNITS, help="Limit in read units a second."),
    click.option("--max-write-units", type=UNITS, help="Limit in write units a second."),
    click.option("--share", type=PositiveNumber(min=0, min_open=True, max=1), default=0.5, show_default=True,
                 help="Share of provisioned capacity to use if no limit is given."),
    click.option("--segments", type=click.IntRange(1, 1_000_000), help="Number of scan segments; fixed for the job."),
    click.option("--batch-size", type=click.IntRange(1), help="Number of items to read and transform at a time."),
    click.option("--filter", default="", metavar="CONDITION", help="Only items that meet this condition."),
    click.option("--expired", type=click.Choice(["keep", "skip"]), default="keep", show_default=True,
                 help="Keep or skip items whose TTL has passed."),
    click.option("--on-error", type=click.Choice(["stop", "dead"]), default="stop", show_default=True,
                 help="If a transform refuses an item: stop the job, or send the item to the dead letters."),
)  # fmt: skip
PACE_NAMES = (
    "digest", "max_read_units", "max_write_units", "share", "segments", "batch_size", "filter", "expired",
    "on_error",
)  # fmt: skip
LIMIT_ITEMS = click.option("--limit-items", type=click.IntRange(1), metavar="N",
                           help="Send at most N items, then end the job.")  # fmt: skip
CONSISTENT = click.option("--consistent", is_flag=True, help="Use strongly consistent reads, at twice the read units.")
MOVED_BY = click.option(
    "--processes", type=click.IntRange(1, 64),
    help="Read, transform and write in this many processes, one for each core.",
)  # fmt: skip
_PLACED_BY = (
    click.option("--on", metavar="PLACE", help="Let workers elsewhere move the items: listen://HOST:PORT, "
                 "dask://HOST:PORT, spark, or a name under [clusters]."),
    click.option("--workers", type=click.IntRange(1), help="With --on: how many workers to count on; default 4."),
)  # fmt: skip


def placed_by(function: F) -> F:
    """``--on`` and ``--workers``."""
    for option in reversed(_PLACED_BY):
        function = option(function)
    return function


def cluster_of(given: dict[str, Any]) -> Cluster | None:
    """Where workers are to be; takes the options out of ``given``. Raises UsageError for ``--workers`` alone."""
    from dynasmith.jobs.cluster import Cluster

    on, workers = given.pop("on"), given.pop("workers")
    if on is None and workers is not None:
        raise UsageError("--workers counts workers elsewhere.", hint="add --on, or use --processes")
    return None if on is None else Cluster(on, workers)


TRANSPORT = click.option(
    "--transport", type=click.Choice(["direct", "aiohttp", "botocore"]), default="direct", show_default=True,
    help="HTTP client; use botocore only on networks where direct does not work.",
)  # fmt: skip


def flow_options(function: F) -> F:
    """Pace, segments, filter, policies."""
    return flow_options_but()(function)


def flow_options_but(*names: str) -> Callable[[F], F]:
    """The same without those that mean nothing to a verb: it refuses them, since to take one is to promise it."""

    def decorate(function: F) -> F:
        for name, option in reversed(tuple(zip(PACE_NAMES, PACE, strict=True))):
            function = function if name in names else option(function)
        return function

    return decorate


SIDE_HELP = {
    "env": "Environment",
    "endpoint": "Endpoint",
    "region": "Region",
    "profile": "AWS profile",
    "role-arn": "Role",
}


def side_options(name: str) -> Callable[[F], F]:
    """``--source-env``, ``--source-endpoint`` and so on: the other side of the world."""

    def decorate(function: F) -> F:
        for part in ("role-arn", "profile", "region", "endpoint", "env"):
            function = click.option(f"--{name}-{part}", metavar=part.upper(), help=f"{SIDE_HELP[part]} of the {name}.")(
                function
            )
        return function

    return decorate


def side(name: str, table: str, given: dict[str, Any]) -> Side:
    """One side of a job, from its table and the options with its name; takes them out of ``given``.

    Raises UsageError for an option that is empty: a variable of the shell that is not set would mean another place.
    """
    from dynasmith.jobs.side import Side

    parts: dict[str, str] = {}
    for part in ("env", "endpoint", "region", "profile", "role_arn"):
        value = given.pop(f"{name}_{part}")
        if value == "":
            raise UsageError(f"--{name}-{part.replace('_', '-')} is empty.", hint="give it a value, or remove it")
        parts[part] = value or ""
    return Side(table=table, **parts)
