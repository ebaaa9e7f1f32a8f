"""What CloudTrail, AWS Backup and the tag of a restore say: what is otherwise, and exactly what is found."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET

from dynasmith.tables.table import Table
from dynasmith.validate import Surroundings
from dynasmith.validate.backup_coverage import BackupRun, ScheduledRule, TableSelection, TagTest
from dynasmith.validate.live_facts import BackupRunFacts, SelectionFacts, TrailFacts
from dynasmith.validate.trails import FieldSelector, Trail, basic_selectors
from validate.case import PROD_TAGS, Case, fact
from validate.tables import GOOD, Seen, good, live

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
PROD = good(tags=PROD_TAGS)
TYPE = "AWS::DynamoDB::Table"


def around(name: str, found: Seen, table: Table = GOOD, facts: dict[str, Any] | None = None, **parts: Any) -> Case:
    """The table is as defined, and this is known beside it."""
    return Case(name, table, live(**({"table": table} | (facts or {}))), found, Surroundings(now=NOW, **parts))


def trails(*found: Trail) -> TrailFacts:
    return TrailFacts(trails=found)


def basic(*values: str, kind: str = "All", logging: bool = True, of: str = TYPE) -> Trail:
    return Trail(name="audit", is_logging=logging, selectors=basic_selectors(kind, of, values))


def advanced(**fields: Any) -> Trail:
    own = (
        FieldSelector(field="eventCategory", equals=("Data",)),
        FieldSelector(field="resources.type", equals=(TYPE,)),
    )
    more = [FieldSelector(field=name.replace("_", "."), **said) for name, said in fields.items()]
    return Trail(name="audit", selectors=((*own, *more),))


NO_TRAIL: Seen = [("DS015", "notice", "")]
TRAILS = (
    around("no trail in production", [("DS015", "warning", "")], PROD, trails=trails()),
    around("no trail elsewhere", NO_TRAIL, trails=trails()),
    around("a trail of every table", [], PROD, trails=trails(basic("arn:aws:dynamodb"))),
    around("a trail of this table", [], PROD, trails=trails(basic(ARN))),
    around("a trail of another table", NO_TRAIL, trails=trails(basic(f"{ARN}-2"))),
    around("a trail of buckets", NO_TRAIL, trails=trails(basic("arn:aws:s3", of="AWS::S3::Object"))),
    around("a trail that is off", NO_TRAIL, trails=trails(basic(ARN, logging=False))),
    around("reads alone", NO_TRAIL, PROD, trails=trails(basic(ARN, kind="ReadOnly"))),
    around("writes alone", NO_TRAIL, PROD, trails=trails(basic(ARN, kind="WriteOnly"))),
    around("one trail each", [], trails=trails(basic(ARN, kind="ReadOnly"), basic(ARN, kind="WriteOnly"))),
    around("an advanced selector of all tables", [], PROD, trails=trails(advanced())),
    around("one by the beginning", [], trails=trails(advanced(resources_ARN={"starts_with": (ARN[:-2],)}))),
    around("one that leaves it out", NO_TRAIL, trails=trails(advanced(resources_ARN={"not_equals": (ARN,)}))),
    around("one that ends otherwise", NO_TRAIL, trails=trails(advanced(resources_ARN={"ends_with": ("/x",)}))),
    around("one of some calls", NO_TRAIL, trails=trails(advanced(eventName={"equals": ("PutItem",)}))),
    around("trails that may not be listed", NO_TRAIL, PROD, trails=TrailFacts(unknown="not allowed")),
    around("selectors that may not be read", NO_TRAIL, PROD, trails=trails(Trail(name="org", unknown="denied"))),
    around("another trail covers it", [], PROD, trails=trails(Trail(name="org", unknown="denied"), basic(ARN))),
)


def selected(*found: TableSelection, opted_in: bool = True) -> SelectionFacts:
    return SelectionFacts(selections=found, opted_in=opted_in)


def selection(*resources: str, **parts: Any) -> TableSelection:
    return TableSelection(plan="nightly", name="tables", resources=resources, **parts)


UNPLANNED = good(backup_plan=UNSET)
PLANNED: Seen = [("DS025", "warning", "backup_plan")]
UNSELECTED: Seen = [("DS025", "notice", "backup_plan")]
DEV, TEAMS = (
    TagTest(operator="StringEquals", key="env", value="dev"),
    TagTest(operator="StringLike", key="team", value="check*"),
)
OTHER = TagTest(operator="StringNotEquals", key="env", value="dev")
UNTAGGED = {"table": good(tags=UNSET), "unread": {"tags": "no right"}}
UNREAD: Seen = [("DS006", "notice", "tags")]
SELECTIONS = (
    around("planned, and no selection", PLANNED, selections=selected()),
    around("not planned, and no selection", UNSELECTED, UNPLANNED, selections=selected()),
    around("production, and no selection", PLANNED, good(backup_plan=UNSET, tags=PROD_TAGS), selections=selected()),
    around("by its ARN", [], selections=selected(selection(ARN))),
    around("by a pattern", [], selections=selected(selection("arn:aws:dynamodb:*:*:table/ord*"))),
    around("another table", PLANNED, selections=selected(selection(f"{ARN}-2"))),
    around("everything but it", PLANNED, selections=selected(selection("*", not_resources=(ARN,)))),
    around("everything but another", [], selections=selected(selection(not_resources=(f"{ARN}-2",)))),
    around("an empty selection", PLANNED, selections=selected(selection())),
    around("by one of its tags", [], selections=selected(selection(any_tag=(OTHER, DEV)))),
    around("by a tag that it lacks", PLANNED, selections=selected(selection(any_tag=(OTHER,)))),
    around("by all conditions", [], selections=selected(selection("*", conditions=(DEV, TEAMS)))),
    around("not by all conditions", PLANNED, selections=selected(selection("*", conditions=(DEV, OTHER)))),
    around("not opted in, by pattern", PLANNED, selections=selected(selection("*"), opted_in=False)),
    around("not opted in, by ARN", [], selections=selected(selection(ARN), opted_in=False)),
    around("not known", UNSELECTED, PROD, selections=SelectionFacts(unknown="not allowed")),
    around("tags not read", [*UNREAD, *UNSELECTED], facts=UNTAGGED, selections=selected(selection(any_tag=(DEV,)))),
    around("tags not needed", UNREAD, facts=UNTAGGED, selections=selected(selection(any_tag=(DEV,)), selection("*"))),
    around("no tags needed", [*PLANNED, *UNREAD], facts=UNTAGGED, selections=selected(selection("x"))),
)


def run(state: str, hours_ago: float, **parts: Any) -> BackupRun:
    return BackupRun(id=f"job-{hours_ago}", state=state, started_at=NOW - timedelta(hours=hours_ago), **parts)


def job(name: str, found: Seen, *runs: BackupRun, table: Table = GOOD, **parts: Any) -> Case:
    """A daily plan that is due at two in the morning, ten hours ago, made a month ago."""
    rule = ScheduledRule(name="daily", schedule="cron(0 2 * * ? *)")
    daily = selection(ARN, **({"rules": (rule,), "created_at": NOW - timedelta(days=30)} | parts))
    return around(name, found, table, selections=selected(daily), backup_runs=BackupRunFacts(runs=runs))


BAD: Seen = [("DS026", "warning", "backup_plan")]
JOBS = (
    job("the newest job is good", [], run("FAILED", 34, bad=True), run("COMPLETED", 10)),
    job("the newest job runs", [], run("RUNNING", 10)),
    job("the newest job failed", BAD, run("COMPLETED", 34), run("FAILED", 10, bad=True, reason="no right")),
    job("failed in production", [("DS026", "critical", "backup_plan")], run("EXPIRED", 1, bad=True), table=PROD),
    job("late", BAD, run("COMPLETED", 34)),
    job("none ever, and due", BAD),
    job("none yet, and the plan is young", [], created_at=NOW - timedelta(hours=1)),
    job(
        "in its window",
        [],
        run("COMPLETED", 34),
        rules=(ScheduledRule(name="daily", schedule="cron(0 2 * * ? *)", start_window_minutes=660),),
    ),
    job("a schedule that is none", [], rules=(ScheduledRule(name="odd", schedule="whenever"),)),
    around(
        "jobs may not be listed", [("DS026", "notice", "backup_plan")], PROD, backup_runs=BackupRunFacts(unknown="x")
    ),
    around("jobs alone", [], backup_runs=BackupRunFacts()),
)


def restored(name: str, found: Seen, value: str, table: Table = GOOD) -> Case:
    return around(name, found, table, facts={"restore_verified": value})


STALE: Seen = [("DS027", "notice", "")]
RESTORES = (
    restored("a restore was verified", [], "2026-11-01T10:00:00Z exact", PROD),
    restored("never", STALE, ""),
    restored("never, in production", [("DS027", "warning", "")], "", PROD),
    restored("long ago", STALE, "2026-05-01T10:00:00Z counted"),
    restored("a tag that somebody wrote", STALE, "yesterday"),
    restored("a time without a zone", STALE, "2026-11-01T10:00:00"),
    fact("without a clock nothing is said", [], restore_verified=""),
)

CASES = (*TRAILS, *SELECTIONS, *JOBS, *RESTORES)
