"""`AwsModelItems`: single calls by the session's client, pages as raw bodies by the data plane.

botocore parses a page at about 65 us an item, so pages go the way of the item flow, which is asynchronous: on a loop in
a thread that starts with the first page and ends when the session is closed.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from botocore.exceptions import ClientError

from dynasmith.aws.control.model_replies import reply_trees, tell, with_table
from dynasmith.aws.control.session import Session
from dynasmith.aws.data.calls import Calls, Patience, ReadOutcome
from dynasmith.aws.data.replies import scan_page
from dynasmith.aws.data.table_factory import open_calls
from dynasmith.errors import ServiceError
from dynasmith.items.value import write_tree
from dynasmith.items.wire import RawItem
from dynasmith.ports.model_items import ItemsPage

PATIENCE = Patience(throttled_seconds=60.0, stumbling_seconds=30.0)
"""An application waits for a page, not a job of hours."""

Result = TypeVar("Result")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class AwsModelItems:
    """Keeps `dynasmith.ports.model_items.ModelItems`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._calls: Calls | None = None
        self._thread: threading.Thread | None = None

    def call(self, operation: str, table: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """One call on items: see `dynasmith.ports.model_items.ModelItems.call`.

        Raises ConditionFailed with ``item``, and ItemInvalid for a text that is not Unicode.
        """
        write_tree(request)  # a text that is not Unicode is refused here, not by the service
        try:
            answer = self._session.call("dynamodb", operation, with_table(operation, table, request), table=table)
        except ServiceError as failed:
            cause = failed.__cause__
            if isinstance(cause, ClientError):
                tell(failed, cause.response)
            raise
        return reply_trees(operation, answer)

    def page(self, operation: str, table: str, request: Mapping[str, Any]) -> ItemsPage:
        """One page of a Query or a Scan that selects items; sent again as the item flow does, for up to a minute."""
        return self._run(self._page(operation, table, request))

    def query_all(
        self, table: str, requests: Sequence[Mapping[str, Any]], *, queries_at_once: int, items_max: int | None = None
    ) -> list[list[RawItem]]:
        """The items of several queries, in the order of ``requests``: all pages of each, or the first ``items_max``.

        They are tasks of the one loop, so no thread is left when the first error or an interrupt ends them.
        """
        return self._run(self._query_all(table, requests, asyncio.Semaphore(queries_at_once), items_max))

    def read_keys(
        self, table: str, keys: Sequence[Mapping[str, Any]], *, consistent: bool
    ) -> tuple[Sequence[RawItem], list[int]]:
        """The items of up to 100 distinct keys, in no order, and the places of the keys that were left unprocessed."""
        sent = [write_tree(key) for key in keys]

        async def ask() -> ReadOutcome:
            calls = await self._open(table)
            return await calls.batch_get(table, sent, consistent=consistent)

        outcome = self._run(ask())
        left = set(map(id, outcome.left))
        return outcome.items, [place for place, key in enumerate(sent) if id(key) in left]

    async def _query_all(
        self, table: str, requests: Sequence[Mapping[str, Any]], gate: asyncio.Semaphore, items_max: int | None
    ) -> list[list[RawItem]]:
        async def ask(request: Mapping[str, Any]) -> list[RawItem]:
            found: list[RawItem] = []
            async with gate:
                while True:
                    page = await self._page("Query", table, request)
                    found += page.items
                    if page.last_key is None or (items_max is not None and len(found) >= items_max):
                        return found[:items_max]
                    request = {**request, "ExclusiveStartKey": page.last_key}

        await self._open(table)  # once, before several need it
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(ask(request)) for request in requests]
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from several.exceptions[0].__cause__
        return [task.result() for task in tasks]

    async def _page(self, operation: str, table: str, request: Mapping[str, Any]) -> ItemsPage:
        start = request.get("ExclusiveStartKey")
        body = write_tree({"TableName": table, **request, "ReturnConsumedCapacity": "TOTAL"})
        begin = None if start is None else msgspec.json.encode(start)
        calls = await self._open(table)
        page = await calls.ask(operation, table, body, lambda reply: scan_page(reply, begin))
        last_key = None if page.last_key is None else _decode(page.last_key)
        units = 0.0 if page.units is None else page.units.table
        return ItemsPage(items=page.items, last_key=last_key, scanned=page.scanned, units=units)

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What ``work`` gives on the loop; an interrupt of the thread that waits cancels it."""
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End the connections and the thread; what is asked afterwards starts them again."""
        with self._lock:
            loop, calls, thread = self._loop, self._calls, self._thread
            self._loop = self._calls = self._thread = None
        if loop is None or thread is None or not thread.is_alive():  # it is not in a fork
            return
        if calls is not None:
            asyncio.run_coroutine_threadsafe(calls.exchange.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    async def _open(self, table: str) -> Calls:
        if self._calls is None:
            client = await asyncio.to_thread(self._session.client, "dynamodb")
            calls = await open_calls(client, table, patience=PATIENCE)
            if self._calls is None:
                self._calls = calls
        return self._calls

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._process != os.getpid():  # a fork has the loop, and not its thread
                self._process, self._loop, self._calls = os.getpid(), None, None
            if self._loop is None:
                loop = self._loop = asyncio.new_event_loop()
                self._session.on_close(self.close)
                self._thread = threading.Thread(target=_serve, args=(loop,), name="dynasmith-pages", daemon=True)
                self._thread.start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
