"""Kinesis destinations of a table: their states and the precision of their times. Nothing is sent to any stream."""

from typing import Any

from dynasmith.strict.services.world import Handler, IncomingCall, StrictWorld
from dynasmith.strict.state import timing
from dynasmith.strict.state.state import DestinationState, StrictTable
from dynasmith.strict.wire.messages import WireReply, error_reply, value_reply

PRECISIONS = ("MILLISECOND", "MICROSECOND")
"""API reference, EnableKinesisStreamingConfiguration; the first is the precision of one that names none."""
DESTINATIONS_MAX = 2
"""Developer Guide, "Using Kinesis Data Streams to capture changes": two streams a table."""

_CONFIGURATION = {
    "EnableKinesisStreamingDestination": "EnableKinesisStreamingConfiguration",
    "UpdateKinesisStreamingDestination": "UpdateKinesisStreamingConfiguration",
}


def _lasting(world: StrictWorld) -> float:
    return world.clock.lasting(timing.KINESIS_SECONDS) if world.rules.holds("states") else 0.0


def _status(state: DestinationState, now: float) -> str:
    return state.moving if now < state.due else ("ACTIVE" if state.on else "DISABLED")


def _refused(call: IncomingCall, table: StrictTable) -> WireReply | None:
    """What the service refuses: a destination in the state already, one that is not there, a third, one that moves."""
    stream = str(call.body.get("StreamArn") or "")
    state = table.destinations.get(stream)
    enabling = call.operation.startswith("Enable")
    if state is not None and _status(state, call.now) == state.moving:
        return error_reply("ResourceInUseException", f"The destination {stream} is {state.moving}")
    on = state is not None and state.on
    if enabling and on:
        return error_reply("ValidationException", f"Table is already enabled for Kinesis streaming to {stream}")
    if enabling and sum(each.on for each in table.destinations.values()) >= DESTINATIONS_MAX:
        return error_reply("LimitExceededException", f"A table has at most {DESTINATIONS_MAX} Kinesis destinations")
    if not enabling and not on:
        return error_reply("ValidationException", f"Table is not in a valid state for {stream}: it is not enabled")
    precision = (call.body.get(_CONFIGURATION.get(call.operation, "")) or {}).get(
        "ApproximateCreationDateTimePrecision"
    )
    if precision is not None and precision not in PRECISIONS:
        return error_reply("ValidationException", f"The precision must be one of {', '.join(PRECISIONS)}")
    return None


async def change_destination(world: StrictWorld, call: IncomingCall) -> WireReply:
    """Enable-, Disable- and UpdateKinesisStreamingDestination: in a state of its own for a while."""
    table = call.account.tables[call.tables[0]]
    refused = _refused(call, table)
    if refused is not None:
        return refused
    stream = str(call.body["StreamArn"])
    before = table.destinations.get(stream)
    told = call.body.get(_CONFIGURATION.get(call.operation, "")) or {}
    there = before.precision if before is not None and before.on else PRECISIONS[0]
    precision = str(told.get("ApproximateCreationDateTimePrecision") or there)
    moving = {"Enable": "ENABLING", "Disable": "DISABLING", "Update": "UPDATING"}[
        call.operation.partition("Kinesis")[0]
    ]
    state = DestinationState(moving != "DISABLING", precision, call.now + _lasting(world), moving)
    table.destinations[stream] = state
    return value_reply({"TableName": table.name, "StreamArn": stream, "DestinationStatus": _status(state, call.now)})


async def describe_destinations(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DescribeKinesisStreamingDestination: those of before too."""
    table = call.account.tables[call.tables[0]]
    found: list[dict[str, Any]] = [
        {
            "StreamArn": stream,
            "DestinationStatus": _status(state, call.now),
            "ApproximateCreationDateTimePrecision": state.precision,
        }
        for stream, state in table.destinations.items()
    ]
    answer = value_reply({"TableName": table.name, "KinesisDataStreamDestinations": found})
    world.poll([state.due for state in table.destinations.values()], call.now)
    return answer


WRITES: dict[str, Handler] = {
    f"{verb}KinesisStreamingDestination": change_destination for verb in ("Enable", "Disable", "Update")
}
READS: dict[str, Handler] = {"DescribeKinesisStreamingDestination": describe_destinations}
