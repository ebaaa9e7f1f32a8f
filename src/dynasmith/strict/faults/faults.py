"""Faults on demand: the n-th call of an operation, or random ones with a seed."""

import random
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from dynasmith.strict.wire.messages import WireReply, error_reply

Kind = Literal[
    "500",
    "503",
    "500-after",
    "reset-before",
    "reset-after",
    "slow",
    "cut-body",
    "wrong-crc",
    "expired-credentials",
    "access-denied",
    "throttle",
    "unprocessed",
]
# Kinds that the endpoint answers instead of the engine.
_INSTEAD = frozenset({"500", "503", "reset-before", "expired-credentials", "access-denied", "throttle"})


@dataclass(slots=True, eq=False)
class Fault:
    """One fault that waits for its calls. ``hits`` counts the calls that met it; ``remove()`` takes it away."""

    operation: str
    kind: str
    nth: int = 1
    times: int | None = 1
    table: str | None = None
    probability: float | None = None
    seconds: float = 0.1
    dice: random.Random = field(default_factory=lambda: random.Random(0))
    seen: int = 0
    hits: int = 0
    removed: bool = False

    @property
    def slow_seconds(self) -> float:
        """How much longer a call takes that meets it."""
        return self.seconds if self.kind == "slow" else 0.0

    def remove(self) -> None:
        """No call meets it any more."""
        self.removed = True

    def meets(self, operation: str, tables: tuple[str, ...]) -> bool:
        """Whether this call is one of those that fail; counts it."""
        if self.removed or self.operation not in {operation, "*"}:
            return False
        if self.table is not None and self.table not in tables:
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.hits >= self.times):
            return False
        if self.probability is not None and self.dice.random() >= self.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults of one server, in the order in which they were asked for. Thread-safe."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Add one. ValueError for an unknown kind, or numbers that make no sense."""
        known = get_args(Kind)
        if fault.kind not in known and not fault.kind.endswith(("Exception", "Exceeded", "Error")):
            raise ValueError(
                f"a fault is one of {', '.join(known)} or an error code of the service, not {fault.kind!r}"
            )
        if fault.nth < 1 or (fault.times is not None and fault.times < 1):
            raise ValueError("nth and times of a fault count from 1")
        with self._lock:
            self._faults = [one for one in self._faults if not one.removed] + [fault]
        return fault

    def clear(self) -> None:
        """Take all away."""
        with self._lock:
            for fault in self._faults:
                fault.remove()
            self._faults = []

    def meeting(self, operation: str, tables: tuple[str, ...]) -> Fault | None:
        """The first fault that this call meets."""
        if not self._faults:
            return None
        with self._lock:
            return next((fault for fault in self._faults if fault.meets(operation, tables)), None)


async def struck(
    fault: Fault, operation: str, table: str, go_on: Callable[[], Awaitable[WireReply]], service: str = "dynamodb"
) -> WireReply:
    """The reply of a call that met a fault. ``go_on`` lets it through to rules and engine, later where it is slow.
    ``service`` is the one that signatures name."""
    if fault.kind in _INSTEAD:
        return _instead(fault.kind, operation, table, service)
    if fault.kind.endswith(("Exception", "Exceeded", "Error")):
        return error_reply(fault.kind, f"Injected by a fault: {fault.kind}")
    reply = await go_on()
    match fault.kind:
        case "500-after":
            return error_reply("InternalServerError", "Internal server error", status=500)
        case "reset-after":
            return replace(reply, reset=True)
        case "cut-body":
            return replace(reply, cut=len(reply.body) // 2)
        case "wrong-crc":
            crc = int(reply.headers.get(b"x-amz-crc32", b"0")) ^ 1
            return replace(reply, headers={**reply.headers, b"x-amz-crc32": str(crc).encode()})
        case _:
            return reply


def _instead(kind: str, operation: str, table: str, service: str) -> WireReply:
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table or '*'}" if service == "dynamodb" else "*"
    match kind:
        case "500":
            return error_reply("InternalServerError", "Internal server error", status=500)
        case "503":
            return error_reply("ServiceUnavailable", "Service is temporarily unavailable. Please retry", status=503)
        case "expired-credentials":
            return error_reply("ExpiredTokenException", "The security token included in the request is expired")
        case "access-denied":
            # CloudWatch signs as "monitoring", and its actions are those of "cloudwatch".
            action = f"{'cloudwatch' if service == 'monitoring' else service}:{operation}"
            return error_reply(
                "AccessDeniedException",
                f"User: arn:aws:iam::000000000000:user/strict is not authorized to perform: {action} on resource: "
                f"{arn} because no identity-based policy allows the {action} action",
            )
        case "throttle":
            read = operation in {"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"}
            reason = f"Table{'Read' if read else 'Write'}ProvisionedThroughputExceeded"
            return error_reply(
                "ProvisionedThroughputExceededException",
                "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
                "provisioning level with the UpdateTable API.",
                parts={"ThrottlingReasons": [{"reason": reason, "resource": arn}]},
            )
        case _:
            return WireReply(0, reset=True)
