"""``TableAccess``: the tables behind one botocore client, as sources, sinks and lookups."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from dynasmith.aws.data.calls import Patience
from dynasmith.aws.data.service_endpoint import Transport
from dynasmith.aws.data.table_factory import ClientEndpoint, change_sink, open_calls, table_sink, table_source
from dynasmith.aws.data.table_identity import TableStateReader
from dynasmith.aws.data.table_lookup import OpenTableLookup
from dynasmith.items.condition.condition import Filter
from dynasmith.items.key import KeySchema
from dynasmith.items.key_query import KeyQuery
from dynasmith.jobs.options import Mode
from dynasmith.ports.items import OpenSink, OpenSource

LOOK_PATIENCE = Patience(throttled_seconds=20.0, stumbling_seconds=20.0)
"""How long it is tried to read which table has a name: the flow has its own patience with a service in trouble."""


class TableAccess:
    """The tables that ``client`` reaches. Costs nothing until something is opened.

    ``table_ids`` are the ids of tables as they were described, by name: what is opened compares its own after a lost
    connection.
    """

    def __init__(
        self,
        client: Any,
        *,
        transport: Transport = "direct",
        patience: Patience | None = None,
        table_ids: Mapping[str, str] | None = None,
        shown: Callable[[str], str] = str,
    ) -> None:
        self._client = client
        self._ids = table_ids or {}
        self._shown = shown
        self._transport: Transport = transport
        self._patience = patience

    @property
    def where(self) -> str:
        """Endpoint and Region of the client, as they may be kept and shown; the same for the same place."""
        return self._shown(f"{self._client.meta.endpoint_url} {self._client.meta.region_name}")

    @property
    def portable(self) -> bool:
        """Whether what it opens can be sent to another process: with every transport but botocore's."""
        return self._transport != "botocore"

    def source(
        self,
        table: str,
        *,
        segments: int = 1,
        page_items: int | None = None,
        consistent: bool = False,
        condition: Filter | None = None,
    ) -> OpenSource:
        """A scan of ``table``; ``condition`` filters at the service, after the read units were paid."""
        return table_source(
            self._client,
            table,
            segments=segments,
            page_items=page_items,
            consistent=consistent,
            filter_fragment=b"" if condition is None else filter_fragment(condition),
            transport=self._transport,
            patience=self._patience,
            table_id=self._ids.get(table, ""),
        )

    def query_source(
        self, table: str, query: KeyQuery, *, page_items: int | None = None, consistent: bool = False
    ) -> OpenSource:
        """A Query of ``table`` or of an index of it, in one segment."""
        return table_source(
            self._client,
            table,
            page_items=page_items,
            consistent=consistent,
            filter_fragment=query_fragment(query),
            operation="Query",
            transport=self._transport,
            patience=self._patience,
            table_id=self._ids.get(table, ""),
        )

    def sink(self, table: str, key: KeySchema, *, mode: Mode) -> OpenSink:
        """Puts into ``table``."""
        return table_sink(
            self._client,
            table,
            key,
            mode=mode,
            transport=self._transport,
            patience=self._patience,
            table_id=self._ids.get(table, ""),
        )

    def change_sink(self, table: str) -> OpenSink:
        """Puts and deletes of changes into ``table``."""
        return change_sink(
            self._client,
            table,
            transport=self._transport,
            patience=self._patience,
            table_id=self._ids.get(table, ""),
        )

    def lookup(self, table: str) -> OpenTableLookup:
        """Reads of ``table`` by key."""
        door = ClientEndpoint(self._client, table, self._transport, self._patience, self._ids.get(table, ""))
        return OpenTableLookup(door, table)

    def look(self, table: str) -> Callable[[], Awaitable[TableStateReader]]:
        """Reads which table has the name now."""

        async def opened() -> TableStateReader:
            calls = await open_calls(self._client, table, transport=self._transport, patience=LOOK_PATIENCE)
            return TableStateReader(calls, table)

        return opened


def query_fragment(query: KeyQuery) -> bytes:
    """The expressions of a Query as a part of its request, with a leading comma."""
    said: dict[str, Any] = {"IndexName": query.index} if query.index else {}
    said["KeyConditionExpression"] = query.key
    if query.filter:
        said["FilterExpression"] = query.filter
    said |= {"ExpressionAttributeNames": dict(query.names), "ExpressionAttributeValues": dict(query.values)}
    return b"," + msgspec.json.encode(said)[1:-1]


def filter_fragment(condition: Filter) -> bytes:
    """A condition as a part of a Scan's request, with a leading comma."""
    said: dict[str, Any] = {"FilterExpression": condition.expression}
    if condition.names:
        said["ExpressionAttributeNames"] = dict(condition.names)
    if condition.values:
        said["ExpressionAttributeValues"] = dict(condition.values)
    return b"," + msgspec.json.encode(said)[1:-1]
