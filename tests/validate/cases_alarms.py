"""Alarms: what is otherwise, and exactly what is found."""

from typing import Any

from dynasmith.tables.description import WatchedMetric
from dynasmith.tables.table import Alarm, AlarmKind, Table
from dynasmith.validate import Surroundings
from validate.case import PROD_TAGS, Case, both, fact, offline
from validate.tables import GOOD, Seen, good, live

READS, WRITES = (
    Alarm(kind=kind, threshold=0, minutes=5, of_minutes=5, notify=())
    for kind in (AlarmKind.READ_THROTTLED, AlarmKind.WRITE_THROTTLED)
)
OF_INDEX = Alarm(kind=AlarmKind.WRITE_THROTTLED, index="by_status", threshold=0, minutes=5, of_minutes=5, notify=())
NEVER: Seen = [("DS075", "warning", "alarms")]
NONE: Seen = [("DS074", "notice", "alarms")]


def watched(metric: str, **dimensions: str) -> WatchedMetric:
    return WatchedMetric(alarm="theirs", metric=metric, dimensions={"TableName": "orders", **dimensions})


def watching(name: str, found: Seen, *metrics: WatchedMetric, table: Table = GOOD) -> Case:
    """The table is as defined, and these metrics of it are watched by alarms."""
    return fact(name, found, table=table, watched=metrics)


def without(*alarms: Alarm, **parts: Any) -> Table:
    return good(alarms=alarms, **parts)


ALARMS = (
    both("no alarm", without(), [*NONE, *NONE]),
    both("no alarm in production", without(tags=PROD_TAGS), [("DS074", "warning", "alarms")] * 2),
    both("no alarm on writes", without(READS), NONE),
    both("an alarm on an index is not one on the table", without(READS, OF_INDEX), NONE),
    offline("a definition without alarms", without(READS, WRITES), []),
    Case("alarms of others", without(), live(without(), watched=(watched("ReadThrottleEvents"),)), NONE),
    watching("an operation's metric by table alone", NEVER, watched("SystemErrors")),
    watching("the same for latency", NEVER, watched("SuccessfulRequestLatency")),
    watching("throttled requests by table alone", NEVER, watched("ThrottledRequests")),
    watching("an operation's metric by operation", [], watched("SystemErrors", Operation="GetItem")),
    watching("a table's metric by operation", NEVER, watched("WriteThrottleEvents", Operation="PutItem")),
    watching("errors of users have no table", NEVER, watched("UserErrors")),
    watching("an index that is not there", NEVER, watched("ReadThrottleEvents", GlobalSecondaryIndexName="gone")),
    watching("an index", [], watched("ReadThrottleEvents", GlobalSecondaryIndexName="by_status")),
    watching("a replica that is not there", NEVER, watched("ReplicationLatency", ReceivingRegion="eu-west-2")),
    watching("a metric that is not known", [], watched("SomethingNew", Anything="x")),
    Case(
        "a table that is not there",
        GOOD,
        None,
        [("DS001", "critical", ""), *NEVER],
        Surroundings(watched=(watched("ReadThrottleEvents"),)),
    ),
)
CASES = ALARMS
