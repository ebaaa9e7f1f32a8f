"""What a person sees before the question of a command of `migrate`: the steps, what they cost and what they destroy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from dynasmith.cli.migration_report import estimate_line, rehearsal_lines
from dynasmith.errors import RunError

if TYPE_CHECKING:
    from dynasmith.cli.shared_options import Invocation
    from dynasmith.migrations.report import Rehearsal


def is_asked(invocation: Invocation) -> bool:
    """Whether a person will be asked: nobody answered beforehand, and there is a terminal."""
    return not invocation.values.get("yes") and sys.stdin.isatty()


def before_question(invocation: Invocation, rehearse: Callable[[], Rehearsal]) -> Rehearsal | None:
    """Show what the path would do, from a rehearsal; None where its code could not be rehearsed, which is said."""
    try:
        rehearsal = rehearse()
    except RunError as error:
        invocation.say(f"What it would do is not known: {invocation.shown_error(error).message}")
        return None
    shown = invocation.shown(rehearsal)
    for line in (*rehearsal_lines(shown), estimate_line(shown)):
        if line:
            invocation.say(line)
    for called in shown.called:
        invocation.say(f"Warning: {called}.")
    return rehearsal
