"""`Backups`: the verbs about backups, as ``project.backups``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dynasmith.aws.control.actions import RESTORES, ROLLBACKS, VAULTED
from dynasmith.aws.control.scheduled_backups import scheduled_backups
from dynasmith.aws.settings.backup_plan import ServiceBackupPlan
from dynasmith.engine.backup import BACKUP_SECONDS_MAX
from dynasmith.engine.waiter import StopFlag
from dynasmith.jobs.restore_report import RestoreReport
from dynasmith.plans.consent import Consent
from dynasmith.ports.backup_jobs import JOB_STATES, BackupJob
from dynasmith.ports.backups import BACKUP_KINDS, TableBackup
from dynasmith.ports.listener import Listener, silent
from dynasmith.ports.scheduled_backups import ScheduledBackups
from dynasmith.project.verbs.argument_kinds import instance, names, one_of, optional, path, text, whole
from dynasmith.project.verbs.arguments import checked, moment, named_table, table_names
from dynasmith.project.verbs.backup_refusals import explained
from dynasmith.project.verbs.backups.choice import all_backups, named
from dynasmith.project.verbs.backups.creation import create_backups
from dynasmith.project.verbs.backups.deletion import PrunedBackups, delete_backup, prune_backups, pruned
from dynasmith.project.verbs.backups.diagnosis import diagnose_backup
from dynasmith.project.verbs.backups.restore import (
    RestoreRehearsal,
    rehearse_restore,
    restore_request,
    restore_table,
    resume_restore,
)
from dynasmith.project.verbs.backups.results import BackupCreation
from dynasmith.project.verbs.backups.rollback import (
    RollbackRehearsal,
    RollbackReport,
    rehearse_rollback,
    roll_back,
)
from dynasmith.project.verbs.backups.schedule import (
    DAILY,
    WEEKLY,
    BackupSchedule,
    jobs,
    rule_of,
    schedule,
    unschedule,
)
from dynasmith.project.verbs.diagnosis.finding import DiagnosisFinding
from dynasmith.project.verbs.file_names import is_file
from dynasmith.project.verbs.tables import wait_seconds
from dynasmith.project.world import World
from dynasmith.tables.table import BackupRule

if TYPE_CHECKING:
    from dynasmith.models import Model


def _rules(daily: bool, weekly: bool, rules: Sequence[str]) -> list[BackupRule]:
    """The rules that a call names. Raises UsageError for a rule that AWS Backup does not take."""
    return [*([DAILY] if daily else []), *([WEEKLY] if weekly else []), *map(rule_of, rules)]


def time_or_latest(name: str, value: object) -> None:
    """A time with its offset, or ``latest``."""
    if value != "latest":
        moment(name, value)


class Backups:
    """On-demand backups of tables: create, list, show, delete, prune, restore. A backup is named by its ARN or its
    name.

    Raises NotOffered where the engine has no backups.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    @checked(tables=table_names, name=optional(text), to=optional(path))
    def create(
        self,
        tables: Sequence[str | type[Model]],
        *,
        name: str | None = None,
        to: str | Path | None = None,
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
    ) -> BackupCreation:
        """A backup of each table, and its definition kept beside it: what the service does not keep is there when a
        restore needs it, also when the table is gone.

        Without ``name`` a backup is called ``<table>-YYYYmmdd-HHMMSS`` (UTC), and several tables share the time.
        It is waited until all are AVAILABLE, an hour at most or ``wait_timeout``; with ``wait=False`` not at all. One
        table that fails does not stop the others. ``to`` makes an export in place of the service's backup, which works
        on every engine: a file or a folder (of several tables a folder each) with the definition, compared with the
        table; it reads every item twice, and is not of one second. Such a file takes items out of their environment:
        ConsentRequired where that is protected and ``allow_personal`` of the consent lacks a personal attribute.

        Costs about ten calls a table, and $0.10 a GB and month (us-east-1); no capacity of the table. Raises
        TableNotFound before anything is done, UsageError for a name that is not valid, a name for several tables, and
        a file that exists. A table's own error is in ``failures``: WaitTimeout where its backup is not there in time,
        RunError where it never will be. Interrupted, the service goes on with what was begun.
        """
        limit = wait_seconds(wait, wait_timeout)
        with explained(self._world, "backup create"):
            return create_backups(
                self._world,
                list(tables) if not isinstance(tables, str) else [tables],
                name=name or "",
                to=to,
                wait_seconds=BACKUP_SECONDS_MAX if limit is None else limit,
                consent=consent,
                listener=listener,
                stopped=stopped,
            )

    @checked(
        table=optional(named_table),
        kind=one_of("user", "system", "aws", "all"),
        since=optional(instance("a time", datetime)),
    )
    def list(
        self,
        table: str | type[Model] | None = None,
        *,
        kind: Literal["user", "system", "aws", "all"] = "all",
        since: datetime | None = None,
        told: Callable[[str], object] = lambda _: None,
    ) -> tuple[TableBackup, ...]:
        """The backups of a table, also of one that is gone, or of every table; oldest first. ``kind`` is who made
        them, ``since`` the time from which on. One call a hundred backups and kind, and for those of AWS Backup one a
        vault; with ``all`` these are left out where the caller may not list the vaults, and ``told`` why. Raises
        UsageError for another kind, AccessDenied, ServiceError where a list of AWS Backup does not end."""
        kinds = BACKUP_KINDS if kind == "all" else (kind,)
        name = "" if table is None else self._world.name_of(table)
        with explained(self._world, "backup list", ("dynamodb:ListBackups", *(VAULTED if kind == "aws" else ()))):
            found = all_backups(self._world, name, kinds, since, told)
        return tuple(sorted(found, key=lambda each: (each.created_at, each.arn)))

    @checked(table=optional(named_table))
    def scheduled(self, table: str | type[Model] | None = None) -> tuple[ScheduledBackups, ...]:
        """The plans of AWS Backup that select a table, or every plan: vault, rules with their next run, selections, and
        the recovery points of tables that each made, with when they expire.

        About two calls a plan and one a selection and vault. A plan that selects by tags alone is not known to select a
        table. Raises AccessDenied with every action that is needed, NotOffered where the engine has no AWS Backup,
        ServiceError where a list of it does not end, UsageError for a table that cannot be named.
        """
        name = "" if table is None else self._world.name_of(table)
        with explained(self._world, "backup list --scheduled", (*ServiceBackupPlan.read_actions, VAULTED[1])):
            return tuple(scheduled_backups(self._world.session, name))

    @checked(backup=text)
    def show(self, backup: str) -> TableBackup:
        """One backup. Raises BackupNotFound; UsageError where two have the name, with both ARNs, and for the ARN of
        another Region."""
        with explained(self._world, "backup show", ("dynamodb:DescribeBackup", "dynamodb:ListBackups")):
            return named(self._world, backup)

    @checked(backup=text)
    def delete(self, backup: str, *, consent: Consent | None = None) -> TableBackup:
        """Delete a backup, and the definition that is kept beside it. It cannot be had back.

        Raises ConsentRequired, BackupNotFound, and UsageError where two have the name, or AWS Backup made it.
        """
        with explained(self._world, "backup delete"):
            return delete_backup(self._world, backup, consent=consent)

    @checked(table=named_table)
    def rehearse_prune(
        self, table: str | type[Model], *, keep: int | None = None, older_than: timedelta | None = None
    ) -> PrunedBackups:
        """What `prune` would delete and keep; deletes nothing. Raises UsageError where nothing says what to keep."""
        return pruned(self._world, self._world.name_of(table), keep=keep, older_than=older_than)

    @checked(table=named_table)
    def prune(
        self,
        table: str | type[Model],
        *,
        keep: int | None = None,
        older_than: timedelta | None = None,
        consent: Consent | None = None,
    ) -> PrunedBackups:
        """Delete old backups of a table: all but the newest ``keep``, those that are ``older_than``, or with both what
        both say. Only backups that a person or a program made (not of AWS Backup, not the service's own); the newest
        one is always kept.

        Raises ConsentRequired, TableNotFound for a name that has neither table nor backups, UsageError where nothing
        says what to keep. Stopped halfway, what was deleted is gone; running it again continues.
        """
        name = self._world.name_of(table)
        with explained(self._world, "backup prune"):
            return prune_backups(self._world, name, keep=keep, older_than=older_than, consent=consent)

    @checked(
        backup=optional(text),
        table=optional(named_table),
        target=text,
        encryption=optional(text),
        at=optional(time_or_latest),
    )
    def rehearse_restore(
        self,
        backup: str | None = None,
        *,
        target: str,
        table: str | type[Model] | None = None,
        at: datetime | Literal["latest"] | None = None,
        region: str = "",
        without_indexes: bool = False,
        billing: Literal["on-demand", "provisioned"] | None = None,
        encryption: str | None = None,
        settings: bool = True,
        prove: str | Path | None = None,
    ) -> RestoreRehearsal:
        """What `restore` would do with these arguments. Makes nothing. Raises what `restore` raises before it begins:
        BackupNotFound, TableNotFound, UsageError, DefinitionError, FileFormatError; RunError for a ``prove`` file that
        is not there."""
        name = None if table is None else self._world.name_of(table)
        request = restore_request(
            backup, target, name, at, region, without_indexes, billing, encryption, settings, prove
        )
        return rehearse_restore(self._world, request)

    @checked(
        backup=optional(text),
        table=optional(named_table),
        target=text,
        encryption=optional(text),
        at=optional(time_or_latest),
    )
    def restore(
        self,
        backup: str | None = None,
        *,
        target: str,
        table: str | type[Model] | None = None,
        at: datetime | Literal["latest"] | None = None,
        region: str = "",
        without_indexes: bool = False,
        billing: Literal["on-demand", "provisioned"] | None = None,
        encryption: str | None = None,
        settings: bool = True,
        prove: str | Path | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> RestoreReport:
        """A new table, ``target``, from a backup (an ARN or a name), from the files of an export, or from ``table`` as
        it was ``at`` a time with its offset, or ``latest``. An existing table is never written to.

        Waits until the table is there; verifies its items (``prove`` compares each with an export: files, or a place
        ``s3://bucket/prefix``, where the service exports the same second unless an export is there; else they are
        counted); then applies every setting that the service leaves out, from the definition that was kept with the
        backup, from that of the project, or from the live table. `RestoreReport.whole` says whether all is as before,
        and ``settings`` what is not, and why. ``settings=False`` applies none. ``region`` is that of the new table,
        where it is not the project's. ``encryption`` is ``aws-owned``, ``aws-managed``, or a key.

        Costs $0.15 a GB (us-east-1), one read of every item, and about three calls a setting. Raises ConsentRequired,
        BackupNotFound, TableNotFound, UsageError for a target that exists and a time outside the window,
        DefinitionError for a kept definition that is not valid, RunError where the service failed. Stopped anywhere, it
        is a job that `resume` or `Jobs.resume` continues; the service goes on meanwhile.
        """
        name = None if table is None else self._world.name_of(table)
        request = restore_request(
            backup, target, name, at, region, without_indexes, billing, encryption, settings, prove
        )
        with explained(self._world, "backup restore", RESTORES):
            return restore_table(self._world, request, consent=consent, listener=listener)

    @checked(table=named_table, rules=names)
    def rehearse_schedule(
        self, table: str | type[Model], *, daily: bool = False, weekly: bool = False, rules: Sequence[str] = ()
    ) -> BackupSchedule:
        """What `schedule` would change; changes nothing. Raises TableNotFound, UsageError, AccessError, NotOffered."""
        return schedule(self._world, table, _rules(daily, weekly, rules), dry_run=True)

    @checked(table=named_table, rules=names)
    def schedule(
        self,
        table: str | type[Model],
        *,
        daily: bool = False,
        weekly: bool = False,
        rules: Sequence[str] = (),
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> BackupSchedule:
        """Scheduled backups of a table by AWS Backup: its definition's ``backup_plan``, or ``daily`` (02:00 UTC, kept
        30 days), ``weekly`` (Sundays, kept 90 days) and ``rules``, each ``NAME=cron(...)`` or
        ``NAME=cron(...):KEEP_DAYS``, in place of the rules that are there.

        Creates the vault and the role ``dynasmith-backup`` where they do not exist. About fifteen calls; a backup costs
        $0.10 a GB and month (us-east-1). Raises ConsentRequired, TableNotFound, UsageError where nothing says when or
        for a rule that AWS Backup does not take, AccessError (AccessDenied with every action that is missing),
        NotOffered where the engine has no AWS Backup. Stopped halfway, running it again continues.
        """
        found = _rules(daily, weekly, rules)
        return schedule(self._world, table, found, consent=consent, listener=listener)

    @checked(table=named_table)
    def rehearse_unschedule(self, table: str | type[Model]) -> BackupSchedule:
        """What `unschedule` would change; nothing is changed. Raises TableNotFound, UsageError, AccessError,
        NotOffered."""
        return unschedule(self._world, table, dry_run=True)

    @checked(table=named_table)
    def unschedule(
        self, table: str | type[Model], *, consent: Consent | None = None, listener: Listener = silent
    ) -> BackupSchedule:
        """End the scheduled backups of a table: its selection goes, and its plan where that selects nothing else. The
        vault and the backups in it stay. Raises ConsentRequired, TableNotFound,
        UsageError, AccessError, NotOffered."""
        return unschedule(self._world, table, consent=consent, listener=listener)

    @checked(job=optional(text), table=optional(named_table), limit=whole(), state=optional(one_of(*JOB_STATES)))
    def jobs(
        self,
        job: str | None = None,
        *,
        table: str | type[Model] | None = None,
        limit: int = 10,
        state: str | None = None,
    ) -> tuple[BackupJob, ...]:
        """The newest ``limit`` backup jobs of AWS Backup, oldest first, or the one with this id. One call a thousand
        jobs. Raises TableNotFound, UsageError for another state, RunError for a job that does not exist, NotOffered."""
        return jobs(self._world, job, table, limit, state or "")

    @checked(table=named_table)
    def diagnose(
        self, table: str | type[Model], *, fix: bool = False, consent: Consent | None = None
    ) -> tuple[DiagnosisFinding, ...]:
        """Every cause that keeps scheduled backups of a table from being made: the table's state, the opt-in of the
        Region, plan, vault, key, the role's trust and actions, and the newest of the last ten jobs. Empty where nothing
        does. ``fix`` makes a backup now where the newest job made none.

        About ten calls. Raises ConsentRequired (with ``fix``), TableNotFound, AccessError where something could not be
        looked at, NotOffered where the engine has no AWS Backup; with ``fix`` what `create` raises: UsageError,
        RunError.
        """
        return diagnose_backup(self._world, table, fix=fix, consent=consent)

    @checked(target=text)
    def resume(self, target: str, *, listener: Listener = silent) -> RestoreReport:
        """Go on with the newest restore of ``target`` that was stopped, as `Jobs.resume` does by its id.

        It was consented to when it began: no ConsentRequired. Raises UsageError where there is none or in a dry run,
        Locked while another process runs it, CheckpointError where the table was made again since.
        """
        return resume_restore(self._world, target, listener=listener)

    @checked(backup=text, table=named_table)
    def rehearse_restore_into(self, backup: str, table: str | type[Model]) -> RollbackRehearsal:
        """What `restore_into` would do; reads the table once where the source is files. Changes nothing. Raises
        TableNotFound, UsageError for files of another key, RunError and CheckpointError where a side changes its table
        meanwhile."""
        return rehearse_rollback(self._world, backup, self._world.name_of(table))

    @checked(backup=text, table=named_table)
    def restore_into(
        self,
        backup: str,
        table: str | type[Model],
        *,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> RollbackReport:
        """Make the items of a table those of a backup (an ARN or a name) or of an export, in place: write what the
        source has, delete what it does not have. Keys, indexes and settings stay.

        One job does it, which `Jobs.resume` or the same call continues, and whose undo journal has what it overwrites,
        deletes and adds: `Jobs.undo` takes all of it back, but what others changed since. Triggers and streams see
        every item that changes. A backup is restored to a table for the meantime, exported to files, and both are
        removed at the end. Costs a strong read of each item of the source by its key, two reads of the table, and a
        write of each item that differs. Needs the table's name; else ConsentRequired. Raises TableNotFound,
        BackupNotFound, UsageError for files of another key and a table in the place of that for the meantime, RunError
        where something writes to that one, FileFormatError for a damaged export, CheckpointError where one of the two
        was made again or the files are others,
        Locked where another process runs the job.
        """
        name = self._world.name_of(table)
        with explained(self._world, "backup restore --into", ROLLBACKS if is_file(backup) else (*ROLLBACKS, *RESTORES)):
            return roll_back(self._world, backup, name, consent=consent, listener=listener)
