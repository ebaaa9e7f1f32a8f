"""The calls of the flow, each retried until it is done or cannot be: scan, batches, single puts and gets.

Items go in and out as wire bytes. A failed call raises the error of ours for it; a throttle and a stumble of the
service are waited out with full jitter. ``UnprocessedItems`` are given back, not retried here: the sink decides.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from dynasmith.aws.data.exchange import BrokenExchange, BrokenReply, Exchange, HttpReply
from dynasmith.aws.data.failure import Failure, Reason, error_of, failure_of
from dynasmith.aws.data.page_cycle import PageCycle
from dynasmith.aws.data.replies import (
    ItemReply,
    StatementsReply,
    batch_get_reply,
    batch_write_reply,
    item_reply,
    scan_page,
    statements_reply,
    units_of,
)
from dynasmith.aws.data.reply_check import checked_body
from dynasmith.aws.data.request_bodies import CAPACITY, text
from dynasmith.aws.data.unprocessed_items import found_and_left, has_key, items_left
from dynasmith.aws.errors.codes import RetryVerdict, meaning_of
from dynasmith.aws.errors.refusal import NOWHERE
from dynasmith.errors import ConditionFailed, DynasmithError, ServiceUnavailable, Unreachable
from dynasmith.items.wire import ConsumedCapacity, RawItem, ScanPage, Units
from dynasmith.jobs.steer import Throttle, held_back, throttle_of
from dynasmith.ports.access import ResolvedAccess
from dynasmith.ports.engines import SERVICE, EngineReplies
from dynasmith.ports.items import Item, PacedListener, ThrottleListener, permit_of
from dynasmith.ports.permit import NotSent, Permit

Reply = TypeVar("Reply")
PageOperation: TypeAlias = Literal["Scan", "Query"]
"""What gives pages of items."""

_BROKEN_HINT = (
    "check the proxies between this machine and the service (and HTTPS_PROXY); a job that was interrupted goes on from "
    "where it was with dynasmith jobs resume"
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call is tried. Seconds; delays are full jitter, ``uniform(0, min(longest, first * 2**n))``.

    Bounded by the clock and not by the sum of its waits (``jobs.retry.Retry``), because a reply that is slow to fail
    counts too.

    ``throttled_seconds`` and ``stumbling_seconds`` bound one call's life under throttling and under 5xx or resets;
    ``broken_tries`` bounds the replies of one call that are not the service's answer (about 13 s of waits), because
    what changes replies on the way seldom ends by itself, as an outage does. ``refused_seconds`` is for an endpoint at
    which nothing listens and nothing has listened before (a user who
    forgot to start the engine hears it within 3 seconds).
    """

    first_seconds: float = 0.05
    longest_seconds: float = 5.0
    throttled_seconds: float = 900.0
    stumbling_seconds: float = 120.0
    broken_tries: int = 12
    refused_seconds: float = 1.0


class Refused(Exception):
    """A reply that no retry helps; ``failure`` says which, ``access`` from where. Stays inside ``aws.data``."""

    def __init__(self, failure: Failure, access: ResolvedAccess = NOWHERE) -> None:
        super().__init__(failure.sentence)
        self.failure = failure
        self.access = access


@dataclass(slots=True)
class Calls:
    """The calls over one exchange. ``heard`` is told of each throttle; ``retried`` counts repeated requests.

    Where ``heard`` is a ``PacedListener``, what was throttled waits for the pace again. ``engine`` says what
    every good reply has.
    """

    exchange: Exchange
    patience: Patience = field(default_factory=Patience)
    heard: ThrottleListener = lambda _: None
    chance: random.Random = field(default_factory=random.Random)
    retried: int = 0
    paced: PacedListener | None = None
    permit: Permit | None = None
    engine: EngineReplies = SERVICE
    access: ResolvedAccess = NOWHERE
    answered: bool = False

    def __post_init__(self) -> None:
        if self.paced is None and isinstance(self.heard, PacedListener):
            self.paced = self.heard
        if self.permit is None:
            self.permit = permit_of(self.heard)

    def now(self) -> float:
        """Seconds that count for patience: while the run is paused they stand still."""
        return monotonic() if self.permit is None else monotonic() - self.permit.paused_seconds

    async def send(
        self, operation: str, table: str, body: bytes, read: Callable[[bytes], Reply], *, items: int = 1
    ) -> Reply:
        """What ``read`` makes of the body of a 200 reply. Raises Refused for what no retry helps, and an error of
        ``dynasmith.errors`` when patience ends; Halted where the run stops before an attempt, and LeaseLost.

        ``read`` raises BrokenReply for a body that is not the answer to this request; it is then sent again. ``items``
        is how many it writes: one that is throttled waits for the pace before it is sent again.
        """
        began = self.now()
        attempt = broken = 0
        asked_again = False
        while True:
            failure: Failure | None = None
            try:
                answer = await self._attempt(operation, body)
                try:
                    plain = checked_body(answer, self.engine)
                    if answer.status == 200:
                        reply = read(plain)
                        self.answered = True
                        return reply
                    failure = failure_of(answer._replace(body=plain))
                    if failure.nameless:
                        raise BrokenReply(f"a reply has the status {failure.status} and names no error")
                except BrokenReply:
                    if answer.link is not None:
                        answer.link.distrust()
                    raise
            except BrokenExchange as error:
                failure = None
                broken += isinstance(error, BrokenReply)
                self._give_up_on_broken(error, operation, table, self.now() - began, broken)
            else:
                self.answered = True
                if failure.verdict in (RetryVerdict.CLOCK, RetryVerdict.CREDENTIALS) and not asked_again:
                    asked_again = True
                    self._mend(failure, answer.headers.get("date", ""))
                    continue
                self._give_up(failure, operation, table, self.now() - began)
                if failure.verdict is RetryVerdict.SLOWER:
                    self.heard(throttles_of(failure.reasons, operation))
            self.retried += 1
            turned_away = failure is not None and failure.verdict is RetryVerdict.SLOWER and operation not in _READS
            began += await self.back_off(attempt, items if turned_away else 0)
            attempt += 1

    async def _attempt(self, operation: str, body: bytes) -> HttpReply:
        """One reply. What writes, and each page of a scan, is sent only while the run may send. Reads of single items
        are part of a write that is under way, and cost little: of them only the lease is asked."""
        permit = self.permit
        if permit is None:
            return await self.exchange(operation, body)
        if operation in _LOOKUPS:
            return await self.exchange(operation, body, permit.check_lease)
        writes = operation not in _READS
        while True:
            if permit.closed:
                await permit.enter()
            permit.under_way += writes
            try:
                return await self.exchange(operation, body, permit.check)
            except NotSent:  # it was paused, or began to stop, while this waited for a connection
                continue
            finally:
                permit.under_way -= writes

    async def back_off(self, attempt: int, items: int = 0) -> float:
        """Wait before try number ``attempt + 2``: full jitter, doubling up to the longest; then for leave of the pace,
        where ``items`` were turned away. How long the pace took, in seconds: it is no sign of a service in trouble.
        """
        longest = min(self.patience.longest_seconds, self.patience.first_seconds * 2 ** min(attempt, 20))
        seconds = self.chance.uniform(0.0, longest)
        if not items or self.paced is None:
            await (asyncio.sleep(seconds) if self.permit is None else self.permit.sleep(seconds))
            return 0.0
        asked = self.now()
        await self.paced.again(items, seconds)
        return max(0.0, self.now() - asked - seconds)

    def of_part(self, share: float) -> "Calls":
        """The same calls for what was left over of a batch: a throttle of theirs holds back only that share of it."""
        heard = self.heard
        return replace(self, heard=lambda throttles: heard(held_back(throttles, share)))

    def _mend(self, failure: Failure, date: str) -> None:
        if failure.verdict is RetryVerdict.CLOCK:
            self.exchange.clock_is(date)
        else:
            self.exchange.credentials_refused()

    def _give_up(self, failure: Failure, operation: str, table: str, waited_seconds: float) -> None:
        if failure.verdict is RetryVerdict.SLOWER and waited_seconds < self.patience.throttled_seconds:
            return
        if failure.verdict is RetryVerdict.AGAIN and waited_seconds < self.patience.stumbling_seconds:
            return
        if failure.verdict in (RetryVerdict.SLOWER, RetryVerdict.AGAIN):
            raise error_of(failure, operation, table, self.access)
        raise Refused(failure, self.access)

    def _give_up_on_broken(
        self, error: BrokenExchange, operation: str, table: str, waited_seconds: float, broken: int
    ) -> None:
        patience = self.patience
        if broken >= patience.broken_tries:
            raise ServiceUnavailable(
                f"{operation} on {table} got {broken} replies that are not the service's: {error}.",
                hint=_BROKEN_HINT,
                operation=operation,
            ) from error
        if error.refused and not self.answered and waited_seconds >= patience.refused_seconds:
            hint = "dynasmith local start, or --endpoint"
            if "ertificate" in str(error):
                hint = "name the CA bundle: ca_bundle in the environment's section, or AWS_CA_BUNDLE"
            raise Unreachable(f"Nothing answers where table {table} should be: {error}", hint=hint) from error
        if waited_seconds >= patience.stumbling_seconds:
            raise ServiceUnavailable(
                f"{operation} on {table} got no whole reply for {waited_seconds:.0f} s: {error}",
                hint="when the network is back, a job that was interrupted goes on with dynasmith jobs resume",
                operation=operation,
            ) from error

    async def ask(self, operation: str, table: str, body: bytes, read: Callable[[bytes], Reply]) -> Reply:
        """Like ``send``, with every refusal as an error of ``dynasmith.errors``."""
        try:
            return await self.send(operation, table, body, read)
        except Refused as refused:
            raise as_error(refused, operation, table) from refused

    # --- reads --------------------------------------------------------------------------------------------------------

    async def scan(self, table: str, shape: bytes, start: bytes | None, pages: PageCycle | None = None) -> ScanPage:
        """One page of a scan, as `page` gives it."""
        return await self.page("Scan", table, shape, start, pages)

    async def page(
        self, operation: PageOperation, table: str, shape: bytes, start: bytes | None, pages: PageCycle | None = None
    ) -> ScanPage:
        """One page. ``shape`` holds the fixed rest of the request, as ``scan_shape`` makes it; ``pages`` are those of
        the segment before it."""
        key = b"" if start is None else b',"ExclusiveStartKey":' + start

        def read(reply: bytes) -> ScanPage:
            page = scan_page(reply, start)
            self._check_counted(operation, table, page.units is not None, page.table)
            if pages is not None and page.last_key is not None and pages.repeats(start, bytes(page.last_key)):
                raise BrokenReply("its LastEvaluatedKey is where an earlier page began")
            return page

        return await self.ask(operation, table, shape + key + b"}", read)

    async def batch_get(self, table: str, keys: Sequence[Item], *, consistent: bool) -> "ReadOutcome":
        """Up to 100 items by their distinct keys."""
        body = b'{"RequestItems":{%b:{"Keys":[%b],"ConsistentRead":%b}}%b}' % (
            text(table),
            b",".join(keys),
            b"true" if consistent else b"false",
            CAPACITY,
        )

        def read(reply: bytes) -> ReadOutcome:
            done = batch_get_reply(reply)
            return ReadOutcome(*found_and_left(done, table, keys), units_of(done.capacity))

        return await self.ask("BatchGetItem", table, body, read)

    async def get(self, table: str, key: Item, *, consistent: bool = True) -> bytes | None:
        """One item by its key, or None."""
        flag = b"true" if consistent else b"false"
        body = b'{"TableName":%b,"Key":%b,"ConsistentRead":%b%b}' % (text(table), bytes(key), flag, CAPACITY)

        def read(reply: bytes) -> bytes | None:
            item = bytes(self._one(reply, "GetItem", table).item)
            if item and not has_key(item, key):
                raise BrokenReply("its Item has another key than the request")
            return item or None

        return await self.ask("GetItem", table, body, read)

    # --- writes -------------------------------------------------------------------------------------------------------

    async def batch_write(self, table: str, body: bytes, sent: Sequence[Item]) -> "WriteOutcome":
        """The ``batch_write_body`` of ``sent``, puts of distinct keys. Raises Refused where it is refused whole."""

        def read(reply: bytes) -> WriteOutcome:
            done = batch_write_reply(reply)
            self._check_consumed("BatchWriteItem", table, done.capacity)
            return WriteOutcome(items_left(done, table, sent) if done.unprocessed else (), units_of(done.capacity))

        return await self.send("BatchWriteItem", table, body, read, items=len(sent))

    async def put(self, table: str, item: bytes | RawItem, condition: bytes = b"") -> "PutOutcome":
        """One put under ``condition`` (a fragment of request JSON, as ``Condition.fragment``).

        A condition that does not hold is an outcome, not an error; ``existing`` is then what stands there.
        """
        body = b'{"TableName":%b,"Item":%b%b%b}' % (text(table), bytes(item), condition, CAPACITY)
        try:
            reply = await self.send("PutItem", table, body, lambda reply: self._one(reply, "PutItem", table))
        except Refused as refused:
            if meaning_of(refused.failure.code).kind is not ConditionFailed:
                raise
            return PutOutcome(False, refused.failure.item, Units())
        return PutOutcome(True, None, units_of(reply.capacity))

    async def update(self, table: str, body: bytes) -> ItemReply:
        """One UpdateItem. Raises Refused."""
        return await self.send("UpdateItem", table, body, lambda reply: self._one(reply, "UpdateItem", table))

    async def delete(self, table: str, body: bytes) -> ItemReply:
        """One DeleteItem. Raises Refused."""
        return await self.send("DeleteItem", table, body, lambda reply: self._one(reply, "DeleteItem", table))

    async def statements(self, table: str, statements: Sequence[bytes]) -> StatementsReply:
        """Up to 25 PartiQL statements, each a JSON object; every one has its own outcome. Raises Refused."""
        body = b'{"Statements":[%b]%b}' % (b",".join(statements), CAPACITY)

        def read(reply: bytes) -> StatementsReply:
            done = statements_reply(reply, len(statements))
            if any(each.error is None for each in done.responses):
                self._check_consumed("BatchExecuteStatement", table, done.capacity)
            return done

        return await self.send("BatchExecuteStatement", table, body, read, items=len(statements))

    def _one(self, body: bytes, operation: str, table: str) -> ItemReply:
        reply = item_reply(body)
        self._check_consumed(operation, table, [] if reply.capacity is None else [reply.capacity])
        return reply

    def _check_consumed(self, operation: str, table: str, capacity: Sequence[ConsumedCapacity]) -> None:
        for part in capacity or (None,):
            self._check_counted(operation, table, part is not None, "" if part is None else part.table_name)

    def _check_counted(self, operation: str, table: str, counted: bool, named: str) -> None:
        """Each request asks what it consumed: the right reply to a write may say nothing else, as a wrong one would.
        A reply that names another table is the answer to another request. A table may be asked for by its ARN."""
        if not counted and operation not in self.engine.uncounted:
            raise BrokenReply(f"the reply to {operation} does not say what it consumed (ConsumedCapacity)")
        if named and named != table and named.rpartition("/")[2] != table.rpartition("/")[2]:
            raise BrokenReply(f"the reply to {operation} on table {table} is one of table {named[:255]}")


class ReadOutcome(NamedTuple):
    """The items that a BatchGetItem read, the keys that it did not look at, as they were sent, and what it consumed."""

    items: Sequence[RawItem]
    left: Sequence[Item]
    units: Units = Units()


class WriteOutcome(NamedTuple):
    """The items that a BatchWriteItem left undone, as they were sent, and what it consumed."""

    left: Sequence[Item]
    units: Units


@dataclass(frozen=True, slots=True)
class PutOutcome:
    """Whether the item was put; if not, the item that stands there (None where the engine did not show it)."""

    done: bool
    existing: bytes | None
    units: Units


def throttles_of(reasons: Sequence[Reason], operation: str) -> tuple[Throttle, ...]:
    """What throttled: as the service says, else the table's side that the operation is on."""
    told = (throttle_of(reason.reason, reason.resource) for reason in reasons)
    known = tuple(throttle for throttle in told if throttle is not None)
    return known or (Throttle("read" if operation in _READS else "write", ""),)


_LOOKUPS = frozenset({"GetItem", "BatchGetItem", "TransactGetItems"})
_READS = frozenset({"Scan", "Query", "GetItem", "BatchGetItem", "TransactGetItems"})


def as_error(refused: Refused, operation: str, table: str) -> DynasmithError:
    """The error of ours for a refusal."""
    return error_of(refused.failure, operation, table, refused.access)
