"""``--remote``: a verb that a function does next to the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dynasmith.cli.shared_options import Invocation
from dynasmith.errors import UsageError

if TYPE_CHECKING:
    from dynasmith.jobs.cluster import Cluster
    from dynasmith.project.verbs.remote.remote_project import RemoteProject

F = TypeVar("F", bound=Callable[..., Any])
CONTINUE = click.option(
    "--continue", "continue_run", metavar="RUN", default="", help="Go on with a run in a function that was interrupted."
)


def remote_options(function: F) -> F:
    """The options ``--remote`` and ``--no-remote``; the verb gives what it gets of them to `remote_of`."""
    here = click.option("--no-remote", is_flag=True, help="Run it here, although the environment names a function.")
    there = click.option(
        "--remote",
        metavar="FUNCTION",
        default="",
        help="Run it in this Lambda function, by its name or ARN, next to the tables.",
    )
    return there(here(function))


def refuse_cluster(cluster: Cluster | None) -> None:
    """A function has no workers elsewhere. Raises UsageError where it is to have some."""
    if cluster is not None:
        raise UsageError("--on has no remote: a function moves items by itself.", hint="add --no-remote")


def remote_of(invocation: Invocation, options: dict[str, Any]) -> RemoteProject | None:
    """The project whose verbs a function does; None where the verb runs here. Takes its options out of ``options``.

    Raises UsageError for options that contradict each other.
    """
    function, here = options.pop("remote", ""), options.pop("no_remote", False)
    if function and here:
        raise UsageError("Both --remote and --no-remote were given.", hint="give one of them")
    if here or not (function or invocation.world().settings.remote):
        if options.get("continue_run"):
            raise UsageError("--continue does nothing without a function.", hint="add --remote FUNCTION")
        return None
    return invocation.project().remote(function)
