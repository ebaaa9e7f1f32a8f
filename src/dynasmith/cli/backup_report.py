"""Backups as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table as Grid

if TYPE_CHECKING:
    from dynasmith.cli.shared_options import Invocation
    from dynasmith.ports.backups import TableBackup
    from dynasmith.ports.listener import Event
    from dynasmith.ports.scheduled_backups import ScheduledBackupRule

STATES_SECONDS = 15.0
"""How often a wait says where it is."""


class BackupProgress:
    """A listener that says now and then how long a backup is waited for."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._said: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Take one event."""
        from dynasmith.ports.listener import BackupWaiting

        if not isinstance(event, BackupWaiting):
            return
        if event.waited_seconds - self._said.get(event.backup, 0.0) >= STATES_SECONDS:
            self._said[event.backup] = event.waited_seconds
            self._invocation.say(f"Backup {event.backup} is {event.state}, {event.waited_seconds:.0f} s.")


def rules_table(rules: Sequence[ScheduledBackupRule]) -> Grid:
    """One rule of a plan a line."""
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("RULE", "SCHEDULE", "KEPT", "NEXT RUN", "VAULT"):
        grid.add_column(title, no_wrap=True)
    for each in rules:
        kept = "for ever" if each.keep_days is None else f"{each.keep_days} days"
        runs = "-" if each.next_at is None else f"{each.next_at:%Y-%m-%d %H:%M:%S}"
        grid.add_row(each.name, each.schedule, kept, runs, each.vault)
    return grid


def backups_table(backups: Sequence[TableBackup]) -> Grid:
    """One backup a line."""
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("NAME", "TABLE", "TYPE", "STATE", "CREATED", "EXPIRES", "SIZE", "ARN"):
        grid.add_column(title, no_wrap=title != "ARN", overflow="fold")  # the ARN alone gives way
    for each in backups:
        expires = "-" if each.expires_at is None else f"{each.expires_at:%Y-%m-%d}"
        created = f"{each.created_at:%Y-%m-%d %H:%M:%S}"
        grid.add_row(each.name, each.table, each.type, each.state, created, expires, f"{each.size_bytes:,} B", each.arn)
    return grid
