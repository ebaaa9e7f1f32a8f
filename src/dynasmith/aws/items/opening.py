"""Tables as sources and sinks, opened on a running loop from a botocore client."""

import asyncio
from typing import Any, Literal, TypeAlias

from dynasmith.aws.guard.own import ReadingExchange, reads_only
from dynasmith.aws.items.address import Credentials, address_of
from dynasmith.aws.items.calls import Calls, Patience
from dynasmith.aws.items.direct import DirectExchange
from dynasmith.aws.items.exchange import Exchange
from dynasmith.aws.items.fallback import BotocoreExchange
from dynasmith.aws.items.sink import TableSink
from dynasmith.aws.items.source import TableSource
from dynasmith.items.key import KeySchema
from dynasmith.ports.items import Heard, Mode, OpenSink, OpenSource

Transport: TypeAlias = Literal["direct", "aiohttp", "botocore"]
"""What sends. ``direct`` is the default and the cheapest; a proxy makes it ``aiohttp``. ``botocore`` is the fallback
for networks where only its way works."""

CONNECTIONS = 64
BOTOCORE_THREADS = 16


async def open_exchange(client: Any, table: str, transport: Transport = "direct") -> Exchange:
    """An exchange with the endpoint that ``client`` would use for ``table``; it reads only where the client does.

    Raises NoCredentials.
    """
    exchange = await _exchange(client, table, transport)
    return ReadingExchange(exchange) if reads_only(client) else exchange


async def _exchange(client: Any, table: str, transport: Transport) -> Exchange:
    address = await asyncio.to_thread(address_of, client, table)
    if transport == "botocore":
        return BotocoreExchange(client, address, connections=BOTOCORE_THREADS)
    if transport == "aiohttp" or address.proxy:
        # Only here: what it imports takes 14 MB, which a process without a proxy does not need.
        from dynasmith.aws.items.http import AiohttpExchange

        return AiohttpExchange(address, Credentials(client), connections=CONNECTIONS)
    return DirectExchange(address, Credentials(client), connections=CONNECTIONS)


async def open_calls(
    client: Any,
    table: str,
    heard: Heard = lambda _: None,
    *,
    transport: Transport = "direct",
    patience: Patience | None = None,
) -> Calls:
    """The calls of the data plane for ``table``; close them with ``calls.exchange.close()``."""
    return Calls(await open_exchange(client, table, transport), patience=patience or Patience(), heard=heard)


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
) -> OpenSource:
    """Opens ``table`` as a source; see TableSource."""

    async def opened(heard: Heard) -> TableSource:
        calls = await open_calls(client, table, heard, transport=transport, patience=patience)
        return TableSource(
            calls,
            table,
            segments=segments,
            page_items=page_items,
            consistent=consistent,
            filter_fragment=filter_fragment,
        )

    return opened


def table_sink(
    client: Any,
    table: str,
    key: KeySchema,
    *,
    mode: Mode | None = None,
    transport: Transport = "direct",
    patience: Patience | None = None,
) -> OpenSink:
    """Opens ``table`` as a sink; see TableSink."""

    async def opened(heard: Heard) -> TableSink:
        calls = await open_calls(client, table, heard, transport=transport, patience=patience)
        return TableSink(calls, table, key, mode=mode)

    return opened
