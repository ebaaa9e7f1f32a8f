"""The rate that a resource bears: raised a little at a time, lowered when the service throttles (AIMD), by its reasons.

``Steer`` says how many units a second to try now; ``Pace`` keeps them. One for the table and one for each index: an
index can throttle its table, and then it is the index's rate that must fall.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec

from dynasmith.limits import (
    NEW_ON_DEMAND_READ_UNITS_PER_SECOND,
    NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND,
    TABLE_MAX_READ_UNITS_PER_SECOND,
    TABLE_MAX_WRITE_UNITS_PER_SECOND,
)

UnitKind: TypeAlias = Literal["read", "write"]

#: What a throttle leaves of a rate. A key range that is hot is not cured by a lower rate as a whole, so it costs less.
_KEPT: Final = {
    "ProvisionedThroughputExceeded": 0.7,
    "AccountLimitExceeded": 0.7,
    "MaxOnDemandThroughputExceeded": 0.7,
    "KeyRangeThroughputExceeded": 0.9,
}
_KEPT_UNKNOWN: Final = 0.7
#: Throttles that come within this time after a cut speak of the rate before it.
_SETTLE_SECONDS: Final = 1.0
#: A rate climbs from nothing to its ceiling in this time where nothing throttles: on-demand tables grow with their
#: traffic and not at once, and one that is past double its last peak may throttle.
_CLIMB_SECONDS: Final = 300.0
#: No rate climbs by more than a tenth of itself a second, so that a low one (a far lower limit than the ceiling was
#: found) is felt for and not jumped over.
_CLIMB_PART: Final = 0.1
#: Time without a reply proves nothing: no more than this counts.
_CLIMB_STEP_SECONDS_MAX: Final = 5.0
#: One unit a second always goes on, so that a job under heavy throttling still sees when it ends.
RATE_MIN: Final = 1.0


@dataclass(frozen=True, slots=True)
class Throttle:
    """One of the service's ThrottlingReasons, understood. ``index`` is empty where the table itself throttles.

    ``share`` is the part of a batch that was held back: a batch of which one item comes back has found the limit, a
    request that is refused is far over it.
    """

    side: UnitKind
    limit: str
    index: str = ""
    share: float = 1.0

    @property
    def reason(self) -> str:
        """As the service says it, an index with its name: ``IndexWriteKeyRangeThroughputExceeded by_day``."""
        word = f"{'Index' if self.index else 'Table'}{self.side.title()}{self.limit}"
        return f"{word} {self.index}" if self.index else word


def throttle_of(reason: str, resource: str) -> Throttle | None:
    """What ``TableWriteProvisionedThroughputExceeded`` with the ARN of its table or index says; None if it is unknown.

    Source: API Reference, ThrottlingReason: "ResourceType+OperationType+LimitType", Table or Index, Read or Write.
    """
    for kind in ("Table", "Index"):
        for word, side in _SIDES:
            if reason.startswith(kind + word):
                index = resource.rpartition("/index/")[2] if kind == "Index" and "/index/" in resource else ""
                return Throttle(side, reason[len(kind + word) :], index)
    return None


def held_back(throttles: Sequence[Throttle], share: float) -> tuple[Throttle, ...]:
    """The same throttles, of which only a share of a batch was the victim."""
    return tuple(Throttle(each.side, each.limit, each.index, each.share * share) for each in throttles)


_SIDES: Final[tuple[tuple[str, UnitKind], ...]] = (("Read", "read"), ("Write", "write"))


class Steer(msgspec.Struct, frozen=True):
    """The rate to try now, in units a second, never over ``ceiling``."""

    rate: float
    ceiling: float
    #: When the rate was last reckoned, and last cut.
    at: float
    cut_at: float = float("-inf")

    @classmethod
    def new(cls, start: float, ceiling: float, now: float) -> "Steer":
        """A rate that starts at ``start`` and may grow to ``ceiling``, which may be less than one unit a second."""
        return cls(_at_least(min(start, ceiling), ceiling), ceiling, now)

    def times(self, by: float) -> "Steer":
        """The same with another part of what it is a part of: rate and ceiling ``by`` as much."""
        return Steer(_at_least(self.rate * by, self.ceiling * by), self.ceiling * by, self.at, self.cut_at)

    def throttled(self, limit: str, now: float, share: float = 1.0) -> "Steer":
        """After a throttle with this reason's limit (empty where the service gave none), of that share of a batch.

        Cuts once a second, and in proportion to the share.
        """
        if now - self.cut_at < _SETTLE_SECONDS:
            return Steer(self.rate, self.ceiling, now, self.cut_at)
        kept = 1.0 - (1.0 - _KEPT.get(limit, _KEPT_UNKNOWN)) * share
        return Steer(_at_least(self.rate * kept, self.ceiling), self.ceiling, now, now)

    def passed(self, now: float) -> "Steer":
        """After requests that were not throttled: the rate climbs by the time since it was last reckoned."""
        elapsed = min(max(0.0, now - self.at), _CLIMB_STEP_SECONDS_MAX)
        a_second = min(self.ceiling / _CLIMB_SECONDS, max(RATE_MIN, self.rate * _CLIMB_PART))
        grown = self.rate + elapsed * a_second
        return Steer(min(self.ceiling, grown), self.ceiling, now, self.cut_at)


def _at_least(rate: float, ceiling: float) -> float:
    return max(rate, min(RATE_MIN, ceiling))


def start_rate(
    side: UnitKind, *, provisioned: float | None = None, warm: float | None = None, share: float = 0.5
) -> float:
    """The rate that a job without a limit starts at.

    Provisioned: ``share`` of the capacity, so that live traffic keeps the rest (``nice``). On demand: what the table is
    warm for where that is known, else what a new table bears (12,000 read, 4,000 write).
    """
    if provisioned is not None:
        return max(RATE_MIN, provisioned * share)
    if warm is not None:
        return max(RATE_MIN, warm)
    return float(NEW_ON_DEMAND_READ_UNITS_PER_SECOND if side == "read" else NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND)


def ceiling(
    side: UnitKind, *, asked: float | None = None, provisioned: float | None = None, share: float = 0.5
) -> float:
    """The rate that a job never passes: what a person asked for, else its share of what is provisioned, else the quota.

    The quota is the default of a table, 40,000 of each; an account with a higher one asks for it.
    """
    if asked is not None:
        return asked
    if provisioned is not None:
        return max(RATE_MIN, provisioned * share)
    return float(TABLE_MAX_READ_UNITS_PER_SECOND if side == "read" else TABLE_MAX_WRITE_UNITS_PER_SECOND)
