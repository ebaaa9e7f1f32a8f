"""GetItem with a projection: the engine is asked for the whole item, so that its units are exact."""

from dynasmith.strict.expressions.evaluate import projected
from dynasmith.strict.expressions.expression import PROJECTION
from dynasmith.strict.services.read_plan import projection_of
from dynasmith.strict.services.reads import account_reads
from dynasmith.strict.services.world import IncomingCall, StrictWorld, reply_json
from dynasmith.strict.wire.messages import WireReply, value_reply

_OWN = (PROJECTION, "AttributesToGet", "ExpressionAttributeNames")


def has_projection(call: IncomingCall) -> bool:
    """Whether a call is a GetItem that does not want the whole item."""
    return call.operation == "GetItem" and (PROJECTION in call.body or "AttributesToGet" in call.body)


async def projected_item(world: StrictWorld, call: IncomingCall) -> WireReply:
    """The answer to such a GetItem, with the units of the whole item."""
    whole = await world.send(call, {name: value for name, value in call.body.items() if name not in _OWN})
    reply = account_reads(world, call, whole)
    said = reply_json(reply)
    paths = projection_of(call.body, next((one for one in call.measured.expressions if one.kind == PROJECTION), None))
    if "Item" not in said or paths is None:
        return reply
    return value_reply({**said, "Item": projected(said["Item"], paths)})
