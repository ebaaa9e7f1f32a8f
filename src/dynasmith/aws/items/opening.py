"""Tables as sources and sinks, opened on a running loop from a botocore client."""

import asyncio
from dataclasses import dataclass
from pickle import PicklingError
from typing import Any

from dynasmith.aws.guard.own import ReadingExchange, reads_only
from dynasmith.aws.items.calls import Calls, Patience
from dynasmith.aws.items.client import ClientKeys, address_of
from dynasmith.aws.items.door import Door, OpenTableSink, OpenTableSource, Transport
from dynasmith.aws.items.exchange import Exchange
from dynasmith.aws.items.fallback import BotocoreExchange
from dynasmith.aws.items.same_table import KnownTable, compared
from dynasmith.items.key import KeySchema
from dynasmith.ports.items import Heard, Mode, OpenSink, OpenSource

BOTOCORE_THREADS = 16


@dataclass(frozen=True, slots=True)
class ClientDoor:
    """The endpoint that ``client`` would use for ``table``. Read-only where the client is. ``table_id``, where it is
    known, is compared after a lost connection.

    Pickled it is a ``Door``, which costs what ``resolved`` does; the transport ``botocore`` cannot be pickled.
    """

    client: Any
    table: str
    transport: Transport = "direct"
    patience: Patience | None = None
    table_id: str = ""

    def resolved(self) -> Door:
        """The door. Blocking: credentials may have to be resolved. Raises NoCredentials."""
        address, keys = address_of(self.client, self.table), ClientKeys(self.client)
        known = KnownTable(self.table, self.table_id) if self.table_id else None
        return Door(address, keys, self.transport, self.patience, reads_only(self.client), known)

    async def exchange(self) -> Exchange:
        """Connections of its own. Raises NoCredentials."""
        return self._exchange(await asyncio.to_thread(self.resolved))

    def _exchange(self, door: Door) -> Exchange:
        if self.transport != "botocore":
            return door.exchange()
        exchange = BotocoreExchange(self.client, door.address, connections=BOTOCORE_THREADS)
        return compared(ReadingExchange(exchange) if door.reads_only else exchange, door.known)

    async def calls(self, heard: Heard) -> Calls:
        """The calls of the data plane; close them with ``calls.exchange.close()``."""
        door = await asyncio.to_thread(self.resolved)
        patience = self.patience or Patience()
        return Calls(self._exchange(door), patience=patience, heard=heard, engine=door.address.engine)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.transport == "botocore":
            raise PicklingError("the transport botocore sends from one process only")
        door = self.resolved()
        return Door, (door.address, door.keys, door.transport, door.patience, door.reads_only, door.known)


async def open_exchange(client: Any, table: str, transport: Transport = "direct") -> Exchange:
    """An exchange with the endpoint that ``client`` would use for ``table``; it reads only where the client does.

    Raises NoCredentials.
    """
    return await ClientDoor(client, table, transport).exchange()


async def open_calls(
    client: Any,
    table: str,
    heard: Heard = lambda _: None,
    *,
    transport: Transport = "direct",
    patience: Patience | None = None,
    table_id: str = "",
) -> Calls:
    """The calls of the data plane for ``table``; close them with ``calls.exchange.close()``."""
    return await ClientDoor(client, table, transport, patience, table_id).calls(heard)


def table_source(
    client: Any,
    table: str,
    *,
    segments: int = 1,
    page_items: int | None = None,
    consistent: bool = False,
    filter_fragment: bytes = b"",
    transport: Transport = "direct",
    patience: Patience | None = None,
    table_id: str = "",
) -> OpenSource:
    """Opens ``table`` as a source; see TableSource."""
    door = ClientDoor(client, table, transport, patience, table_id)
    return OpenTableSource(door, table, segments, page_items, consistent, filter_fragment)


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
    return OpenTableSink(ClientDoor(client, table, transport, patience, table_id), table, key, mode)
