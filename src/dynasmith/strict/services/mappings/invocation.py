"""One call of a function with records of a stream: the event, and what the answer says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec

from dynasmith.strict.services.mappings.engine_calls import FUNCTIONS, ask_lambda
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.mappings import StreamMapping, StreamRecord, WindowState
from dynasmith.strict.state.state import Account

OK: Final = "OK"
FAILED: Final = "PROBLEM: Function call failed"


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What became of a call: ``failed`` is the place in the batch from which on it failed (None: nowhere); ``state``
    what the function gave for the next call of its window."""

    failed: int | None
    state: Any = None
    error: str = ""
    version: str = "$LATEST"


async def call_function(
    world: StrictWorld,
    account: Account,
    mapping: StreamMapping,
    records: Sequence[StreamRecord],
    shard: str,
    *,
    window: WindowState | None = None,
    final: bool = False,
) -> CallOutcome:
    """Call the function with records, and wait for its answer."""
    event: dict[str, Any] = {"Records": [one.said for one in records]}
    if window is not None:
        end = window.start + int(mapping.option("TumblingWindowInSeconds"))
        event |= {
            "window": {"start": clock_text(window.start), "end": clock_text(end)},
            "state": window.state,
            "shardId": shard,
            "eventSourceARN": mapping.stream,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": False,
        }
    name, _, qualifier = mapping.function.partition(":function:")[2].partition(":")
    query = f"?Qualifier={quote(qualifier)}" if qualifier else ""
    reply = await ask_lambda(world, account, "POST", f"{FUNCTIONS}{quote(name)}/invocations{query}", event)
    error = reply.headers.get(b"x-amz-function-error", b"").decode("latin-1")
    version = reply.headers.get(b"x-amz-executed-version", b"$LATEST").decode("latin-1")
    if reply.status != 200 or error:
        return CallOutcome(0, error=error or f"HTTP{reply.status}", version=version)
    answer = _decoded(reply.body)
    state = answer.get("state") if isinstance(answer, dict) else None
    failed = first_failed(answer, records) if _is_partial(mapping) else None
    return CallOutcome(failed, state=state, version=version)


def first_failed(answer: Any, records: Sequence[StreamRecord]) -> int | None:
    """The place of the first record that a partial batch response names; None where all succeeded, 0 where the response
    is not valid, which is a failure of the whole batch (Lambda Developer Guide, "Success and failure conditions")."""
    if answer is None or answer == {}:
        return None
    failures = answer.get("batchItemFailures", []) if isinstance(answer, Mapping) else None
    if failures is None and isinstance(answer, Mapping):
        return None
    if not isinstance(failures, list):
        return 0
    places = {one.number: place for place, one in enumerate(records)}
    numbers = [one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures]
    found = [places.get(str(number)) for number in numbers]
    return None if not found else min(0 if place is None else place for place in found)


def clock_text(at: float) -> str:
    """A time as events and failure records have it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_partial(mapping: StreamMapping) -> bool:
    return "ReportBatchItemFailures" in (mapping.option("FunctionResponseTypes") or ())


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body else None
    except msgspec.DecodeError:
        return None
