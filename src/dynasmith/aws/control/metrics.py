"""`CloudWatchMetrics`: metrics of tables, read with ListMetrics and GetMetricData. Plain metrics only: engines have no
metric math."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from dynasmith.aws.control.session import Session
from dynasmith.errors import RunError, ServiceError
from dynasmith.limits import METRIC_DATA_MAX_POINTS, METRIC_DATA_MAX_QUERIES
from dynasmith.ports.metrics import DYNAMODB, ListedMetrics, MetricPoint, MetricQuery

SERVICE: Final = "cloudwatch"
ANY_METRIC: Final = "AccountMaxReads"
"""Published for every account and Region that has a table (Developer Guide, "DynamoDB metrics and dimensions")."""
_PAGES_MAX: Final = 10_000
_DONE: Final = ("Complete", "PartialData")


class CloudWatchMetrics:
    """Keeps `dynasmith.ports.metrics.Metrics`. Safe to use from several threads."""

    def __init__(self, session: Session, region: str = "") -> None:
        self._session = session
        self._region = region

    def listed(self, table: str) -> ListedMetrics:
        """What CloudWatch has of a table; one call for 500 metrics, free. Raises AccessDenied, NotOffered."""
        asked = {"Namespace": DYNAMODB, "Dimensions": [{"Name": "TableName", "Value": table}]}
        found, now = [], None
        for answer in self._pages("ListMetrics", asked, table):
            now = now or _date(answer)
            for each in answer.get("Metrics") or ():
                dimensions = {str(one["Name"]): str(one["Value"]) for one in each.get("Dimensions") or ()}
                # Engines leave the dimensions of the question aside.
                if dimensions.get("TableName") == table:
                    found.append((str(each.get("MetricName", "")), tuple(dimensions.items())))
        return ListedMetrics(tuple(dict.fromkeys(found)), now)

    def publishes(self) -> bool:
        """Whether there is any metric of DynamoDB here; one call. Raises AccessDenied, NotOffered."""
        asked = {"Namespace": DYNAMODB, "MetricName": ANY_METRIC}
        return any(answer.get("Metrics") for answer in self._pages("ListMetrics", asked, ""))

    def read(
        self, queries: Sequence[MetricQuery], start: datetime, end: datetime, period: int
    ) -> tuple[list[tuple[MetricPoint, ...]], dict[int, str]]:
        """The points of each query and, by its position, why one has none. A call takes 500 queries, and no more than
        fit into a page of 100,800 points; $0.01 for 1,000 queries (us-east-1)."""
        points_each = max(1, int((end - start).total_seconds()) // period)
        size = max(1, min(METRIC_DATA_MAX_QUERIES, METRIC_DATA_MAX_POINTS // points_each))
        found: list[dict[datetime, float]] = [{} for _ in queries]
        reasons: dict[int, str] = {}
        for first in range(0, len(queries), size):
            part = queries[first : first + size]
            asked = {
                "MetricDataQueries": [_query(first + at, each, period) for at, each in enumerate(part)],
                "StartTime": start,
                "EndTime": end,
                "ScanBy": "TimestampAscending",
            }
            try:
                self._read_part(asked, range(first, first + len(part)), found, reasons)
            except RunError as error:
                reasons.update(dict.fromkeys(range(first, first + len(part)), str(error).rstrip(".")))
        return [tuple(MetricPoint(at, each[at]) for at in sorted(each)) for each in found], reasons

    def _read_part(
        self, asked: Mapping[str, Any], wanted: range, found: list[dict[datetime, float]], reasons: dict[int, str]
    ) -> None:
        answered = set()
        for answer in self._pages("GetMetricData", asked, ""):
            for each in answer.get("MetricDataResults") or ():
                at = int(str(each.get("Id", "q-1"))[1:])
                if at not in wanted:
                    continue
                answered.add(at)
                times = (_utc(time) for time in each.get("Timestamps") or ())
                found[at].update(zip(times, map(float, each.get("Values") or ()), strict=True))
                if each.get("StatusCode", "Complete") not in _DONE:
                    said = "; ".join(str(one.get("Value", "")) for one in each.get("Messages") or ())
                    reasons[at] = said or f"CloudWatch answered {each['StatusCode']}"
        reasons.update({at: "CloudWatch did not answer it" for at in wanted if at not in answered})

    def _pages(self, operation: str, parameters: Mapping[str, Any], table: str) -> Iterator[dict[str, Any]]:
        asked, seen = dict(parameters), set[str]()
        while True:
            answer = self._session.call(SERVICE, operation, asked, table=table, region=self._region)
            yield answer
            token = str(answer.get("NextToken") or "")
            if not token:
                return
            if token in seen or len(seen) > _PAGES_MAX:
                raise ServiceError(f"The pages of {operation} do not end.", hint="try again")
            seen.add(token)
            asked["NextToken"] = token


def _query(at: int, query: MetricQuery, period: int) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in query.dimensions]
    metric = {"Namespace": query.namespace, "MetricName": query.metric, "Dimensions": dimensions}
    return {"Id": f"q{at}", "MetricStat": {"Metric": metric, "Period": period, "Stat": query.statistic}}


def _date(answer: Mapping[str, Any]) -> datetime | None:
    """The service's own time, so that a window is right on a machine whose clock is not: the end of the second that it
    says, so that what was measured in that second is within a window up to now."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return parsedate_to_datetime(str(headers["date"])).astimezone(UTC) + timedelta(seconds=1)
    except (KeyError, ValueError):
        return None


def _utc(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise ServiceError(f"CloudWatch answered {value!r} in place of a time.", hint="try again")
    return value.astimezone(UTC)
