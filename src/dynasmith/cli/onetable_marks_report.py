"""`migrate mark --from-onetable`: what would be marked and what not, the question, and what was marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynasmith.cli.migration_report import as_json, event_line
from dynasmith.cli.shared_options import Invocation, print_json
from dynasmith.errors import UsageError

if TYPE_CHECKING:
    from dynasmith.migrations.onetable_history import OneTableMarks


def refuse_both(version: str | None, table: str | None, *, more: bool) -> None:
    """Raise UsageError unless there is either a version or a table, and options of a version only with one."""
    if (version is None) == (table is None) or (more and version is None):
        raise UsageError(
            "mark takes a version, or --from-onetable with a table and nothing else.",
            hint="dynasmith migrate mark 0.1.3 --through, or dynasmith migrate mark --from-onetable TABLE",
        )


def mark_from_onetable(invocation: Invocation, table: str) -> int:
    """Show it, ask, and mark it. Exit 0 also where nothing is left to mark."""
    migrations = invocation.project().migrations
    _show(invocation, invocation.shown(migrations.onetable_marks(table)))
    done = invocation.shown(migrations.mark_from_onetable(table))
    if invocation.as_json:
        print_json(as_json(done))
        return 0
    for event in done.events:
        invocation.say(event_line(event))
    if not done.events:
        invocation.say("Nothing to mark.")
    return 0


def _show(invocation: Invocation, found: OneTableMarks) -> None:
    invocation.say(f"OneTable Migrate says that {found.table} is at {found.current}.")
    for mark in found.marks:
        when = f"{mark.applied_at:%Y-%m-%d %H:%M:%S}" if mark.applied_at is not None else "at an unknown time"
        invocation.say(f"  mark {mark.version:<12} applied {when}  {mark.description}".rstrip())
    for each in found.left:
        invocation.say(f"  not  {each.key:<12} {each.reason}".rstrip())
