"""A table's conditional updates: 25 statements a call where the engine and the role allow it, else one by one.

The road is chosen by the first change of a run: a statement that must fail is sent, and only an engine that says so is
trusted with statements (moto answers 200 to any condition). It needs ``dynamodb:PartiQLUpdate``; without that right, or
without PartiQL, every change goes by ``UpdateItem``. Single changes go that way too where a statement cannot say them.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from dynasmith.aws.items.calls import Calls, Patience, Refused, as_error, throttles_of
from dynasmith.aws.items.opening import Transport, open_calls
from dynasmith.aws.items.replies import StatementReply, item_reply, statements_reply, units_of
from dynasmith.aws.items.statements import STATEMENTS_MAX, probe_of, statement_of, update_of
from dynasmith.errors import ServiceUnavailable, TableNotFound
from dynasmith.items.key import KeySchema, encode_key, key_of
from dynasmith.items.wire import Units
from dynasmith.ports.items import Heard, total
from dynasmith.ports.updates import DONE, Answer, Change, OpenUpdates, Sent, still_expected

_log = logging.getLogger("dynasmith.items")

GROUP_BYTES_MAX = 4 * 1024 * 1024
"""Wire bytes of one call: the service takes 16 MB, and several calls are in flight."""
PROBE_SECONDS_MAX = 3.0
"""How long an engine may stumble over its first statement before it is held to have none (moto answers 500)."""

_THROTTLES = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"})
_STUMBLES = frozenset({"InternalServerError", "TransactionConflict"})
_ITEM_FAULTS = frozenset(
    {"ValidationException", "ItemCollectionSizeLimitExceededException", "SerializationException", "ValidationError"}
)
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnknownOperationException"})


@dataclass(slots=True)
class _Waiting:
    """A change on its way, and where its answer goes."""

    place: int
    change: Change
    statement: bytes = b""
    uncertain: bool = False


class TableUpdates:
    """Changes of ``table``. ``statements`` None finds out whether statements can be used; False never uses them."""

    def __init__(self, calls: Calls, table: str, key: KeySchema, *, statements: bool | None = None) -> None:
        self._calls = calls
        self._table = table
        self._key = key
        self._names = key.names
        self._statements = statements
        self._choosing = asyncio.Lock()

    @property
    def batch_items(self) -> int:
        """Changes of one call."""
        return STATEMENTS_MAX

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.exchange.close()

    async def send(self, changes: Sequence[Change]) -> Sent:
        """Write the changes; see the port. Raises AccessDenied where neither road is allowed."""
        waiting = [_Waiting(place, change) for place, change in enumerate(changes)]
        run = _Run(self, [DONE] * len(changes))
        if self._statements is None and changes:
            await self._choose(changes[0], run)
        if not self._statements:
            await asyncio.gather(*(run.one(each) for each in waiting))
            return run.sent
        singles, group, size = [], list[_Waiting](), 0
        for each in waiting:
            statement = statement_of(each.change, self._table, self._names)
            if statement is None:
                singles.append(each)
                continue
            each.statement = statement
            if group and size + len(statement) > GROUP_BYTES_MAX:
                await run.group(group)
                group, size = [], 0
            group.append(each)
            size += len(statement)
        if group:
            await run.group(group)
        await asyncio.gather(*(run.one(each) for each in singles))
        return run.sent

    async def _choose(self, change: Change, run: "_Run") -> None:
        """Whether statements can be trusted here: one that must fail is sent, at the cost of one write unit."""
        async with self._choosing:
            if self._statements is not None:
                return
            patience = replace(self._calls.patience, stumbling_seconds=PROBE_SECONDS_MAX)
            calls = replace(self._calls, patience=patience)
            body = _body([probe_of(change, self._table, self._names)])
            try:
                reply = statements_reply(await calls.send("BatchExecuteStatement", self._table, body))
            except (Refused, ServiceUnavailable) as error:
                if isinstance(error, Refused) and error.failure.code not in _DENIED | _ITEM_FAULTS:
                    raise as_error(error, "BatchExecuteStatement", self._table) from error
                self._without_statements(str(error))
                return
            run.used(units_of(reply.capacity))
            code = reply.responses[0].error.code if reply.responses and reply.responses[0].error else ""
            if code in _THROTTLES | _STUMBLES:  # it told of one statement's fate, so it knows statements
                code = "ConditionalCheckFailed"
            self._statements = True
            if code != "ConditionalCheckFailed":
                self._without_statements("the engine does not keep the condition of a statement")

    def _without_statements(self, why: str) -> None:
        """One call an item from now on: slower, and just as safe."""
        self._statements = False
        _log.info("Table %s: one UpdateItem an item instead of statements: %s", self._table, why)

    async def current(self, change: Change) -> bytes | None:
        """The item of ``change`` as it is now."""
        return await self._calls.get(self._table, encode_key(key_of(change.before, self._key), self._key))


class _Run:
    """The answers of one ``send``."""

    def __init__(self, updates: TableUpdates, answers: list[Answer]) -> None:
        self._updates = updates
        self._calls = updates._calls
        self._table = updates._table
        self._answers = answers
        self._units: list[Units] = []
        self._retried = 0

    @property
    def sent(self) -> Sent:
        """What came of it."""
        return Sent(answers=self._answers, units=total(self._units) if self._units else Units(), retried=self._retried)

    def used(self, units: Units) -> None:
        """Units of one request."""
        self._units.append(units)

    # --- statements ---------------------------------------------------------------------------------------------------

    async def group(self, waiting: Sequence[_Waiting]) -> None:
        """Write some changes with statements; what throttled or stumbled is sent again, what is unclear goes alone."""
        attempt, moved = 0, monotonic()
        while waiting:
            calls = replace(self._calls, retried=0)
            try:
                body = _body([each.statement for each in waiting])
                reply = statements_reply(await calls.send("BatchExecuteStatement", self._table, body))
                self._calls._answered = True
            except Refused as refused:
                await self._after_refusal(waiting, refused, calls.retried > 0)
                return
            finally:
                self._retried += calls.retried * len(waiting)
            self.used(units_of(reply.capacity))
            if len(reply.responses) != len(waiting):
                raise ServiceUnavailable(
                    f"BatchExecuteStatement on {self._table} answered {len(reply.responses)} of {len(waiting)}.",
                    hint="resume the job",
                )
            again, alone = [], []
            for each, said in zip(waiting, reply.responses, strict=True):
                each.uncertain = each.uncertain or calls.retried > 0
                where = await self._said(each, said)
                again += [each] if where == "again" else []
                alone += [each] if where == "alone" else []
            await asyncio.gather(*(self.one(each) for each in alone))
            if len(alone) == len(waiting) > 1 and all(self._answers[each.place].kind == "done" for each in alone):
                self._updates._without_statements("it refused every statement of a call, and took every update")
            if again and len(again) == len(waiting):
                if monotonic() - moved > self._calls.patience.throttled_seconds:
                    self._refuse(again, "throttled", f"throttled for {monotonic() - moved:.0f} s")
                    return
            else:
                attempt, moved = 0, monotonic()
            waiting = again
            if again:
                self._retried += len(again)
                await self._calls.back_off(attempt)
                attempt += 1

    async def _said(self, each: _Waiting, said: StatementReply) -> str:
        """What one statement's reply means: done, a conflict, send it ``again``, or ``alone`` by UpdateItem."""
        error = said.error
        if error is None:
            return ""
        if error.code == "ConditionalCheckFailed":
            current = bytes(error.item) or await self._updates.current(each.change)
            if current and still_expected(each.change, current):
                return "alone"  # the statement's idea of equality is not ours: the other road decides
            self._answers[each.place] = Answer(kind="conflict", current=current, uncertain=each.uncertain)
            return ""
        if error.code in _THROTTLES:
            self._calls.heard(throttles_of((), "BatchExecuteStatement"))
            return "again"
        if error.code in _STUMBLES:
            each.uncertain = each.uncertain or error.code == "InternalServerError"
            return "again"
        if error.code == "ResourceNotFound":
            raise TableNotFound(self._table)
        if error.code == "AccessDenied":
            self._updates._without_statements(error.message)
        return "alone"

    async def _after_refusal(self, waiting: Sequence[_Waiting], refused: Refused, uncertain: bool) -> None:
        """The call was refused whole: a right is missing, or one statement spoils it. One by one says which."""
        if refused.failure.code not in _DENIED | _ITEM_FAULTS:
            raise as_error(refused, "BatchExecuteStatement", self._table) from refused
        if refused.failure.code in _DENIED:
            self._updates._without_statements(refused.failure.sentence)
        for each in waiting:
            each.uncertain = each.uncertain or uncertain
        await asyncio.gather(*(self.one(each) for each in waiting))

    def _refuse(self, waiting: Sequence[_Waiting], code: str, reason: str) -> None:
        for each in waiting:
            self._answers[each.place] = Answer(kind="refused", code=code, reason=reason, uncertain=each.uncertain)

    # --- one by one ---------------------------------------------------------------------------------------------------

    async def one(self, each: _Waiting) -> None:
        """Write one change by UpdateItem."""
        calls = replace(self._calls, retried=0)
        try:
            body = update_of(each.change, self._table, self._updates._names)
            reply = item_reply(await calls.send("UpdateItem", self._table, body))
            self._calls._answered = True
        except Refused as refused:
            uncertain = each.uncertain or calls.retried > 0
            await self._one_refused(each, refused, uncertain)
            return
        finally:
            self._retried += calls.retried
        self.used(units_of(reply.capacity))

    async def _one_refused(self, each: _Waiting, refused: Refused, uncertain: bool) -> None:
        code = refused.failure.code
        if code in ("ConditionalCheckFailedException", "ConditionalCheckFailed"):
            current = refused.failure.item or await self._updates.current(each.change)
            self._answers[each.place] = Answer(kind="conflict", current=current, uncertain=uncertain)
        elif code in _ITEM_FAULTS:
            self._refuse([each], "refused", refused.failure.sentence)
        else:
            raise as_error(refused, "UpdateItem", self._table) from refused


def _body(statements: Sequence[bytes]) -> bytes:
    return b'{"Statements":[%b],"ReturnConsumedCapacity":"INDEXES"}' % b",".join(statements)


def table_updates(
    client: Any,
    table: str,
    key: KeySchema,
    *,
    statements: bool | None = None,
    transport: Transport = "direct",
    patience: Patience | None = None,
) -> OpenUpdates:
    """Opens the updates of ``table``; see TableUpdates."""

    async def opened(heard: Heard) -> TableUpdates:
        calls = await open_calls(client, table, heard, transport=transport, patience=patience)
        return TableUpdates(calls, table, key, statements=statements)

    return opened
