"""Are there backups, and can they be restored? Selections and jobs of AWS Backup, and the last verified restore."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec import UnsetType

from dynasmith.tables.own_tags import RESTORE_TAG
from dynasmith.tables.table import BackupPlan
from dynasmith.validate.backup_coverage import TableSelection, covering, late_rules, newest
from dynasmith.validate.check import Check, Problem, Subject, not_known
from dynasmith.validate.finding import Severity

RESTORE_TEST_DAYS: Final = 90
"""A restore that was verified longer ago counts as not tested (design: once a quarter)."""
_PATH: Final = "backup_plan"
_GRANT: Final = "grant the permission that the reason names; an engine without AWS Backup has nothing to check"
_WHEN: Final = "a notice where it cannot be known"


def _selected(subject: Subject) -> Iterator[Problem]:
    facts = subject.around.selections
    if facts is None or subject.live is None:
        return
    if facts.unknown:
        yield not_known(_PATH, facts.unknown, _GRANT)
        return
    found = _covering(subject)
    if found is None:
        yield not_known(_PATH, "selections go by tags, and those of the table could not be read", _GRANT)
    elif not found:
        yield Problem(_PATH, "No selection of AWS Backup covers the table.", _unselected(subject))
    elif not facts.opted_in and not any(each.is_explicit for each in found):
        names = ", ".join(sorted({each.plan for each in found}))
        what = f"The Region is not opted in for DynamoDB, so the plan {names} leaves the table out."
        yield Problem(_PATH, what, "warning", fix="opt in: aws backup update-region-settings, DynamoDB=true")


def _unselected(subject: Subject) -> Severity:
    wanted = subject.desired is not None and isinstance(subject.desired.backup_plan, BackupPlan)
    return "warning" if wanted or subject.production else "notice"


def _covering(subject: Subject) -> tuple[TableSelection, ...] | None:
    """The selections that cover the live table; None where that depends on tags that were not read."""
    assert subject.live is not None
    assert subject.around.selections is not None
    tags, selections = subject.live.table.tags, subject.around.selections.selections
    if not isinstance(tags, UnsetType):
        return covering(selections, subject.live.arn, tags)
    sure = covering(tuple(each for each in selections if not each.asks_tags), subject.live.arn, {})
    return sure if sure or not any(each.asks_tags for each in selections) else None


def _jobs(subject: Subject) -> Iterator[Problem]:
    facts = subject.around.backup_runs
    if facts is None or subject.live is None:
        return
    if facts.unknown:
        yield not_known(_PATH, facts.unknown, _GRANT)
        return
    last = newest(facts.runs)
    if last is not None and last.bad:
        what = f"The newest backup job, {last.id}, is {last.state}: {last.reason.rstrip('.') or 'no reason is given'}."
        yield Problem(_PATH, what, _loss(subject))
    elif (late := _late(subject)) is not None:
        plan, rule, due = late
        yield Problem(
            _PATH, f"Rule {rule} of plan {plan} was due at {_time(due)}, and no job began since.", _loss(subject)
        )


def _late(subject: Subject) -> tuple[str, str, datetime] | None:
    """The rule that is late for longest."""
    around = subject.around
    if around.selections is None or around.selections.unknown or around.now is None or around.backup_runs is None:
        return None
    late = late_rules(_covering(subject) or (), around.backup_runs.runs, around.now)
    return min(((plan, rule.name, due) for plan, rule, due in late), key=lambda each: each[2], default=None)


def _loss(subject: Subject) -> Severity:
    return "critical" if subject.production else "warning"


def _restored(subject: Subject) -> Iterator[Problem]:
    value = None if subject.live is None else subject.live.restore_verified
    if not isinstance(value, str) or subject.around.now is None:
        return
    if not value:
        yield Problem("", "No verified restore of the table is known.", "warning" if subject.production else "notice")
        return
    at = _when(value)
    if at is None:
        yield Problem("", f"The tag {RESTORE_TAG} says {value!r}, which begins with no time.", "notice")
    elif (days := (subject.around.now - at).days) > RESTORE_TEST_DAYS:
        what = f"The last verified restore of the table was {days} days ago, at {_time(at)}."
        yield Problem("", what, "warning" if subject.production else "notice")


def _when(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value.partition(" ")[0])
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


CHECKS = (
    Check(
        code="DS025",
        title="A selection of AWS Backup covers the table",
        why="No scheduled backup of it is made.",
        fix="dynasmith backup schedule TABLE --daily, or a backup_plan in the definition",
        source="AWS Backup API, BackupSelection; best practices checklist: Configure automated backups",
        severities=("warning", "notice"),
        when="warning where the definition has a backup_plan, in production, and where the Region is not opted in; "
        "a notice otherwise, and where it cannot be known",
        look=_selected,
        live=True,
        asks=("selections",),
    ),
    Check(
        code="DS026",
        title="The newest backup job did not fail and is not late",
        why="The newest backup is older than the schedule promises.",
        fix="dynasmith diagnose TABLE backup names the cause",
        source="AWS Backup API, BackupJob, State; BackupRule, StartWindowMinutes",
        severities=("critical", "warning", "notice"),
        when=f"critical in production, otherwise a warning; {_WHEN}",
        look=_jobs,
        live=True,
        asks=("backup_runs",),
    ),
    Check(
        code="DS027",
        title=f"A restore was verified within {RESTORE_TEST_DAYS} days",
        why="A backup that was never restored may not be one.",
        fix="dynasmith backup restore BACKUP --target NAME; where the items are verified, it tags the table",
        source="Best practices checklist: Test restore procedures periodically",
        severities=("warning", "notice"),
        when="warning in production",
        look=_restored,
        live=True,
        reads=("tags",),
        asks=("now",),
    ),
)
