"""`Metrics`: what CloudWatch knows of a table, and the values that are asked of it and come back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol

from msgspec import Struct

DYNAMODB: Final = "AWS/DynamoDB"
INDEX: Final = "GlobalSecondaryIndexName"
Dimensions = tuple[tuple[str, str], ...]


class MetricQuery(Struct, frozen=True, kw_only=True):
    """One metric under one set of dimensions, with the statistic that makes sense of it."""

    metric: str
    dimensions: Dimensions
    statistic: str
    unit: str
    namespace: str = DYNAMODB


class MetricPoint(Struct, frozen=True):
    """The value of one period, which begins at ``at`` (UTC)."""

    at: datetime
    value: float


class MetricSeries(Struct, frozen=True, kw_only=True):
    """A metric over a window: its points, oldest first, a period (seconds) each; a period without data has no point.

    ``total`` is the sum of the points of a sum, None of other statistics. ``per_second`` is that of consumed units over
    the whole window. ``source`` is the namespace of CloudWatch.
    """

    metric: str
    dimensions: dict[str, str]
    statistic: str
    unit: str
    period: int
    points: tuple[MetricPoint, ...] = ()
    total: float | None = None
    per_second: float | None = None
    source: str = DYNAMODB

    @property
    def index(self) -> str:
        """The index that it is of; empty where it is of the table."""
        return self.dimensions.get(INDEX, "")

    @property
    def peak(self) -> float:
        """The largest value of a period, 0 where there is none."""
        return max((point.value for point in self.points), default=0.0)

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        points = [{"at": time_text(point.at), "value": point.value} for point in self.points]
        plain = {name: getattr(self, name) for name in self.__struct_fields__ if name not in ("period", "points")}
        return plain | {"period_seconds": self.period, "points": points}


class UnknownMetric(Struct, frozen=True, kw_only=True):
    """A metric that could not be had, and why."""

    metric: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        return {"metric": self.metric, "why": self.why}


class ListedMetrics(NamedTuple):
    """The metrics of a table that CloudWatch has had data of in two weeks; ``now`` is the service's time of the answer,
    None where it does not say."""

    found: tuple[tuple[str, Dimensions], ...]
    now: datetime | None


class Metrics(Protocol):
    """CloudWatch, as far as it is read."""

    def listed(self, table: str) -> ListedMetrics:
        """What it has of a table. Raises AccessDenied, NotOffered, ServiceError."""
        ...

    def publishes(self) -> bool:
        """Whether it has any metric of DynamoDB in this account and Region: an engine may publish none at all."""
        ...

    def read(
        self, queries: Sequence[MetricQuery], start: datetime, end: datetime, period: int
    ) -> tuple[list[tuple[MetricPoint, ...]], dict[int, str]]:
        """The points of each query, in their order; by the position of a query why it has none. Whatever the service
        refuses, or fails to answer, is such a reason."""
        ...


def time_text(value: datetime) -> str:
    """A time as JSON has it: RFC 3339, UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
