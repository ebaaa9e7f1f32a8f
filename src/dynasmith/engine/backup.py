"""Backups: begin one, wait until it is there. The service makes it; stopped halfway it goes on by itself."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from dynasmith.engine.waiter import POLL_SECONDS_FIRST, POLL_SECONDS_MAX, StopFlag, WaitBudget, rest
from dynasmith.errors import (
    DynasmithError,
    LimitExceeded,
    RunError,
    ServiceUnavailable,
    TableBusy,
    Throttled,
    Unreachable,
    WaitTimeout,
)
from dynasmith.ports.backups import BackupControl, TableBackup
from dynasmith.ports.clock import Clock

BACKUP_SECONDS_MAX = 3_600.0
"""How long a backup is waited for where nobody says how long; the service takes minutes for most tables."""
BUSY_SECONDS_MAX = 900.0
"""How long a table that cannot be backed up yet is waited for: a new one is ready within minutes."""
_CLOCKS_APART = timedelta(minutes=5)
"""How far this machine's clock and the service's may be apart."""


def begin_backup(table: str, name: str, backups: BackupControl, clock: Clock, stopped: StopFlag) -> TableBackup:
    """Send CreateBackup, again while the table is not ready for it (a new one is not) or too many are under way, for
    up to fifteen minutes.

    A call whose reply was lost may have been done: the backup is then looked for by its name. Raises what the service
    refuses for good.
    """
    begun, since = clock.monotonic(), clock.now() - _CLOCKS_APART
    pause = POLL_SECONDS_FIRST
    while True:
        stopped.check()
        try:
            return backups.create(table, name)
        except (ServiceUnavailable, Unreachable) as error:
            if (found := _made(table, name, backups, since)) is not None:
                return found
            raise error from None
        except (TableBusy, LimitExceeded, Throttled):
            if clock.monotonic() - begun >= BUSY_SECONDS_MAX:
                raise
        rest(pause, clock, stopped)
        pause = min(pause * 1.6, POLL_SECONDS_MAX)


def _made(table: str, name: str, backups: BackupControl, since: datetime) -> TableBackup | None:
    """The backup that a call made whose reply did not arrive."""
    with suppress(DynasmithError):
        found = [each for each in backups.list(table, ("user",)) if each.name == name]
        return next((each for each in reversed(found) if each.created_at >= since), None)
    return None


def wait_for_backup(
    backup: TableBackup,
    backups: BackupControl,
    clock: Clock,
    stopped: StopFlag,
    seen: Callable[[str, float], None],
    budget: WaitBudget,
) -> TableBackup:
    """Poll until the backup is AVAILABLE. One DescribeBackup a poll. ``seen(state, waited_seconds)`` hears of each.

    Raises WaitTimeout at the end of the budget (the service goes on), RunError where the backup will never be there.
    """
    begun = clock.monotonic()
    pause = POLL_SECONDS_FIRST
    while True:
        stopped.check()
        found = backups.describe(backup.arn)
        if found.state == "AVAILABLE":
            return found
        waited = clock.monotonic() - begun
        if found.state != "CREATING":
            raise RunError(
                f"Backup {found.name} of table {found.table} is {found.state}.",
                hint="make another one: dynasmith backup create",
            )
        if waited >= budget.limit(BACKUP_SECONDS_MAX):
            raise WaitTimeout(
                f"Backup {found.name} of table {found.table} is CREATING after {waited:.0f} seconds.",
                hint=f"the service goes on: dynasmith backup show {found.arn}",
                state="the backup is CREATING",
            )
        seen(found.state, waited)
        rest(pause, clock, stopped)
        pause = min(pause * 1.6, POLL_SECONDS_MAX)
