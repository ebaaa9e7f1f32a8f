"""Alarms: is throttling noticed, and can every alarm be raised?"""

from collections.abc import Iterator

from msgspec import UnsetType

from dynasmith.tables.alarms import INDEX, METRIC_DIMENSIONS, TABLE
from dynasmith.tables.description import WatchedMetric
from dynasmith.tables.table import AlarmKind, known
from dynasmith.validate.check import Check, Problem, Subject
from dynasmith.validate.finding import Severity

_SIDES = (("writes", "Write", AlarmKind.WRITE_THROTTLED), ("reads", "Read", AlarmKind.READ_THROTTLED))


def _throttling(subject: Subject) -> Iterator[Problem]:
    if subject.unsaid("alarms"):
        yield Problem("alarms", "The definition has no alarms: throttled requests go unnoticed.", "notice")
        return
    kinds = {alarm.kind for alarm in known(subject.table.alarms, ()) if isinstance(alarm.index, UnsetType)}
    metrics = {each.metric for each in subject.watched if not _never(subject, each) and INDEX not in each.dimensions}
    for side, word, kind in _SIDES:
        events = any(metric.startswith(word) and metric.endswith("ThrottleEvents") for metric in metrics)
        if kind not in kinds and not events and "ThrottledRequests" not in metrics:
            fix = f'alarms: [{{kind: {kind.value}, threshold: 0, notify: "arn:aws:sns:..."}}]'
            yield Problem("alarms", f"No alarm watches the throttled {side} of the table.", _severity(subject), fix)


def _severity(subject: Subject) -> Severity:
    return "warning" if subject.production else "notice"


def _cannot_match(subject: Subject) -> Iterator[Problem]:
    for each in subject.watched:
        if reason := _never(subject, each):
            yield Problem("alarms", f"Alarm {each.alarm} is never raised: {reason}.")


def _never(subject: Subject, watched: WatchedMetric) -> str:
    """Why an alarm cannot match; empty where it can, as far as is known."""
    if subject.live is None:
        return f"there is no table {watched.dimensions.get(TABLE)}"
    names, wanted = frozenset(watched.dimensions), METRIC_DIMENSIONS.get(watched.metric)
    if wanted is not None and names not in wanted:
        said = " and ".join(sorted(names)) or "no dimension"
        there = ", or ".join(" and ".join(sorted(each)) for each in wanted)
        return f"it watches {watched.metric} by {said}, and that metric has {there}"
    table = subject.live.table
    index, region = watched.dimensions.get(INDEX), watched.dimensions.get("ReceivingRegion")
    if index is not None and isinstance(table.indexes, tuple) and table.index(index) is None:
        return f"the table has no index {index}"
    if region is None or isinstance(table.replicas, UnsetType) or region in {each.region for each in table.replicas}:
        return ""
    return f"the table has no replica in {region}"


CHECKS = (
    Check(
        code="DS074",
        title="An alarm watches throttled reads and writes",
        why="Requests that are throttled fail or are late, and it goes unnoticed.",
        fix="add alarms of the kinds write_throttled and read_throttled to the definition",
        source="CloudWatch user guide, Recommended alarms, DynamoDB; best practices checklist: Monitor metrics",
        severities=("warning", "notice"),
        when="warning in production; a notice elsewhere, and of a definition that does not mention alarms",
        look=_throttling,
        reads=("alarms",),
    ),
    Check(
        code="DS075",
        title="Every alarm on the table can be raised",
        why="CloudWatch matches dimensions exactly: on dimensions that a metric never has there are no figures, and an "
        "alarm on them stays silent, whatever happens.",
        fix="delete it, and add an alarm to the definition, whose dimensions follow from its kind",
        source="Developer Guide, DynamoDB metrics and dimensions",
        severities=("warning",),
        look=_cannot_match,
        online=True,
    ),
)
