"""What CloudWatch says of a table: what was throttled, and what its load costs under either billing mode."""

from typing import Any

from dynasmith.tables.prices import US_EAST_1, Prices
from dynasmith.tables.table import Billing, Table
from dynasmith.validate import Surroundings
from dynasmith.validate.live_facts import LoadFacts, ThrottledPart, ThrottleFacts
from dynasmith.validate.load import ResourceLoad
from validate.case import FIVE, OFF, SCALED, Case
from validate.tables import GOOD, Seen, good, index, live

HOURS = 14 * 24
NOT_SCALED: Seen = [("DS030", "warning", "autoscaling"), ("DS030", "warning", "global_secondary_indexes.i.autoscaling")]
DEARER: Seen = [("DS034", "notice", "billing_mode")]


def around(name: str, found: Seen, table: Table = GOOD, **parts: Any) -> Case:
    return Case(name, table, live(table=table), found, Surroundings(**parts))


def throttled(*parts: tuple[str, str]) -> ThrottleFacts:
    return ThrottleFacts(throttled=tuple(ThrottledPart(index=one, side=side, events=9.0) for one, side in parts))


def load(per_hour: float, peak: float, days: float = 14.0, prices: Prices = US_EAST_1, hours: int = HOURS) -> LoadFacts:
    """Writes of the table: so many in each of so many hours."""
    written = ResourceLoad(index="", side="write", units=(per_hour,) * hours, peaks=(peak,) * hours)
    return LoadFacts(load=(written,), days=days, prices=prices)


def provisioned(scaled: bool) -> Table:
    autoscaling = SCALED if scaled else OFF
    of_index = index("i", "status", autoscaling=autoscaling, capacity=FIVE)
    return good(billing=Billing.PROVISIONED, capacity=FIVE, autoscaling=autoscaling, indexes=(of_index,))


# 100 writes a second all day: $164 a month on demand, $68 provisioned; and 36,000 in an hour of each day, at a peak.
STEADY, SPIKY = load(360_000, 100.0), load(36_000, 1_000.0, hours=14)
IDLE = LoadFacts(days=14.0, prices=US_EAST_1)

CASES = (
    around("nothing throttled", [], throttles=throttled()),
    around("a table that is throttled", [("DS035", "warning", "")], throttles=throttled(("", "write"))),
    around(
        "an index that is throttled on both sides",
        [("DS035", "warning", "global_secondary_indexes.by_status")] * 2,
        throttles=throttled(("by_status", "read"), ("by_status", "write")),
    ),
    around("throttles that are not known", [("DS035", "notice", "")], throttles=ThrottleFacts(unknown="not allowed")),
    around("a steady load on demand", DEARER, load=STEADY),
    around("a steady load that is provisioned", [], provisioned(scaled=True), load=STEADY),
    around("a spiky load on demand", [], load=SPIKY),
    around("a spiky load that is provisioned", DEARER, provisioned(scaled=True), load=load(3_000, 100.0)),
    around("an idle table that is provisioned", [*NOT_SCALED, *DEARER], provisioned(scaled=False), load=IDLE),
    around("an idle table on demand", [], load=IDLE),
    around("a table that is two days old", DEARER, load=load(360_000, 100.0, days=2.0)),
    around("a Region without prices", DEARER, load=load(360_000, 100.0, prices=Prices())),
    around("a load that is not known", DEARER, load=LoadFacts(unknown="not allowed")),
)
