"""`AwsModelItems`: single calls by the session's client, pages as raw bodies by the data plane.

botocore parses a page at about 65 us an item, so pages go the way of the item flow, which is asynchronous: on a loop in
a thread that starts with the first page and ends when the session is closed.
"""

import asyncio
import os
import threading
from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from dynasmith.aws.control.binary import from_botocore, to_botocore
from dynasmith.aws.control.session import Session
from dynasmith.aws.data.calls import Calls, Patience
from dynasmith.aws.data.replies import scan_page
from dynasmith.aws.data.table_factory import open_calls
from dynasmith.errors import ConditionFailed
from dynasmith.items.value import write_tree
from dynasmith.items.wire import ScanPage
from dynasmith.ports.model_items import ItemsPage

PATIENCE = Patience(throttled_seconds=60.0, stumbling_seconds=30.0)
"""An application waits for a page, not a job of hours."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_BINARY = ("Key", "Item", "ExpressionAttributeValues", "ExclusiveStartKey")


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
        """One call on items, without ``TableName`` in ``request``.

        BatchGetItem takes ``Keys`` of the one table, and gives ``Items`` and ``UnprocessedKeys`` of it. Raises
        ConditionFailed with ``item``, and ItemInvalid for a text that is not Unicode.
        """
        write_tree(request)  # a text that is not Unicode is refused here, not by the service
        try:
            answer = self._session.call("dynamodb", operation, _with_table(operation, table, request), table=table)
        except ConditionFailed as failed:
            cause = failed.__cause__
            if isinstance(cause, ClientError):
                response: dict[str, Any] = dict(cause.response)
                reasons = response.get("CancellationReasons") or [response]
                refused = [place for place, each in enumerate(reasons) if "ConditionalCheck" in str(each.get("Code"))]
                failed.action = refused[0] if refused else 0
                failed.item = from_botocore(reasons[failed.action].get("Item") or {}) or None
                failed.sent_again = bool(response.get("ResponseMetadata", {}).get("RetryAttempts"))
            raise
        if operation == "BatchGetItem":
            left = (answer["UnprocessedKeys"].get(table) or {}).get("Keys", [])
            read = answer["Responses"].get(table, [])
            return {"Items": list(map(from_botocore, read)), "UnprocessedKeys": list(map(from_botocore, left))}
        trees = ("Item", "Attributes", "LastEvaluatedKey")
        return {name: from_botocore(value) if name in trees else value for name, value in answer.items()}

    def page(self, operation: str, table: str, request: Mapping[str, Any]) -> ItemsPage:
        """One page of a Query or a Scan that selects items; sent again as the item flow does, for up to a minute."""
        start = request.get("ExclusiveStartKey")
        body = write_tree({"TableName": table, **request, "ReturnConsumedCapacity": "TOTAL"})
        begin = None if start is None else msgspec.json.encode(start)

        async def ask() -> ScanPage:
            calls = await self._open(table)
            return await calls.ask(operation, table, body, lambda reply: scan_page(reply, begin))

        page = asyncio.run_coroutine_threadsafe(ask(), self._running()).result()
        last_key = None if page.last_key is None else _decode(page.last_key)
        units = 0.0 if page.units is None else page.units.table
        return ItemsPage(items=page.items, last_key=last_key, scanned=page.scanned, units=units)

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


def _with_table(operation: str, table: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with its table, as botocore takes it."""
    if operation == "TransactWriteItems":
        entries = [
            {kind: _with_table("", table, part) for kind, part in each.items()} for each in request["TransactItems"]
        ]
        return {**request, "TransactItems": entries}
    if operation == "BatchGetItem":
        return {"RequestItems": {table: {**request, "Keys": [to_botocore(key) for key in request["Keys"]]}}}
    made = {name: to_botocore(value) if name in _BINARY else value for name, value in request.items()}
    return {"TableName": table, **made}
