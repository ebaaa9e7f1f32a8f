"""``--no-wait`` and ``--wait-timeout``: how long a verb that changes tables waits for the service."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import click

from dynasmith.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])
NOT_THERE_YET = 3
"""The exit code of a run that did what it was asked to, and whose tables are not there yet."""


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 only
    """``30m``, ``90s``, ``2h`` or ``1d``."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The duration."""
        from dynasmith.jobs.choice import age_of

        if isinstance(value, timedelta):
            return value
        try:
            return age_of(str(value))
        except (UsageError, OverflowError):
            self.fail(f"{value!r} is not a valid duration; use a number with s, m, h, d or w, such as 30m", param, ctx)


def wait_options(function: F) -> F:
    """Give a command both options; it gets them as ``no_wait`` and ``wait_timeout``."""
    function = click.option(
        "--wait-timeout", type=Duration(), metavar="DURATION", help="Wait at most this long, such as 30m; then exit 3."
    )(function)
    return click.option(
        "--no-wait", is_flag=True, help="Do not wait for the service; exit 3 if something is not there yet."
    )(function)


def service_wait_options(function: F) -> F:
    """Both options for a verb that the service does by itself, as a job that can be waited for later."""
    function = click.option(
        "--wait-timeout", type=Duration(), metavar="DURATION", help="Wait at most this long, such as 30m; then exit 3."
    )(function)
    return click.option(
        "--no-wait", is_flag=True, help="Return when the service has begun; jobs resume waits for it later."
    )(function)


def waiting(no_wait: bool, wait_timeout: timedelta | None) -> dict[str, Any]:
    """The options as the methods of `Project` take them. Raises UsageError where both are given."""
    if no_wait and wait_timeout is not None:
        raise UsageError("--no-wait and --wait-timeout contradict each other.", hint="use one of them")
    return {"wait": not no_wait, "wait_timeout": wait_timeout}
