"""Rules of UpdateTable for billing and throughput."""

from collections.abc import Mapping
from typing import Any

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, limit, rule
from dynasmith.strict.rules.tables import API, GUIDE
from dynasmith.strict.rules.update import DAY_SECONDS, UPDATE, index_updates, stamp
from dynasmith.strict.state.state import ProvisionedUnits, StrictIndex, StrictTable

RULES: list[StrictRule] = []
# GUIDE + ServiceQuotas.html: decreases of provisioned throughput per table and per GSI and UTC day: 4 at any time in
# the first hour, then one for each hour without one: 27 in all.
DECREASES_AT_ONCE = 4
DECREASES_A_DAY = 27
DECREASE_EVERY_SECONDS = 3600.0
# GUIDE + switching.capacitymode.html: "up to four times in a 24-hour rolling window".
TO_ON_DEMAND_CHANGES = 4


def _capacity_refusal(
    what: str, capacity: ProvisionedUnits, wire: Mapping[str, Any], *, switching: bool
) -> Refusal | None:
    read, write = int(wire.get("ReadCapacityUnits") or 0), int(wire.get("WriteCapacityUnits") or 0)
    if read < 1 or write < 1:
        return invalid_values("ReadCapacityUnits and WriteCapacityUnits must be greater than zero")
    if switching:
        return None
    if (read, write) == (capacity.read, capacity.write):
        return invalid(
            f"The provisioned throughput for the {what} will not change. The requested value equals the current value. "
            f"Current ReadCapacityUnits provisioned for the {what}: {capacity.read}. "
            f"Requested ReadCapacityUnits: {read}. "
            f"Current WriteCapacityUnits provisioned for the {what}: {capacity.write}. "
            f"Requested WriteCapacityUnits: {write}. Refer to the Amazon DynamoDB Developer Guide for current limits "
            "and how to request higher limits."
        )
    return None


def decrease_allowed_at(capacity: ProvisionedUnits, now: float) -> float:
    """When the next decrease is allowed: now, or later the same or the next UTC day."""
    day = now // DAY_SECONDS
    today = [at for at in capacity.decreases if at // DAY_SECONDS == day]
    if len(today) < DECREASES_AT_ONCE:
        return now
    if len(today) >= DECREASES_A_DAY:
        return (day + 1) * DAY_SECONDS
    return max(now, today[-1] + DECREASE_EVERY_SECONDS)


def _decrease_refusal(capacity: ProvisionedUnits, wire: Mapping[str, Any], now: float) -> Refusal | None:
    if int(wire["ReadCapacityUnits"]) >= capacity.read and int(wire["WriteCapacityUnits"]) >= capacity.write:
        return None
    at = decrease_allowed_at(capacity, now)
    if at <= now:
        return None
    today = sum(one // DAY_SECONDS == now // DAY_SECONDS for one in capacity.decreases)
    return limit(
        "Provisioned throughput decreases are limited within a given UTC day. After the first 4 decreases, each "
        "subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. "
        f"Number of decreases today: {today}. Last decrease at {stamp(capacity.decreases[-1])}. "
        f"Next decrease can be made at {stamp(at)}"
    )


def _capacities(ask: JudgedRequest, table: StrictTable) -> list[tuple[str, ProvisionedUnits, Mapping[str, Any]]]:
    found = []
    if ask.body.get("ProvisionedThroughput"):
        found.append(("table", table.capacity, ask.body["ProvisionedThroughput"]))
    for kind, value in index_updates(ask.body):
        index = table.gsis.get(str(value.get("IndexName")))
        if kind == "Update" and index is not None and value.get("ProvisionedThroughput"):
            found.append((f"index {index.name}", index.capacity, value["ProvisionedThroughput"]))
    return found


@rule(
    RULES,
    "throughput-change",
    UPDATE,
    refuses="provisioned units that are zero, that equal the present ones, or that stand beside on-demand billing",
    source=API + "API_UpdateTable.html",
    certainty="observed",
)
def _throughput(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    if table is None:
        return None
    billing = ask.body.get("BillingMode") or table.billing
    capacities = _capacities(ask, table)
    if capacities and billing == "PAY_PER_REQUEST":
        return invalid_values(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )
    for what, capacity, wire in capacities:
        refusal = _capacity_refusal(what, capacity, wire, switching=table.on_demand_billing)
        if refusal is not None:
            return refusal
    return None


@rule(
    RULES,
    "throughput-decreases",
    UPDATE,
    refuses="a decrease after the fourth of a UTC day less than an hour after the last (27 a day), per table and index",
    source=GUIDE + "ServiceQuotas.html",
)
def _decreases(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    if table is None or table.on_demand_billing or ask.body.get("BillingMode") == "PAY_PER_REQUEST":
        return None
    for _, capacity, wire in _capacities(ask, table):
        refusal = _decrease_refusal(capacity, wire, ask.now)
        if refusal is not None:
            return refusal
    return None


@rule(
    RULES,
    "billing-switch",
    UPDATE,
    refuses="provisioned billing without units for the table and every GSI, and a mode that the table already has "
    "with nothing else to change",
    source=API + "API_UpdateTable.html",
)
def _billing(ask: JudgedRequest) -> Refusal | None:
    table, billing = ask.table, ask.body.get("BillingMode")
    if table is None or billing is None or billing == table.billing:
        return None
    if billing == "PAY_PER_REQUEST":
        return None
    if not ask.body.get("ProvisionedThroughput"):
        return invalid_values(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    given = {
        str(v.get("IndexName")) for k, v in index_updates(ask.body) if v.get("ProvisionedThroughput") and k == "Update"
    }
    for name in table.gsis:
        if name not in given:
            return invalid_values(f"ProvisionedThroughput must be specified for index: {name}")
    return None


@rule(
    RULES,
    "on-demand-switches",
    UPDATE,
    refuses="a fifth switch to on-demand billing within 24 hours",
    source=GUIDE + "switching.capacitymode.html",
)
def _switches(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    if table is None or ask.body.get("BillingMode") != "PAY_PER_REQUEST" or table.on_demand_billing:
        return None
    recent = [at for at in table.to_on_demand if ask.now - at < DAY_SECONDS]
    if len(recent) < TO_ON_DEMAND_CHANGES:
        return None
    return limit(
        f"Update to PayPerRequest mode are limited to {TO_ON_DEMAND_CHANGES} times in 1 day(s). "
        f"Last update at {stamp(recent[-1])}. Next update can be made at {stamp(recent[0] + DAY_SECONDS)}"
    )


@rule(
    RULES,
    "on-demand-maximum",
    UPDATE,
    refuses="an on-demand maximum on a provisioned table, or one of zero",
    source=GUIDE + "on-demand-capacity-mode-max-throughput.html",
)
def _maximum(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    if table is None:
        return None
    wires = [ask.body.get("OnDemandThroughput"), *(v.get("OnDemandThroughput") for _, v in index_updates(ask.body))]
    for wire in wires:
        if not wire:
            continue
        if (ask.body.get("BillingMode") or table.billing) != "PAY_PER_REQUEST":
            return invalid_values("OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST")
        if any(int(number) == 0 or int(number) < -1 for number in wire.values()):
            return invalid_values("OnDemandThroughput must be at least 1, or -1 for no maximum")
    return None


@rule(
    RULES,
    "warm-only-up",
    UPDATE,
    refuses="a warm throughput below the present one",
    source=GUIDE + "update-warm-throughput.html: warm throughput values can only be increased",
    certainty="assumed",
)
def _warm(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    if table is None:
        return None
    holders: list[tuple[str, StrictTable | StrictIndex, Any]] = [("table", table, ask.body.get("WarmThroughput"))]
    for kind, value in index_updates(ask.body):
        index = table.gsis.get(str(value.get("IndexName")))
        if kind == "Update" and index is not None:
            holders.append((f"index {index.name}", index, value.get("WarmThroughput")))
    for what, holder, wire in holders:
        for member, unit in (("ReadUnitsPerSecond", holder.warm.read), ("WriteUnitsPerSecond", holder.warm.write)):
            if wire and wire.get(member) is not None and int(wire[member]) < unit:
                return invalid_values(
                    f"Requested {member} for WarmThroughput for {what} is lower than current WarmThroughput, "
                    f"decreasing WarmThroughput is not supported. Current: {unit}, requested: {wire[member]}"
                )
    return None
