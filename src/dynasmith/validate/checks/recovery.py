"""Can lost items be had back? Point-in-time recovery, deletion protection, scheduled backups."""

from collections.abc import Iterator

from msgspec import UnsetType

from dynasmith.limits import RECOVERY_MAX_DAYS
from dynasmith.tables.table import BackupPlan, Recovery
from dynasmith.validate.check import Check, Problem, Subject
from dynasmith.validate.finding import Severity

PRODUCTION = (
    "critical where the environment is protected, or a tag or the name says production; "
    "otherwise, or if a definition that does not say so is judged, a warning"
)


def _loss(subject: Subject) -> Severity:
    return "critical" if subject.production else "warning"


def _recovery(subject: Subject) -> Iterator[Problem]:
    if subject.unsaid("recovery"):
        what = "The definition does not set point_in_time_recovery, and a table created from it has none."
        yield Problem("point_in_time_recovery", what, "warning")
    elif subject.table.recovery is None:
        yield Problem("point_in_time_recovery", "Point-in-time recovery is off.", _loss(subject))


def _days(subject: Subject) -> Iterator[Problem]:
    recovery = subject.table.recovery
    if not isinstance(recovery, Recovery) or isinstance(recovery.days, UnsetType):
        return
    wanted = subject.desired.recovery if subject.desired is not None else None
    chosen = isinstance(wanted, Recovery) and wanted.days == recovery.days
    if recovery.days < RECOVERY_MAX_DAYS and not chosen:
        days = f"{recovery.days} day" + ("s" if recovery.days > 1 else "")
        yield Problem(
            "point_in_time_recovery.recovery_days", f"Items can be restored for {days} of {RECOVERY_MAX_DAYS}."
        )


def _protection(subject: Subject) -> Iterator[Problem]:
    if subject.unsaid("deletion_protection"):
        what = "The definition does not set deletion_protection, and a table created from it has none."
        yield Problem("deletion_protection", what, "warning")
    elif subject.table.deletion_protection is False:
        yield Problem("deletion_protection", "Deletion protection is off.", _loss(subject))


def _no_backup(subject: Subject) -> Iterator[Problem]:
    # Without a definition nothing is known of backup plans, and DS020 has said what is wrong.
    if subject.desired is None or isinstance(subject.desired.backup_plan, BackupPlan):
        return
    if subject.table.recovery is None or subject.unsaid("recovery"):
        yield Problem("backup_plan", "There is neither a backup plan in the definition nor point-in-time recovery.")


def _kept_for_ever(subject: Subject) -> Iterator[Problem]:
    plan = subject.desired.backup_plan if subject.desired is not None else None
    for rule in plan.rules if isinstance(plan, BackupPlan) else ():
        if rule.keep_days is None:
            yield Problem(f"backup_plan.rules.{rule.name}", f"Backups of rule {rule.name} are kept forever.")


CHECKS = (
    Check(
        code="DS020",
        title="Point-in-time recovery is on",
        why="A wrong write or delete cannot be undone, and the service exports to S3 only with it.",
        fix="point_in_time_recovery: {enabled: true}",
        source="Developer Guide, Point-in-time backups; best practices checklist",
        severities=("critical", "warning"),
        when=PRODUCTION,
        look=_recovery,
        reads=("recovery",),
    ),
    Check(
        code="DS021",
        title="Items can be restored for 35 days, unless the definition sets fewer",
        why="A longer period costs no more, and some mistakes are noticed late.",
        fix="set the recovery_days that you want: 35, or fewer where items must be forgotten",
        source="API, PointInTimeRecoverySpecification, RecoveryPeriodInDays; DynamoDB pricing, continuous backups",
        severities=("notice",),
        look=_days,
        live=True,
        reads=("recovery",),
    ),
    Check(
        code="DS022",
        title="Deletion protection is on",
        why="One call deletes the table.",
        fix="deletion_protection: true",
        source="Developer Guide, Using deletion protection; best practices checklist",
        severities=("critical", "warning"),
        when=PRODUCTION,
        look=_protection,
        reads=("deletion_protection",),
    ),
    Check(
        code="DS023",
        title="A backup plan, or point-in-time recovery",
        why="As far as dynasmith knows, a lost item could not be restored.",
        fix="add a backup_plan, or turn point_in_time_recovery on",
        source="Best practices checklist: Configure automated backups",
        severities=("warning",),
        look=_no_backup,
        reads=("recovery",),
    ),
    Check(
        code="DS024",
        title="Backups are kept for a time",
        why="Each is paid for every month, and more come every time.",
        fix="set keep_days",
        source="AWS Backup API, Lifecycle, DeleteAfterDays",
        severities=("notice",),
        look=_kept_for_ever,
    ),
)
