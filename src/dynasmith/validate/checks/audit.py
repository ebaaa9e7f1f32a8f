"""Who read and wrote the items: the data events of CloudTrail."""

from collections.abc import Iterator

from dynasmith.validate.check import Check, Problem, Subject, not_known
from dynasmith.validate.finding import Severity
from dynasmith.validate.trails import table_events

_ADVANCED = (
    'aws cloudtrail put-event-selectors with an advanced selector: eventCategory "Data", resources.type '
    '"AWS::DynamoDB::Table", resources.ARN the ARN of the table'
)


def _trails(subject: Subject) -> Iterator[Problem]:
    facts = subject.around.trails
    if facts is None or subject.live is None:
        return
    if facts.unknown:
        yield not_known("", facts.unknown, "grant the permission that the reason names")
        return
    events = table_events(facts.trails, subject.live.arn)
    if events.reads and events.writes:
        return
    unread = [f"the selectors of trail {trail.name} ({trail.unknown})" for trail in facts.trails if trail.unknown]
    if unread:
        yield not_known("", f"{' and '.join(unread)} could not be read", "grant cloudtrail:GetEventSelectors on it")
    elif events.reads or events.writes:
        logged, left = ("reads", "writes") if events.reads else ("writes", "reads")
        yield Problem("", f"CloudTrail logs the {logged} of the items and not the {left}.", "notice")
    else:
        yield Problem("", _none(subject, some=events.some), _severity(subject))


def _none(subject: Subject, *, some: bool) -> str:
    assert subject.around.trails is not None
    if some:
        return "CloudTrail logs some data events of the table only: its selectors choose by more than the table."
    off = [trail.name for trail in subject.around.trails.trails if not trail.is_logging]
    stopped = f" (trail {', '.join(off)} does not log)" if off else ""
    return f"No trail of CloudTrail logs the data events of the table{stopped}."


def _severity(subject: Subject) -> Severity:
    return "warning" if subject.production else "notice"


CHECKS = (
    Check(
        code="DS015",
        title="The data-event selectors of a trail cover the table",
        why="Who read or changed an item cannot be found out. Event data stores of CloudTrail Lake are not looked at.",
        fix=f"{_ADVANCED}; data events are charged for",
        source="CloudTrail user guide, Logging data events; best practices checklist: Enable CloudTrail",
        severities=("warning", "notice"),
        when="warning in production; a notice elsewhere, where a part is logged, and where it cannot be known",
        look=_trails,
        live=True,
        asks=("trails",),
    ),
)
