"""Which selections of AWS Backup cover a table, and what its backup jobs came to. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from dynasmith.tables.schedule_times import last_due

START_WINDOW_MINUTES: Final = 480
"""How long AWS Backup may take to begin a job where a rule does not say (API reference, BackupRule)."""
_TAG: Final = "aws:ResourceTag/"


class ScheduledRule(Struct, frozen=True, kw_only=True):
    """A rule of a backup plan: when it is due, and how long the job may take to begin."""

    name: str
    schedule: str
    zone: str = "UTC"
    start_window_minutes: int = START_WINDOW_MINUTES


class TagTest(Struct, frozen=True, kw_only=True):
    """A condition on a tag. ``operator`` is StringEquals, StringLike or one of the two with Not."""

    operator: str
    key: str
    value: str

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Whether a resource with these tags meets it."""
        value = tags.get(self.key)
        like = self.operator.endswith("Like")
        meets = value is not None and (fnmatchcase(value, _literal(self.value)) if like else value == self.value)
        return not meets if self.operator.startswith("StringNot") else meets


class TableSelection(Struct, frozen=True, kw_only=True):
    """A selection of a backup plan. ``any_tag`` are conditions of which one is enough (ListOfTags), ``conditions``
    those that must all hold (Conditions)."""

    plan: str
    name: str
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    any_tag: tuple[TagTest, ...] = ()
    conditions: tuple[TagTest, ...] = ()
    rules: tuple[ScheduledRule, ...] = ()
    created_at: datetime | None = None

    def covers(self, arn: str, tags: Mapping[str, str]) -> bool:
        """Whether it selects the table (API reference, BackupSelection; AWS Backup developer guide, Assigning
        resources): by ARN or pattern, narrowed by conditions, or by one of its tags."""
        if any(fnmatchcase(arn, _literal(each)) for each in self.not_resources):
            return False
        if any(test.holds(tags) for test in self.any_tag):
            return True
        everything = not self.resources and not self.any_tag and bool(self.not_resources or self.conditions)
        named = everything or any(fnmatchcase(arn, _literal(each)) for each in self.resources)
        return named and all(test.holds(tags) for test in self.conditions)

    @property
    def asks_tags(self) -> bool:
        """Whether it looks at tags."""
        return bool(self.any_tag or self.conditions)

    @property
    def is_explicit(self) -> bool:
        """Whether it names resources one by one; others follow the Region's settings of resource types."""
        return any("*" not in each for each in self.resources)


class BackupRun(Struct, frozen=True, kw_only=True):
    """A backup job of a table. ``bad`` jobs are over and made no whole backup."""

    id: str
    state: str
    reason: str = ""
    bad: bool = False
    started_at: datetime | None = None


def tag_key(condition_key: str) -> str:
    """The key of the tag that a condition is about: ``aws:ResourceTag/team`` is ``team``."""
    return condition_key.removeprefix(_TAG)


def covering(selections: tuple[TableSelection, ...], arn: str, tags: Mapping[str, str]) -> tuple[TableSelection, ...]:
    """The selections that cover a table."""
    return tuple(each for each in selections if each.covers(arn, tags))


def newest(runs: tuple[BackupRun, ...]) -> BackupRun | None:
    """The job that began last, or None."""
    began = [run for run in runs if run.started_at is not None]
    return max(began, key=lambda run: (run.started_at, run.id), default=None)


def late_rules(
    selections: tuple[TableSelection, ...], runs: tuple[BackupRun, ...], now: datetime
) -> Iterator[tuple[str, ScheduledRule, datetime]]:
    """The rules that were due, with the name of their plan and the time, and after which no job began within their
    window."""
    last = newest(runs)
    for selection in selections:
        for rule in selection.rules:
            due = last_due(rule.schedule, now - timedelta(minutes=rule.start_window_minutes), rule.zone)
            made = selection.created_at
            if due is None or (made is not None and due <= made):
                continue
            if last is None or last.started_at is None or last.started_at < due:
                yield selection.plan, rule, due


def _literal(pattern: str) -> str:
    """A pattern in which only ``*`` and ``?`` mean anything."""
    return pattern.replace("[", "[[]")
