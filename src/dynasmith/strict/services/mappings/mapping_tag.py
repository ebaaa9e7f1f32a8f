"""What the engine keeps of a mapping, in a tag of it, so that it outlives the endpoint (`adoption` reads it).

Written with each change, and after each batch: records are delivered at least once, since what was under way when the
endpoint ended is delivered again. An engine that keeps no tags of mappings keeps none of this.
"""

from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import msgspec

from dynasmith.strict.services.mappings.engine_calls import ask_lambda
from dynasmith.strict.services.world import StrictWorld, reply_json
from dynasmith.strict.state.mappings import StreamMapping
from dynasmith.strict.state.state import Account
from dynasmith.strict.wire.messages import WireReply, WireRequest

TAGS: Final = "/2017-03-31/tags/"
TAG: Final = "dynasmith:mapping"
_MAPPING = b"event-source-mapping"


class KeptMapping(msgspec.Struct, frozen=True):
    """The JSON of the tag. ``after`` is the sequence number of the last record that is done, "" for none."""

    function: str
    starting: str
    options: dict[str, Any]
    enabled: bool
    deleting: bool
    modified_at: float
    after: str
    result: str
    window: tuple[float, Any] | None = None


async def keep(world: StrictWorld, account: Account, mapping: StreamMapping) -> None:
    """Write down what is true of a mapping now, unless it was written already. OSError where the engine is away."""
    feed = account.feeds.get(mapping.stream)
    if feed is None:
        return
    kept = KeptMapping(
        function=mapping.function,
        starting=mapping.starting,
        options=mapping.options,
        enabled=mapping.enabled,
        deleting=mapping.moving == "Deleting",
        modified_at=mapping.modified_at,
        after=feed.records[mapping.position - 1].number if mapping.position else "",
        result=mapping.result,
        window=None if mapping.window is None else (mapping.window.start, mapping.window.state),
    )
    text = msgspec.json.encode(kept).decode()
    if text != mapping.kept:
        mapping.kept = text
        await ask_lambda(world, account, "POST", TAGS + quote(mapping.arn, safe=":"), {"Tags": {TAG: text}})


async def kept_of(world: StrictWorld, account: Account, arn: str) -> KeptMapping | None:
    """What the engine keeps of a mapping; None for one that no endpoint made."""
    said = reply_json(await ask_lambda(world, account, "GET", TAGS + quote(arn, safe=":")))
    text = (said.get("Tags") or {}).get(TAG)
    try:
        return None if text is None else msgspec.json.decode(text, type=KeptMapping)
    except msgspec.DecodeError:
        return None


def is_mapping_tags(request: WireRequest) -> bool:
    """Whether a request lists the tags of a mapping."""
    return request.method == b"GET" and b"/tags/" in request.target and _MAPPING in request.target


async def answer_tags(world: StrictWorld, request: WireRequest) -> WireReply:
    """The engine's answer without the endpoint's own tag."""
    reply = await world.upstream.send(request)
    said = reply_json(reply)
    if TAG not in (said.get("Tags") or {}):
        return reply
    headers = {name: value for name, value in reply.headers.items() if name != b"content-length"}
    shown = {**said, "Tags": {name: value for name, value in said["Tags"].items() if name != TAG}}
    return replace(reply, body=msgspec.json.encode(shown), headers=headers)
