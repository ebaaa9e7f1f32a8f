"""Puts on condition that no other item has the key: 25 INSERT statements a call, or one PutItem each.

An INSERT that finds its key taken (``DuplicateItem``) does not show what stands there: those items are read, 100 keys a
call, strongly. It needs ``dynamodb:PartiQLInsert``; without that right, or on an engine that does not keep the promise,
every item goes by ``PutItem``. So does an item whose mode asks for more than absence (``newer``), and one that a
statement cannot say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from dynasmith.aws.data.calls import Calls, PutOutcome, Refused, as_error
from dynasmith.aws.data.partiql_batch import (
    PartiqlBatches,
    PendingWrite,
    StatementBatch,
    code_of,
)
from dynasmith.aws.data.replies import StatementError, units_of
from dynasmith.aws.data.statements import insert_of
from dynasmith.aws.data.unprocessed_items import has_key
from dynasmith.aws.errors.codes import is_passing, meaning_of
from dynasmith.errors import AccessDenied, ConditionFailed, ServiceUnavailable, Throttled
from dynasmith.items.digest import item_hash
from dynasmith.items.key import KeySchema, encode_key, format_key, key_of
from dynasmith.items.wire import Units, attributes
from dynasmith.jobs.options import Mode
from dynasmith.ports.concurrency import together
from dynasmith.ports.items import DeadLetter, Item, Outcome, merged, total
from dynasmith.ports.permit import Halted

DUPLICATE = "DuplicateItem"
READ_TRIES_MAX = 50
FREE_TRIES_MAX = 10
"""How often an item is put whose key is said to be taken, and is free."""


@dataclass(slots=True, kw_only=True)
class _Insert(PendingWrite):
    """An item on its way."""

    item: Item


class ConditionalPuts:
    """Conditional puts into ``table`` under ``mode``; ``statements`` as for TableUpdates."""

    def __init__(self, calls: Calls, table: str, key: KeySchema, mode: Mode, *, statements: bool | None = None) -> None:
        self._calls = calls
        self._table = table
        self._key = key
        self._mode = mode
        self.batches = PartiqlBatches(calls, table, statements)

    async def write(self, items: Sequence[Item], *, only_new: bool) -> Outcome:
        """Write a batch of distinct keys; see ``TableSink.write``."""
        absent = only_new or self._mode.kind != "newer"
        run = _Run(self, only_new)
        said: list[_Insert] = []
        singles: list[Item] = []
        for place, item in enumerate(items):
            statement = insert_of(item, self._table) if absent and self.batches.usable is not False else None
            if statement is None:
                singles.append(item)
            else:
                said.append(_Insert(place, statement, item=item))
        if said and self.batches.usable is None:
            said = await self._choose(said, run)
        if self.batches.usable:
            await run.group.send(said)
        else:
            singles += [each.item for each in said]
        alone = await together(self.put(item, only_new) for item in singles)
        return merged([*alone, await run.outcome()])

    async def _choose(self, said: list[_Insert], run: "_Run") -> list[_Insert]:
        """Whether statements can be trusted here: the first item goes by PutItem, and what then stands at its key is
        inserted once more, which must be refused (an engine that does it all the same has changed nothing). Gives what
        is left to write.
        """
        batches, first = self.batches, said[0].item
        async with batches.choosing:
            if batches.usable is not None:
                return said
            outcome = await self.put(first, run.only_new)
            run.others.append(outcome)
            if not outcome.arrived:  # the run stops
                return said
            ours = outcome.written or outcome.already
            try:
                standing = first if ours else await self._calls.get(self._table, self.key_of(first))
            except AccessDenied as denied:
                batches.close(denied.message)
                return said[1:]
            statement = None if standing is None else insert_of(standing, self._table)
            if statement is None:
                return said[1:]  # nothing to try it on: the next batch may know
            try:
                reply = await batches.probe(statement)
            except Halted:
                return said[1:]
            if reply is not None:
                run.group.units.append(units_of(reply.capacity))
                batches.usable = True
                if (code := code_of(reply)) != DUPLICATE and not is_passing(code):
                    batches.close("the engine does not refuse to insert an item that is there")
            return said[1:]

    async def put(self, item: Item, only_new: bool) -> Outcome:
        """Write one item by a conditional PutItem. An outcome of nothing: the run stops.

        A key that is taken and has no item, because it was deleted meanwhile or the refusal was not true, is tried
        again. Raises ServiceUnavailable when it stays so.
        """
        for attempt in range(FREE_TRIES_MAX):
            try:
                outcome = await self._calls.put(self._table, item, self._condition(item, only_new))
                standing = None if outcome.done else await self._standing(item, outcome)
                if outcome.done:
                    return Outcome(written=1, units=outcome.units)
                if standing is not None:
                    return msgspec.structs.replace(self.met(item, standing, only_new), units=outcome.units)
                await self._calls.back_off(attempt)
            except Halted:
                return Outcome()
            except Refused as refused:
                if not meaning_of(refused.failure.code).one_item:
                    raise as_error(refused, "PutItem", self._table) from refused
                return dead([item], "refused", refused.failure.sentence)
        raise ServiceUnavailable(
            f"Table {self._table} refuses an item for another one with its key, and has no such item.",
            hint="resume the job",
            operation="PutItem",
        )

    async def _standing(self, item: Item, outcome: PutOutcome) -> Item | None:
        standing = outcome.existing
        if standing is None or not has_key(standing, self.key_of(item)):  # not shown by this engine, or another item
            standing = await self._calls.get(self._table, self.key_of(item))
        return standing

    def met(self, item: Item, standing: Item, only_new: bool) -> Outcome:
        """What becomes of an item whose key is taken. Raises ConditionFailed where the mode says so."""
        if item_hash(standing) == item_hash(item):
            return Outcome(already=1)
        shown = format_key(key_of(item, self._key), self._key)
        if only_new:
            return dead([item], "collision", f"another item has the key {shown} already")
        if self._mode.kind == "fail-existing":
            raise ConditionFailed(
                f"Table {self._table} has another item with the key {shown}.",
                hint="--mode overwrite or skip-existing, or an empty target",
                operation="PutItem",
            )
        return Outcome(skipped=1, others=(bytes(item),))

    async def standing(self, items: Sequence[Item]) -> dict[bytes, Item]:
        """What stands at the keys of these items, by key, read strongly. Raises Throttled."""
        found: dict[bytes, Item] = {}
        left: Sequence[Item] = [self.key_of(item) for item in items]
        attempt = 0
        while left:
            reply = await self._calls.batch_get(self._table, left, consistent=True)
            found |= {self.key_of(item): item for item in reply.items}
            left = reply.left
            if left and attempt == READ_TRIES_MAX:
                raise Throttled(f"Table {self._table} left keys unread {attempt} times.", operation="BatchGetItem")
            if left:
                await self._calls.back_off(attempt)
            attempt += 1
        return found

    def key_of(self, item: Item) -> bytes:
        """The key of an item, in one spelling."""
        return encode_key(key_of(item, self._key), self._key)

    def _condition(self, item: Item, only_new: bool) -> bytes:
        names = {"#k": self._key.names[0]}
        expression, values = "attribute_not_exists(#k)", b""
        if self._mode.kind == "newer" and not only_new:
            ours = attributes(item).get(self._mode.attribute)
            if ours is not None:
                names["#a"] = self._mode.attribute
                expression += " OR #a < :v"
                values = b',"ExpressionAttributeValues":{":v":%b}' % bytes(ours)
        fixed = msgspec.json.encode(
            {
                "ConditionExpression": expression,
                "ExpressionAttributeNames": names,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        )
        return b"," + fixed[1:-1] + values


@dataclass(slots=True)
class _Run:
    """What became of one batch; the items that are written by batches of INSERT statements."""

    puts: ConditionalPuts
    only_new: bool
    written: int = 0
    taken: list[Item] = field(default_factory=list)
    others: list[Outcome] = field(default_factory=list)
    group: StatementBatch[_Insert] = field(init=False)

    def __post_init__(self) -> None:
        self.group = StatementBatch(self.puts.batches, self)

    async def said(self, each: _Insert, error: StatementError | None) -> bool:
        """Written, or its key is taken; anything else is said by PutItem."""
        if error is None:
            self.written += 1
        elif error.code == DUPLICATE:
            self.taken.append(each.item)
        else:
            return False
        return True

    async def alone(self, each: _Insert) -> bool:
        """Write it by PutItem."""
        outcome = await self.puts.put(each.item, self.only_new)
        self.others.append(outcome)
        return bool(outcome.arrived) and not outcome.dead

    def refuse(self, each: _Insert, code: str, reason: str) -> None:
        """It stays out."""
        self.others.append(dead([each.item], code, reason))

    def leave(self, each: _Insert) -> None:
        """Nothing is said of it."""

    async def outcome(self) -> Outcome:
        """What became of the statements; keys that were taken are looked at."""
        units = total(self.group.units) if self.group.units else Units()
        done = Outcome(written=self.written, units=units, retried=self.group.retried)
        return merged([done, *self.others, *(await self._met() if self.taken else ())])

    async def _met(self) -> Sequence[Outcome]:
        """What becomes of the items whose keys were taken; a role that may not read them is shown them by PutItem."""
        puts = self.puts
        try:
            found = await puts.standing(self.taken)
        except AccessDenied as denied:
            puts.batches.close(denied.message)
            return await together(puts.put(item, self.only_new) for item in self.taken)
        standing = [(item, found.get(puts.key_of(item))) for item in self.taken]
        alone = await together(puts.put(item, self.only_new) for item, there in standing if there is None)
        return [*alone, *(puts.met(item, there, self.only_new) for item, there in standing if there is not None)]


def dead(items: Sequence[Item], code: str, reason: str) -> Outcome:
    """Items that the target will never take."""
    wires = tuple(bytes(item) for item in items)
    return Outcome(dead=tuple(DeadLetter(code=code, reason=reason, item=wire) for wire in wires), others=wires)
