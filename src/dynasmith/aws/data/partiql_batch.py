"""Conditional writes 25 statements a call, where the engine and the role allow it; what is unclear goes alone.

No SDK retries the errors of single statements (``BatchStatementErrorCodeEnum`` in botocore's service model): those that
throttled or stumbled are sent again here, until each has its end.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from dynasmith.aws.data.calls import Calls, Refused, as_error, throttles_of
from dynasmith.aws.data.replies import StatementError, StatementsReply, units_of
from dynasmith.aws.errors.codes import CONFLICTS, is_passing, is_throttle, meaning_of
from dynasmith.errors import AccessDenied, NotOffered, ServiceUnavailable, TableNotFound
from dynasmith.items.wire import Units
from dynasmith.jobs.steer import held_back
from dynasmith.ports.concurrency import together
from dynasmith.ports.permit import Halted

_log = logging.getLogger("dynasmith.items")

STATEMENTS_MAX = 25
"""Statements of a BatchExecuteStatement (botocore's service model, PartiQLBatchRequest)."""
STATEMENT_CHARACTERS_MAX = 8192
"""Characters of one statement (botocore's service model, PartiQLStatement)."""
GROUP_BYTES_MAX = 4 * 1024 * 1024
"""Wire bytes of one call: the service takes 16 MB, and several calls are in flight."""
PROBE_SECONDS_MAX = 3.0
"""How long an engine may stumble over its first statement before it is held to have none (moto answers 500)."""

PROBE_TRIES_MAX = 3
"""How many replies to its first statement that are not the service's an engine may give before that."""


@dataclass(slots=True)
class PendingWrite:
    """A write on its way. ``uncertain``: a reply was lost, so that it may have been done. ``code``: its last error."""

    place: int
    statement: bytes = b""
    uncertain: bool = False
    code: str = ""


W = TypeVar("W", bound=PendingWrite)
Written = TypeVar("Written", bound=PendingWrite, contravariant=True)


class BatchPolicy(Protocol[Written]):
    """What one kind of write makes of its answers."""

    async def said(self, each: Written, error: StatementError | None) -> bool:
        """A statement was done, or failed in its own way; False where it must go alone."""
        ...

    async def alone(self, each: Written) -> bool:
        """Write it by a call of its own; whether it was done."""
        ...

    def refuse(self, each: Written, code: str, reason: str) -> None:
        """It ends unwritten."""
        ...

    def leave(self, each: Written) -> None:
        """The run stops: it is not sent (again)."""
        ...


@dataclass(slots=True)
class PartiqlBatches:
    """Whether statements are used on one table: None while nobody knows."""

    calls: Calls
    table: str
    usable: bool | None = None
    choosing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def close(self, why: str) -> None:
        """One call an item from now on: slower, and just as safe."""
        self.usable = False
        _log.info("Table %s: one call an item instead of statements: %s", self.table, why)

    async def probe(self, statement: bytes) -> StatementsReply | None:
        """The answer to a first statement, with little patience; None where statements cannot be used here."""
        patience = replace(self.calls.patience, stumbling_seconds=PROBE_SECONDS_MAX, broken_tries=PROBE_TRIES_MAX)
        calls = replace(self.calls, patience=patience)
        try:
            return await calls.statements(self.table, [statement])
        except (Refused, ServiceUnavailable) as error:
            if isinstance(error, Refused) and not (_is_unusable(error) or meaning_of(error.failure.code).one_item):
                raise as_error(error, "BatchExecuteStatement", self.table) from error
            self.close(str(error))
            return None


def _is_unusable(refused: Refused) -> bool:
    """Whether statements cannot be used here: a right is missing, or the engine has none."""
    return meaning_of(refused.failure.code).kind in (AccessDenied, NotOffered)


def code_of(reply: StatementsReply) -> str:
    """The error code of the one statement of a probe. One that was throttled or stumbled proves that the engine tells
    of a statement's fate; "" where it was done.
    """
    error = reply.responses[0].error if reply.responses else None
    return error.code if error is not None else ""


@dataclass(slots=True)
class StatementBatch(Generic[W]):
    """Some statements on their way; ``units`` and ``retried`` grow with each request."""

    batches: PartiqlBatches
    way: BatchPolicy[W]
    units: list[Units] = field(default_factory=list)
    retried: int = 0

    async def send(self, waiting: Sequence[W]) -> None:
        """Write all of them; each has its end when this returns, or was left where the run stops. As many calls as
        their bytes need."""
        group, size = list[W](), 0
        for each in waiting:
            if group and (len(group) == STATEMENTS_MAX or size + len(each.statement) > GROUP_BYTES_MAX):
                await self._send(group)
                group, size = [], 0
            group.append(each)
            size += len(each.statement)
        if group:
            await self._send(group)

    async def _send(self, waiting: Sequence[W]) -> None:
        attempt, moved, whole = 0, self.batches.calls.now(), len(waiting)
        while waiting:
            try:
                reply = await self._asked(waiting, len(waiting) / whole)
            except Halted:
                self._leave(waiting)
                return
            if reply is None:
                return
            again, alone = await self._sorted(waiting, reply, whole)
            done = await together(self.way.alone(each) for each in alone)
            if len(alone) == len(waiting) > 1 and all(done):
                self.batches.close("it refused every statement of a batch and accepted each item by itself")
            if again and len(again) == len(waiting):
                if self.batches.calls.now() - moved > self.batches.calls.patience.throttled_seconds:
                    for each in again:
                        code = "throttled" if is_throttle(each.code) else each.code
                        self.way.refuse(each, code, f"{code} for {self.batches.calls.now() - moved:.0f} s")
                    return
            else:
                attempt, moved = 0, self.batches.calls.now()
            waiting = again
            if again:
                self.retried += len(again)
                try:
                    moved += await self.batches.calls.back_off(attempt, len(again))
                except Halted:
                    self._leave(again)
                    return
                attempt += 1

    def _leave(self, waiting: Sequence[W]) -> None:
        for each in waiting:
            self.way.leave(each)

    async def _asked(self, waiting: Sequence[W], share: float) -> StatementsReply | None:
        """The answers of one call; None where it was refused whole, and each went alone."""
        batches = self.batches
        calls = replace(batches.calls.of_part(share), retried=0)
        try:
            reply = await calls.statements(batches.table, [each.statement for each in waiting])
        except Refused as refused:
            # A right is missing, or one statement spoils the call: one by one says which.
            if not (_is_unusable(refused) or meaning_of(refused.failure.code).one_item):
                raise as_error(refused, "BatchExecuteStatement", batches.table) from refused
            if _is_unusable(refused):
                batches.close(refused.failure.sentence)
            for each in waiting:
                each.uncertain = each.uncertain or calls.retried > 0
            await together(self.way.alone(each) for each in waiting)
            return None
        finally:
            self.retried += calls.retried * len(waiting)
            for each in waiting:
                each.uncertain = each.uncertain or calls.retried > 0
        batches.calls.answered = True
        self.units.append(units_of(reply.capacity))
        return reply

    async def _sorted(self, waiting: Sequence[W], reply: StatementsReply, whole: int) -> tuple[list[W], list[W]]:
        """(those to send again, those that go alone) of what is left of a ``whole``."""
        again, alone = list[W](), list[W]()
        throttled = 0
        for each, said in zip(waiting, reply.responses, strict=True):
            code = each.code = said.error.code if said.error is not None else ""
            if is_throttle(code):
                throttled += 1
                again.append(each)
            elif is_passing(code):
                each.uncertain = each.uncertain or code not in CONFLICTS
                again.append(each)
            elif meaning_of(code).kind is TableNotFound:
                raise TableNotFound(self.batches.table)
            elif meaning_of(code).kind is AccessDenied:
                self.batches.close(said.error.message if said.error is not None else code)
                alone.append(each)
            elif not await self.way.said(each, said.error):
                alone.append(each)
        if throttled:
            self.batches.calls.heard(held_back(throttles_of((), "BatchExecuteStatement"), throttled / whole))
        return again, alone
