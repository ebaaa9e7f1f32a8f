"""Tables as sources and sinks, opened on a running loop from a botocore client."""

import asyncio
from dataclasses import dataclass
from typing import Any

from dynasmith.aws.data.botocore_exchange import BotocoreExchange
from dynasmith.aws.data.calls import Calls, PageOperation, Patience
from dynasmith.aws.data.change_sink import TableChangeSink
from dynasmith.aws.data.client_details import ClientKeys, address_of
from dynasmith.aws.data.client_guard import ReadingExchange, reads_only
from dynasmith.aws.data.exchange import Exchange
from dynasmith.aws.data.service_endpoint import OpenTableSink, OpenTableSource, ServiceEndpoint, Transport
from dynasmith.aws.data.table_identity import KnownTable, compared
from dynasmith.aws.data.updates import OpenTableUpdates
from dynasmith.items.key import KeySchema
from dynasmith.jobs.options import Mode
from dynasmith.ports.items import OpenSink, OpenSource, ThrottleListener
from dynasmith.ports.updates import OpenUpdates

BOTOCORE_THREADS = 16


@dataclass(frozen=True, slots=True)
class ClientEndpoint:
    """The endpoint that ``client`` would use for ``table``. Read-only where the client is. ``table_id``, where it is
    known, is compared after a lost connection.

    Sent to a worker it is a ``ServiceEndpoint``, which costs what ``resolved`` does; transport ``botocore`` cannot be
    sent.
    """

    client: Any
    table: str
    transport: Transport = "direct"
    patience: Patience | None = None
    table_id: str = ""

    def resolved(self) -> ServiceEndpoint:
        """The door. Blocking: credentials may have to be resolved. Raises NoCredentials."""
        address, keys = address_of(self.client, self.table), ClientKeys(self.client)
        known = KnownTable(self.table, self.table_id) if self.table_id else None
        return ServiceEndpoint(address, keys, self.transport, self.patience, reads_only(self.client), known)

    async def exchange(self) -> Exchange:
        """Connections of its own. Raises NoCredentials."""
        return self._exchange(await asyncio.to_thread(self.resolved))

    def _exchange(self, door: ServiceEndpoint) -> Exchange:
        if self.transport != "botocore":
            return door.exchange()
        exchange = BotocoreExchange(self.client, door.address, connections=BOTOCORE_THREADS)
        return compared(ReadingExchange(exchange) if door.reads_only else exchange, door.known)

    async def calls(self, heard: ThrottleListener) -> Calls:
        """The calls of the data plane; close them with ``calls.exchange.close()``."""
        door = await asyncio.to_thread(self.resolved)
        patience, address = self.patience or Patience(), door.address
        return Calls(self._exchange(door), patience=patience, heard=heard, engine=address.engine, access=address.access)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.transport == "botocore":
            raise TypeError("the transport botocore sends from one process only")
        door = self.resolved()
        return ServiceEndpoint, (door.address, door.keys, door.transport, door.patience, door.reads_only, door.known)


async def open_exchange(client: Any, table: str, transport: Transport = "direct") -> Exchange:
    """An exchange with the endpoint that ``client`` would use for ``table``; it reads only where the client does.

    Raises NoCredentials.
    """
    return await ClientEndpoint(client, table, transport).exchange()


async def open_calls(
    client: Any,
    table: str,
    heard: ThrottleListener = lambda _: None,
    *,
    transport: Transport = "direct",
    patience: Patience | None = None,
    table_id: str = "",
) -> Calls:
    """The calls of the data plane for ``table``; close them with ``calls.exchange.close()``."""
    return await ClientEndpoint(client, table, transport, patience, table_id).calls(heard)


def table_source(
    client: Any,
    table: str,
    *,
    segments: int = 1,
    page_items: int | None = None,
    consistent: bool = False,
    filter_fragment: bytes = b"",
    operation: PageOperation = "Scan",
    transport: Transport = "direct",
    patience: Patience | None = None,
    table_id: str = "",
) -> OpenSource:
    """Opens ``table`` as a source; see TableSource."""
    door = ClientEndpoint(client, table, transport, patience, table_id)
    return OpenTableSource(door, table, segments, page_items, consistent, filter_fragment, operation)


@dataclass(frozen=True, slots=True)
class OpenTableChangeSink:
    """Opens ``table`` as a sink of changes; see TableChangeSink."""

    door: ClientEndpoint
    table: str

    async def __call__(self, heard: ThrottleListener) -> TableChangeSink:
        """Open it on the running loop."""
        return TableChangeSink(await self.door.calls(heard), self.table)


def change_sink(
    client: Any,
    table: str,
    *,
    transport: Transport = "direct",
    patience: Patience | None = None,
    table_id: str = "",
) -> OpenSink:
    """Opens ``table`` as a sink of changes; see TableChangeSink."""
    return OpenTableChangeSink(ClientEndpoint(client, table, transport, patience, table_id), table)


def table_sink(
    client: Any,
    table: str,
    key: KeySchema,
    *,
    mode: Mode | None = None,
    transport: Transport = "direct",
    patience: Patience | None = None,
    table_id: str = "",
) -> OpenSink:
    """Opens ``table`` as a sink; see TableSink."""
    return OpenTableSink(ClientEndpoint(client, table, transport, patience, table_id), table, key, mode)


def table_updates(
    client: Any,
    table: str,
    key: KeySchema,
    *,
    statements: bool | None = None,
    transport: Transport = "direct",
    patience: Patience | None = None,
    table_id: str = "",
) -> OpenUpdates:
    """Opens the updates of ``table``; see TableUpdates. ``table_id`` is compared after a lost connection."""
    door = ClientEndpoint(client, table, transport, patience, table_id)
    return OpenTableUpdates(door, table, key, statements)
