"""KMS keys by their ARN: DescribeTable names the key itself, also where the table was given an alias or an id."""

from collections.abc import Mapping
from typing import Any

import msgspec

from dynasmith.strict.services.world import IncomingCall, StrictWorld, reply_json
from dynasmith.strict.wire.credentials import credentials_of
from dynasmith.strict.wire.messages import WireRequest


async def with_key_arn(world: StrictWorld, call: IncomingCall) -> Mapping[str, Any]:
    """The call's body with the ARN of its KMS key, as the engine's KMS knows it; unchanged where it knows none."""
    spec = call.body.get("SSESpecification")
    if not isinstance(spec, dict) or not spec.get("Enabled"):
        return call.body
    given = str(spec.get("KMSMasterKeyId") or "")
    if not given or ":key/" in given:
        return call.body
    access, region, _ = call.request.scope
    headers = {
        **credentials_of((access, region or "us-east-1"), "kms"),
        b"x-amz-target": b"TrentService.DescribeKey",
        b"content-type": b"application/x-amz-json-1.1",
    }
    reply = await world.upstream.send(WireRequest(b"POST", b"/", headers, msgspec.json.encode({"KeyId": given})))
    arn = (reply_json(reply).get("KeyMetadata") or {}).get("Arn")
    return call.body if not arn else {**call.body, "SSESpecification": {**spec, "KMSMasterKeyId": arn}}
