"""A table's conditional changes: 25 statements a call where the engine and the role allow it, else one by one.

The first change of a run decides how changes are written: a statement that must fail is sent, and only an engine that
says so is trusted with statements (moto answers 200 to any condition). It needs ``dynamodb:PartiQLUpdate``; without
that right, or without PartiQL, every change goes by ``UpdateItem``, as does a change that a statement cannot express.
A whole item is deleted by ``DeleteItem`` and put back by ``PutItem``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dynasmith.aws.data.calls import Calls, Refused, as_error
from dynasmith.aws.data.partiql_batch import (
    STATEMENTS_MAX,
    PartiqlBatches,
    PendingWrite,
    StatementBatch,
    code_of,
)
from dynasmith.aws.data.replies import StatementError, units_of
from dynasmith.aws.data.service_endpoint import OpenCalls
from dynasmith.aws.data.statements import create_condition, delete_of, probe_of, statement_of, update_of
from dynasmith.aws.data.unprocessed_items import has_key
from dynasmith.aws.errors.codes import is_passing, meaning_of
from dynasmith.errors import ConditionFailed
from dynasmith.items.key import KeySchema, encode_key, key_of
from dynasmith.items.wire import Units
from dynasmith.ports.concurrency import together
from dynasmith.ports.items import ThrottleListener, total
from dynasmith.ports.permit import Halted
from dynasmith.ports.updates import DONE, ItemChange, SentChanges, UpdateAnswer, same_item, still_expected


@dataclass(slots=True, kw_only=True)
class _Waiting(PendingWrite):
    """A change on its way, and where its answer goes."""

    change: ItemChange


class TableUpdates:
    """Changes of ``table``. ``statements`` None finds out whether statements can be used; False never uses them."""

    def __init__(self, calls: Calls, table: str, key: KeySchema, *, statements: bool | None = None) -> None:
        self.calls = calls
        self.table = table
        self._key = key
        self.names = key.names
        self.batches = PartiqlBatches(calls, table, statements)

    @property
    def batch_items(self) -> int:
        """Changes of one call."""
        return STATEMENTS_MAX

    async def close(self) -> None:
        """Close the connections."""
        await self.calls.exchange.close()

    async def send(self, changes: Sequence[ItemChange]) -> SentChanges:
        """Write the changes; see the port. Raises AccessDenied where neither way is allowed."""
        waiting = [_Waiting(place, change=change) for place, change in enumerate(changes)]
        run = _Run(self, [DONE] * len(changes))
        try:
            first = next((change for change in changes if change.kind == "update"), None)
            if self.batches.usable is None and first is not None:
                await self._choose(first, run)
        except Halted:
            for each in waiting:
                run.leave(each)
            return run.sent
        singles, said = [], list[_Waiting]()
        for each in waiting:
            statement = statement_of(each.change, self.table, self.names) if self.batches.usable else None
            if statement is None:
                singles.append(each)
            else:
                each.statement = statement
                said.append(each)
        await run.group.send(said)
        await together(run.alone(each) for each in singles)
        return run.sent

    async def _choose(self, change: ItemChange, run: "_Run") -> None:
        """Whether statements can be trusted here: one that must fail is sent, at the cost of one write unit."""
        batches = self.batches
        async with batches.choosing:
            if batches.usable is not None:
                return
            reply = await batches.probe(probe_of(change, self.table, self.names))
            if reply is None:
                return
            run.group.units.append(units_of(reply.capacity))
            batches.usable = True
            if not (is_passing(code := code_of(reply)) or meaning_of(code).kind is ConditionFailed):
                batches.close("the engine does not keep the condition of a statement")

    async def shown(self, change: ItemChange, item: bytes | None) -> bytes | None:
        """``item``, which a failed condition showed; the item as it is now where none, or another, was shown."""
        key = encode_key(key_of(change.before, self._key), self._key)
        return item if item and has_key(item, key) else await self.calls.get(self.table, key)


class _Run:
    """The answers of one ``send``; the changes that are written by batches of statements."""

    def __init__(self, updates: TableUpdates, answers: list[UpdateAnswer]) -> None:
        self._updates = updates
        self._calls = updates.calls
        self._table = updates.table
        self._answers = answers
        self.group = StatementBatch[_Waiting](updates.batches, self)

    @property
    def sent(self) -> SentChanges:
        """What came of it."""
        units = self.group.units
        return SentChanges(answers=self._answers, units=total(units) if units else Units(), retried=self.group.retried)

    async def said(self, each: _Waiting, error: StatementError | None) -> bool:
        """Done, or a conflict; anything else is said by UpdateItem."""
        if error is None:
            return True
        if meaning_of(error.code).kind is not ConditionFailed:
            return False
        current = await self._updates.shown(each.change, bytes(error.item))
        if current and still_expected(each.change, current):
            return False  # the statement's idea of equality is not ours: UpdateItem decides
        self._answers[each.place] = UpdateAnswer(kind="conflict", current=current, uncertain=each.uncertain)
        return True

    def refuse(self, each: _Waiting, code: str, reason: str) -> None:
        """It will never be written."""
        self._answers[each.place] = UpdateAnswer(kind="refused", code=code, reason=reason, uncertain=each.uncertain)

    def leave(self, each: _Waiting) -> None:
        """It is not sent (again)."""
        self._answers[each.place] = UpdateAnswer(kind="unsent", uncertain=each.uncertain)

    async def alone(self, each: _Waiting) -> bool:
        """Write one change by UpdateItem, DeleteItem or PutItem."""
        calls = replace(self._calls, retried=0)
        try:
            answer, units = await self._written(calls, each, each.change)
            self._calls.answered = True
        except Halted:
            each.uncertain = each.uncertain or calls.retried > 0
            self.leave(each)
            return False
        except Refused as refused:
            await self._one_refused(each, refused, each.uncertain or calls.retried > 0)
            return False
        finally:
            self.group.retried += calls.retried
        self._answers[each.place] = answer
        self.group.units.append(units)
        return answer.kind == "done"

    async def _written(self, calls: Calls, each: _Waiting, change: ItemChange) -> tuple[UpdateAnswer, Units]:
        table, names = self._table, self._updates.names
        if change.kind == "update":
            updated = await calls.update(table, update_of(change, table, names))
            return DONE, units_of(updated.capacity)
        if change.kind == "delete":
            deleted = await calls.delete(table, delete_of(change, table, names))
            found = bytes(deleted.attributes)
            is_other = found and not same_item(found, change.before)
            return UpdateAnswer(kind="done", current=found) if is_other else DONE, units_of(deleted.capacity)
        put = await calls.put(table, change.before, create_condition(names))
        if put.done:
            return DONE, put.units
        current = await self._updates.shown(change, put.existing)
        uncertain = each.uncertain or calls.retried > 0
        return UpdateAnswer(kind="conflict", current=current, uncertain=uncertain), put.units

    async def _one_refused(self, each: _Waiting, refused: Refused, uncertain: bool) -> None:
        code = refused.failure.code
        if meaning_of(code).kind is ConditionFailed:
            current = await self._updates.shown(each.change, refused.failure.item)
            self._answers[each.place] = UpdateAnswer(kind="conflict", current=current, uncertain=uncertain)
        elif meaning_of(code).one_item:
            self.refuse(each, "refused", refused.failure.sentence)
        else:
            operation = {"update": "UpdateItem", "delete": "DeleteItem", "create": "PutItem"}[each.change.kind]
            raise as_error(refused, operation, self._table) from refused


@dataclass(frozen=True, slots=True)
class OpenTableUpdates:
    """Opens the updates of ``table``, here or in a worker; see TableUpdates."""

    door: OpenCalls
    table: str
    key: KeySchema
    statements: bool | None = None

    async def __call__(self, heard: ThrottleListener) -> TableUpdates:
        """Open them on the running loop."""
        return TableUpdates(await self.door.calls(heard), self.table, self.key, statements=self.statements)
