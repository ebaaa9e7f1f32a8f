"""Regions that the account has not enabled: none of its keys is known there, and no replica can be made there."""

import msgspec

from dynasmith.strict.services.access import refusal_in_protocol
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.wire.messages import WireReply, WireRequest, error_reply

RULE = "region-enabled"
_UPDATE = b"DynamoDB_20120810.UpdateTable"


def not_enabled(world: StrictWorld, request: WireRequest) -> WireReply | None:
    """The refusal of a call to such a Region, or of a replica in one; None for every other call."""
    if not world.disabled_regions or not world.rules.holds(RULE):
        return None
    if request.scope[1] in world.disabled_regions:
        message = "The security token included in the request is invalid."
        return refusal_in_protocol(request, "UnrecognizedClientException", message, 400)
    if request.headers.get(b"x-amz-target") != _UPDATE or b"ReplicaUpdates" not in request.body:
        return None
    try:
        updates = msgspec.json.decode(request.body).get("ReplicaUpdates") or ()
        regions = {str((update.get("Create") or {}).get("RegionName")) for update in updates}
    except (msgspec.DecodeError, AttributeError):
        return None
    for region in sorted(regions & world.disabled_regions):
        return error_reply("ValidationException", f"Region {region} is not enabled for this account.")
    return None
