"""`backup_selections`: every selection of AWS Backup in a Region, with the rules of its plan."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from dynasmith.aws.control.session import Session
from dynasmith.aws.settings.live_backup_plan import all_plans, pages
from dynasmith.validate.backup_coverage import START_WINDOW_MINUTES, ScheduledRule, TableSelection, TagTest, tag_key

Answer = Mapping[str, Any]


def backup_selections(session: Session) -> tuple[TableSelection, ...]:
    """The selections of every plan, also of plans that others made. One call a page of plans, two a plan, one a
    selection."""
    return tuple(selection for plan in all_plans(session) for selection in _of_plan(session, str(plan["BackupPlanId"])))


def _of_plan(session: Session, plan_id: str) -> Iterator[TableSelection]:
    document = session.call("backup", "GetBackupPlan", {"BackupPlanId": plan_id})["BackupPlan"]
    rules = tuple(_rule(each) for each in document.get("Rules") or ())
    asked = {"BackupPlanId": plan_id}
    for each in pages(session, "ListBackupSelections", "BackupSelectionsList", asked):
        answer = session.call("backup", "GetBackupSelection", {**asked, "SelectionId": str(each["SelectionId"])})
        said, made = answer["BackupSelection"], answer.get("CreationDate") or each.get("CreationDate")
        yield TableSelection(
            plan=str(document.get("BackupPlanName", "")),
            name=str(said.get("SelectionName", "")),
            resources=tuple(said.get("Resources") or ()),
            not_resources=tuple(said.get("NotResources") or ()),
            any_tag=tuple(_listed(test) for test in said.get("ListOfTags") or ()),
            conditions=tuple(_conditions(said.get("Conditions") or {})),
            rules=rules,
            created_at=made.astimezone(UTC) if isinstance(made, datetime) else None,
        )


def _rule(said: Answer) -> ScheduledRule:
    return ScheduledRule(
        name=str(said.get("RuleName", "")),
        schedule=str(said.get("ScheduleExpression", "")),
        zone=str(said.get("ScheduleExpressionTimezone") or "UTC"),
        start_window_minutes=int(said.get("StartWindowMinutes") or START_WINDOW_MINUTES),
    )


def _listed(said: Answer) -> TagTest:
    """A condition of ListOfTags, which knows StringEquals only."""
    return TagTest(operator="StringEquals", key=tag_key(said["ConditionKey"]), value=str(said["ConditionValue"]))


def _conditions(said: Mapping[str, Any]) -> Iterator[TagTest]:
    for operator, tests in said.items():
        for each in tests or ():
            yield TagTest(
                operator=operator, key=tag_key(str(each["ConditionKey"])), value=str(each.get("ConditionValue", ""))
            )
