"""Contributor insights of a table and of each index: on in a mode, or off. Engines know neither indexes nor modes."""

from typing import Any

from dynasmith.strict.services.world import Handler, IncomingCall, StrictWorld
from dynasmith.strict.state import timing
from dynasmith.strict.state.state import InsightsState, StrictTable
from dynasmith.strict.wire.messages import WireReply, error_reply, value_reply

BOTH = "ACCESSED_AND_THROTTLED_KEYS"
MODES = (BOTH, "THROTTLED_KEYS")
"""API reference of UpdateContributorInsights, ContributorInsightsMode; the first is the mode of one that names none."""


def _lasting(world: StrictWorld, seconds: float) -> float:
    return world.clock.lasting(seconds) if world.rules.holds("states") else 0.0


def _refused(call: IncomingCall, table: StrictTable) -> WireReply | None:
    index = call.body.get("IndexName")
    if index is not None and index not in table.gsis:
        return error_reply("ResourceNotFoundException", f"Requested resource not found: Index: {index} not found")
    mode = call.body.get("ContributorInsightsMode")
    if mode is not None and mode not in MODES:
        return error_reply("ValidationException", f"ContributorInsightsMode must be one of {', '.join(MODES)}")
    return None


async def update_insights(world: StrictWorld, call: IncomingCall) -> WireReply:
    """UpdateContributorInsights: ENABLING or DISABLING for a while. A mode that is not said stays."""
    table = call.account.tables[call.tables[0]]
    refused = _refused(call, table)
    if refused is not None:
        return refused
    index = str(call.body.get("IndexName") or "")
    before = table.insights.get(index, InsightsState())
    due = call.now + _lasting(world, timing.INSIGHTS_SECONDS)
    on = call.body.get("ContributorInsightsAction") == "ENABLE"
    mode = str(call.body.get("ContributorInsightsMode") or (before.mode if before.on else BOTH))
    table.insights[index] = InsightsState(on, mode, due)
    return value_reply(_described(table, index, call.now))


async def describe_insights(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DescribeContributorInsights."""
    table = call.account.tables[call.tables[0]]
    refused = _refused(call, table)
    if refused is not None:
        return refused
    index = str(call.body.get("IndexName") or "")
    answer = value_reply(_described(table, index, call.now) | {"ContributorInsightsRuleList": []})
    world.poll([table.insights.get(index, InsightsState()).due], call.now)
    return answer


async def list_insights(world: StrictWorld, call: IncomingCall) -> WireReply:
    """ListContributorInsights: the table and all its indexes, in one page."""
    found = []
    for name in call.tables:
        table = call.account.tables[name]
        for index in ("", *table.gsis):
            found.append(_described(table, index, call.now))
            world.poll([table.insights.get(index, InsightsState()).due], call.now)
    return value_reply({"ContributorInsightsSummaries": found})


def _described(table: StrictTable, index: str, now: float) -> dict[str, Any]:
    state = table.insights.get(index, InsightsState())
    moving, still = ("ENABLING", "ENABLED") if state.on else ("DISABLING", "DISABLED")
    value: dict[str, Any] = {
        "TableName": table.name,
        "ContributorInsightsStatus": moving if now < state.due else still,
    }
    if index:
        value["IndexName"] = index
    if state.on:
        value["ContributorInsightsMode"] = state.mode
    return value


WRITES: dict[str, Handler] = {"UpdateContributorInsights": update_insights}
READS: dict[str, Handler] = {
    "DescribeContributorInsights": describe_insights,
    "ListContributorInsights": list_insights,
}
