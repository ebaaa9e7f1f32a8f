"""Whether a table is still the one that it was: its TableId, read by DescribeTable over the connections of the flow.

A TableId belongs to one table in one Region; a table that is deleted and created again under its name gets another one
(API reference, TableDescription).
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial

import msgspec

from dynasmith.aws.data.calls import Calls
from dynasmith.aws.data.exchange import BrokenExchange, BrokenReply, Check, Exchange, HttpReply, allowed
from dynasmith.aws.data.failure import failure_of
from dynasmith.aws.errors.codes import meaning_of
from dynasmith.errors import AccessDenied, CheckpointError, TableNotFound
from dynasmith.ports.crew import UnfitWorker
from dynasmith.ports.items import TableState

OPERATION = "DescribeTable"


class _Described(msgspec.Struct, frozen=True):
    name: str = msgspec.field(name="TableName")
    status: str = msgspec.field(name="TableStatus")
    arn: str = msgspec.field(name="TableArn", default="")
    table_id: str = msgspec.field(name="TableId", default="")


class _Reply(msgspec.Struct, frozen=True):
    table: _Described = msgspec.field(name="Table")


_decode = msgspec.json.Decoder(_Reply).decode


class TableStateReader:
    """Reads which table has the name now; keeps `dynasmith.ports.items.TableLook`. One call each."""

    def __init__(self, calls: Calls, table: str) -> None:
        self._calls = calls
        self._table = table

    async def now(self) -> TableState:
        """Id and status. Raises TableNotFound. A reply that does not describe this table is asked for again."""
        return await self._calls.ask(OPERATION, self._table, _request(self._table), partial(_state_of, self._table))

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.exchange.close()


@dataclass(frozen=True, slots=True)
class KnownTable:
    """A table by its name and by the id that it had when it was described."""

    name: str
    table_id: str


class SameTableExchange:
    """An exchange that compares the TableId after a connection was lost, before anything is sent again; with
    ``own_keys``, of a worker elsewhere, also before anything is sent at all (a TableId is of one account).

    What answers after a reset may be another engine, or the same one after a restart with other data. Keeps
    `dynasmith.aws.data.exchange.Exchange`; costs nothing while connections hold.
    """

    def __init__(self, exchange: Exchange, known: KnownTable, *, own_keys: bool = False) -> None:
        self._exchange = exchange
        self._known = known
        self._lost = 0
        self._compared = -1 if own_keys else 0

    def __call__(self, operation: str, body: bytes, check: Check = allowed) -> Awaitable[HttpReply]:
        """Send one request once. Raises CheckpointError where another table has the name now, UnfitWorker where
        the keys of a worker never reached that table."""
        return self._sent(operation, body, check)

    async def _sent(self, operation: str, body: bytes, check: Check) -> HttpReply:
        if self._lost > self._compared:
            answer = await self._compare()
            if answer is not None:
                return answer
        try:
            return await self._exchange(operation, body, check)
        except BrokenExchange:
            self._lost += 1
            raise

    async def _compare(self) -> HttpReply | None:
        """Compare, or the refusal of the service that is to be waited out or raised by who sent the request."""
        lost, known = self._lost, self._known
        first = self._compared < 0
        answer = await self._exchange(OPERATION, _request(known.name))
        if answer.status != 200:
            kind = meaning_of(failure_of(answer).code).kind
            if kind is AccessDenied:  # a role that may not look can still write
                self._compared = lost
                return None
            if first and kind is TableNotFound:
                raise _unfit(f"Table {known.name} does not exist for the AWS credentials of this worker.")
            return answer
        state = _state_of(known.name, answer.body)
        if first and state.table_id != known.table_id:
            arn = _decode(answer.body).table.arn
            raise _unfit(f"The AWS credentials of this worker reach another table {known.name} than the job ({arn}).")
        if state.status == "DELETING":
            raise CheckpointError(
                f"Table {known.name} is being deleted.", hint="cancel the job, and start a new one with another table"
            )
        if state.table_id != known.table_id:
            raise CheckpointError(
                f"Table {known.name} was deleted and recreated: another table answered after the connection was lost.",
                hint="cancel the job and start a new one",
            )
        self._compared = lost
        return None

    def clock_is(self, date: str) -> None:
        """Sign with the service's clock from now on."""
        self._exchange.clock_is(date)

    def credentials_refused(self) -> None:
        """Ask for the credentials anew before the next request."""
        self._exchange.credentials_refused()

    async def close(self) -> None:
        """Close every connection."""
        await self._exchange.close()


def compared(exchange: Exchange, known: KnownTable | None, *, own_keys: bool = False) -> Exchange:
    """The exchange, comparing the table after a lost connection where its id is known; with ``own_keys``, which are not
    the job's, also before the first request."""
    if known is None or not known.table_id:
        return exchange
    return SameTableExchange(exchange, known, own_keys=own_keys)


def _unfit(sentence: str) -> UnfitWorker:
    return UnfitWorker(sentence, hint="give the worker a role in the account of the job, then start it again")


def _request(table: str) -> bytes:
    return msgspec.json.encode({"TableName": table})


def _state_of(table: str, body: bytes) -> TableState:
    """What the reply says. Raises BrokenReply where it does not describe the table; the service says its name."""
    try:
        described = _decode(body).table
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenReply(f"a reply to DescribeTable lacks members that it must have: {error}") from error
    if described.name != table:
        raise BrokenReply(f"a reply to DescribeTable describes table {described.name} instead of {table}")
    return TableState(described.table_id, described.status)
