"""What the traffic of a table says: throttled requests, and the billing mode that costs less."""

from collections.abc import Iterator

from dynasmith.plans.capacity import scaling_of
from dynasmith.plans.diff import billing_of
from dynasmith.tables.prices import Prices
from dynasmith.tables.table import Billing, Table, known
from dynasmith.validate.check import Check, Problem, Subject, not_known
from dynasmith.validate.checks.parts import DIMENSIONS, parts_of
from dynasmith.validate.load import HOURS_A_MONTH, LOAD_DAYS_MIN, load_cost

_GRANT = (
    "grant cloudwatch:ListMetrics and cloudwatch:GetMetricData; on an engine without metrics there is nothing to see"
)
_SAVING_MIN, _SAVING_SHARE_MIN = 1.0, 0.2


def _throttled(subject: Subject) -> Iterator[Problem]:
    facts = subject.around.throttles
    if facts is None:
        return
    if facts.unknown:
        yield not_known("", facts.unknown, _GRANT)
        return
    for each in facts.throttled:
        path = f"global_secondary_indexes.{each.index}" if each.index else ""
        place = f"index {each.index}" if each.index else "the table"
        what = f"{each.events:,.0f} {each.side}s of {place} were throttled in the last 24 hours."
        yield Problem(path, what, fix=f"dynasmith diagnose {subject.table.name} throttling names the limit")


def _dearer(subject: Subject) -> Iterator[Problem]:
    facts = subject.around.load
    if facts is None:
        return
    if facts.unknown:
        yield not_known("billing_mode", facts.unknown, _GRANT)
        return
    if facts.days < LOAD_DAYS_MIN:
        why = f"the load of {facts.days:.1f} days, for so long the table exists, tells nothing of a month"
        yield not_known("billing_mode", why, f"look again when it has existed for {LOAD_DAYS_MIN} days")
        return
    cost = load_cost(facts.load, facts.days, facts.prices)
    if cost is None:
        yield not_known("billing_mode", "no prices are known for the Region", "set [prices] in dynasmith.toml")
        return
    on_demand = billing_of(subject.table) is Billing.ON_DEMAND
    fixed = None if on_demand else _fixed_cost(subject.table, facts.prices)
    provisioned = cost.provisioned if fixed is None else fixed
    now, other = (cost.on_demand, provisioned) if on_demand else (provisioned, cost.on_demand)
    if now - other >= max(_SAVING_MIN, _SAVING_SHARE_MIN * now):
        fix = "billing_mode: PROVISIONED with autoscaling" if on_demand else "billing_mode: PAY_PER_REQUEST"
        how = "with autoscaling at 70 %" if fixed is None else "as it is now"
        what = (
            f"The load of {facts.days:.0f} days costs {_money(cost.on_demand)} a month on demand and "
            f"{_money(provisioned)} provisioned {how}."
        )
        yield Problem("billing_mode", what, fix=fix)


def _fixed_cost(table: Table, prices: Prices) -> float | None:
    """What the provisioned capacity costs a month; None where autoscaling changes it, or something is not known."""
    hour = {"read": prices.provisioned_read_unit_hour, "write": prices.provisioned_write_unit_hour}
    total = 0.0
    for part in parts_of(table):
        capacity = known(part.value.capacity, None)
        if capacity is None:
            return None
        for side in DIMENSIONS:
            price, scaling = hour[side], scaling_of(part.value, side)
            if price is None or scaling is not None:
                return None
            total += getattr(capacity, side) * price * HOURS_A_MONTH
    return total


def _money(dollars: float) -> str:
    return f"${dollars:,.2f}" if dollars >= 0.005 else "less than $0.01"


CHECKS = (
    Check(
        code="DS034",
        title="The billing mode fits the load",
        why="The other billing mode costs less for the same requests.",
        fix="change billing_mode",
        source="DynamoDB pricing; Developer Guide, Evaluate your table's capacity mode; best practices checklist",
        severities=("notice",),
        look=_dearer,
        live=True,
        reads=("billing",),
        asks=("load",),
    ),
    Check(
        code="DS035",
        title="Nothing was throttled in the last 24 hours",
        why="Throttled requests are retried, and fail in the end.",
        fix="dynasmith diagnose TABLE throttling names the limit",
        source="Developer Guide, DynamoDB metrics and dimensions; best practices checklist: Monitor CloudWatch metrics",
        severities=("warning", "notice"),
        when="a notice where it cannot be known",
        look=_throttled,
        live=True,
        asks=("throttles",),
    ),
)
