"""A table as a source or a sink, ready to be opened on a running loop, in this process or in another.

A door can be sent to a worker where a client cannot: it has the address that was read off one, and the keys stay where
they are refreshed and are asked for (``ports.remote_reference``). Nothing here needs botocore, so a process that only
moves items starts in half the time.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from dynasmith.aws.data.address import Address
from dynasmith.aws.data.calls import Calls, PageOperation, Patience
from dynasmith.aws.data.client_guard import ReadingExchange
from dynasmith.aws.data.credentials import Credentials
from dynasmith.aws.data.direct_exchange import DirectExchange
from dynasmith.aws.data.exchange import Exchange
from dynasmith.aws.data.sink import TableSink
from dynasmith.aws.data.source import TableSource
from dynasmith.aws.data.table_identity import KnownTable, compared
from dynasmith.aws.data.worker_keys import WorkerKeys
from dynasmith.items.key import KeySchema
from dynasmith.jobs.options import Mode
from dynasmith.ports.items import ThrottleListener
from dynasmith.ports.remote_reference import RemoteReference

Transport: TypeAlias = Literal["direct", "aiohttp", "botocore"]
"""What sends. ``direct`` is the default and the cheapest; a proxy makes it ``aiohttp``. ``botocore`` is the fallback
for networks where only its way works."""

CONNECTIONS = 64


class OpenCalls(Protocol):
    """Opens connections to an endpoint."""

    async def calls(self, heard: ThrottleListener) -> Calls:
        """Calls over a new exchange of the running loop; ``heard`` is told of throttles."""
        ...


@dataclass(frozen=True, slots=True)
class ServiceEndpoint:
    """An endpoint, and as whom: all that another process needs to reach it. ``reads_only`` refuses to send a write.

    Where ``known`` is given, that table is compared after a lost connection, before anything is sent again; by a worker
    that signs with keys of its own also before its first request: they may be of another account.
    """

    address: Address
    keys: RemoteReference
    transport: Transport = "direct"
    patience: Patience | None = None
    reads_only: bool = False
    known: KnownTable | None = None

    def exchange(self) -> Exchange:
        """Connections of its own, opened as they are needed; inside a running loop."""
        exchange = self._exchange()
        own = isinstance(self.keys, WorkerKeys)
        return compared(ReadingExchange(exchange) if self.reads_only else exchange, self.known, own_keys=own)

    def _exchange(self) -> Exchange:
        credentials = Credentials(self.keys)
        if self.transport == "aiohttp" or self.address.proxy:
            # Only here: what it imports takes 14 MB, which a process without a proxy does not need.
            from dynasmith.aws.data.aiohttp_exchange import AiohttpExchange

            return AiohttpExchange(self.address, credentials, connections=CONNECTIONS)
        return DirectExchange(self.address, credentials, connections=CONNECTIONS)

    async def calls(self, heard: ThrottleListener) -> Calls:
        """The calls of the data plane; close them with ``calls.exchange.close()``."""
        patience, address = self.patience or Patience(), self.address
        return Calls(self.exchange(), patience=patience, heard=heard, engine=address.engine, access=address.access)


@dataclass(frozen=True, slots=True)
class OpenTableSource:
    """Opens ``table`` as a source; see TableSource."""

    door: OpenCalls
    table: str
    segments: int = 1
    page_items: int | None = None
    consistent: bool = False
    filter_fragment: bytes = b""
    operation: PageOperation = "Scan"

    async def __call__(self, heard: ThrottleListener) -> TableSource:
        """Open it on the running loop."""
        return TableSource(
            await self.door.calls(heard),
            self.table,
            segments=self.segments,
            page_items=self.page_items,
            consistent=self.consistent,
            filter_fragment=self.filter_fragment,
            operation=self.operation,
        )


@dataclass(frozen=True, slots=True)
class OpenTableSink:
    """Opens ``table`` as a sink; see TableSink."""

    door: OpenCalls
    table: str
    key: KeySchema
    mode: Mode | None = None

    async def __call__(self, heard: ThrottleListener) -> TableSink:
        """Open it on the running loop."""
        return TableSink(await self.door.calls(heard), self.table, self.key, mode=self.mode)
