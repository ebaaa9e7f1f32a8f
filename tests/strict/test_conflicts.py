"""A transaction holds its items while it is under way; the engine's part of it is stopped here until a test goes on."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynasmith.strict import StrictServer
from dynasmith.strict.wire.http import Upstream
from dynasmith.strict.wire.messages import WireReply, WireRequest
from strict_tables import ready, refused

WAIT_SECONDS = 60.0


class Gate(Upstream):
    """The way to the engine, on which the next call of one operation waits until it is opened."""

    def __init__(self, real: Upstream, operation: str, loop: asyncio.AbstractEventLoop) -> None:
        self._real, self._operation, self._loop = real, operation.encode(), loop
        self.arrived = threading.Event()
        self._opened = asyncio.Event()

    async def send(self, request: WireRequest) -> WireReply:
        if request.headers.get(b"x-amz-target", b"").endswith(b"." + self._operation) and not self.arrived.is_set():
            self.arrived.set()
            await self._opened.wait()
        return await self._real.send(request)

    def open(self) -> None:
        self._loop.call_soon_threadsafe(self._opened.set)


@contextmanager
def under_way(server: StrictServer, operation: str, call: Callable[[], Any]) -> Iterator["Future[Any]"]:
    """A call that is with the engine while the block runs; its outcome afterwards."""
    real = server._world.upstream
    gate = server._world.upstream = Gate(real, operation, server._loop)
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(call)
        try:
            assert gate.arrived.wait(WAIT_SECONDS)
            yield outcome
        finally:
            gate.open()
            outcome.exception(WAIT_SECONDS)
            server._world.upstream = real


def put(key: str) -> dict[str, Any]:
    return {"Put": {"TableName": "tab", "Item": {"pk": {"S": key}}}}


def check(key: str) -> dict[str, Any]:
    return {
        "ConditionCheck": {
            "TableName": "tab",
            "Key": {"pk": {"S": key}},
            "ConditionExpression": "attribute_not_exists(nothing)",
        }
    }


def insert(key: str) -> dict[str, Any]:
    return {"Statement": f"INSERT INTO tab VALUE {{'pk': '{key}'}}"}


def reasons(call: Callable[..., Any], **arguments: Any) -> list[Mapping[str, str]]:
    with pytest.raises(ClientError) as met:
        call(**arguments)
    error: Any = met.value.response
    assert error["Error"]["Code"] == "TransactionCanceledException"
    return list(error["CancellationReasons"])


def codes(call: Callable[..., Any], **arguments: Any) -> list[str]:
    return [reason["Code"] for reason in reasons(call, **arguments)]


def keys_in(client: Any) -> set[str]:
    return {item["pk"]["S"] for item in client.scan(TableName="tab")["Items"]}


def test_a_transaction_on_an_item_of_another_is_cancelled_and_says_which(server: StrictServer, client: Any) -> None:
    ready(server, client)
    mine = {"TransactItems": [check("lock"), put("mine")]}
    with under_way(server, "TransactWriteItems", lambda: client.transact_write_items(**mine)) as outcome:
        met = reasons(client.transact_write_items, TransactItems=[put("b"), check("lock")])
        assert [reason["Code"] for reason in met] == ["None", "TransactionConflict"]
        assert met[1]["Message"] == "Transaction is ongoing for the item"
        assert codes(client.transact_write_items, TransactItems=[put("mine"), put("b"), put("lock")]) == [
            "TransactionConflict",
            "None",
            "TransactionConflict",
        ]
        client.transact_write_items(TransactItems=[put("c"), put("d")])
    assert outcome.exception() is None
    client.transact_write_items(TransactItems=[put("b"), check("lock")])
    assert keys_in(client) == {"mine", "b", "c", "d"}


def test_plain_writes_of_a_held_item_are_refused_and_reads_are_not(server: StrictServer, client: Any) -> None:
    ready(server, client)
    key = {"pk": {"S": "held"}}
    transaction = {"TransactItems": [check("held"), put("put")]}
    with under_way(server, "TransactWriteItems", lambda: client.transact_write_items(**transaction)):
        for held in ("held", "put"):
            conflict = ("TransactionConflictException", "Transaction is ongoing for the item")
            assert refused(client.put_item, TableName="tab", Item={"pk": {"S": held}}) == conflict
            assert refused(client.update_item, TableName="tab", Key={"pk": {"S": held}}) == conflict
            assert refused(client.delete_item, TableName="tab", Key={"pk": {"S": held}}) == conflict
            assert refused(client.execute_statement, **insert(held))[0] == "TransactionConflictException"
        client.put_item(TableName="tab", Item={"pk": {"S": "free"}})
        assert "Item" not in client.get_item(TableName="tab", Key=key)
        assert keys_in(client) == {"free"}
    client.put_item(TableName="tab", Item=key)
    assert keys_in(client) == {"free", "held", "put"}


def test_entries_of_a_batch_on_held_items_come_back_and_the_others_are_written(
    server: StrictServer, client: Any
) -> None:
    ready(server, client)

    def batch(*names: str) -> list[str]:
        requests = [{"PutRequest": {"Item": {"pk": {"S": name}}}} for name in names]
        left = client.batch_write_item(RequestItems={"tab": requests})["UnprocessedItems"]
        return [write["PutRequest"]["Item"]["pk"]["S"] for write in left.get("tab", ())]

    with under_way(server, "TransactWriteItems", lambda: client.transact_write_items(TransactItems=[check("held")])):
        assert batch("a", "held", "b") == ["held"]
        assert batch("held") == ["held"]
        statements = client.batch_execute_statement(Statements=[insert("c"), insert("held"), insert("d")])
        errors = [answer.get("Error", {}).get("Code", "") for answer in statements["Responses"]]
        assert errors == ["", "TransactionConflict", ""]
    assert keys_in(client) == {"a", "b", "c", "d"}
    assert batch("held") == []


def test_transactions_of_statements_conflict_like_the_others(server: StrictServer, client: Any) -> None:
    ready(server, client)
    exists = {"Statement": "EXISTS(SELECT * FROM tab WHERE pk = 'lock' AND v = 'free')"}
    client.put_item(TableName="tab", Item={"pk": {"S": "lock"}, "v": {"S": "free"}})
    mine = {"TransactItems": [put("a"), check("lock")]}
    with under_way(server, "TransactWriteItems", lambda: client.transact_write_items(**mine)):
        assert codes(client.execute_transaction, TransactStatements=[insert("b"), insert("a")]) == [
            "None",
            "TransactionConflict",
        ]
        assert codes(client.execute_transaction, TransactStatements=[insert("b"), exists])[1] == "TransactionConflict"
        assert codes(
            client.execute_transaction, TransactStatements=[{"Statement": "SELECT * FROM tab WHERE pk = 'lock'"}]
        ) == ["TransactionConflict"]
    with under_way(
        server, "ExecuteTransaction", lambda: client.execute_transaction(TransactStatements=[insert("e"), insert("f")])
    ):
        assert codes(client.transact_write_items, TransactItems=[put("g"), put("f")]) == ["None", "TransactionConflict"]
        assert refused(client.put_item, TableName="tab", Item={"pk": {"S": "e"}})[0] == "TransactionConflictException"
    assert keys_in(client) == {"lock", "a", "e", "f"}


@pytest.mark.parametrize(
    ("operation", "write"),
    [
        ("PutItem", lambda client: client.put_item(TableName="tab", Item={"pk": {"S": "a"}})),
        ("DeleteItem", lambda client: client.delete_item(TableName="tab", Key={"pk": {"S": "a"}})),
        (
            "BatchWriteItem",
            lambda client: client.batch_write_item(
                RequestItems={"tab": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]}
            ),
        ),
        ("TransactWriteItems", lambda client: client.transact_write_items(TransactItems=[put("a")])),
        ("ExecuteStatement", lambda client: client.execute_statement(**insert("a"))),
    ],
)
def test_a_transaction_that_reads_an_item_that_is_being_written_is_cancelled(
    server: StrictServer, client: Any, operation: str, write: Callable[[Any], Any]
) -> None:
    ready(server, client)
    reads = {"TransactItems": [{"Get": {"TableName": "tab", "Key": {"pk": {"S": name}}}} for name in ("z", "a")]}
    with under_way(server, operation, lambda: write(client)):
        assert codes(client.transact_get_items, **reads) == ["None", "TransactionConflict"]
    assert len(client.transact_get_items(**reads)["Responses"]) == 2
    with under_way(server, "TransactGetItems", lambda: client.transact_get_items(**reads)) as outcome:
        client.put_item(TableName="tab", Item={"pk": {"S": "a"}, "v": {"S": "later"}})
    met: Any = outcome.exception()
    assert [reason["Code"] for reason in met.response["CancellationReasons"]] == ["None", "TransactionConflict"]


def test_a_transaction_sent_again_while_it_is_under_way_is_in_progress(server: StrictServer, client: Any) -> None:
    ready(server, client)
    mine = {"TransactItems": [put("a")], "ClientRequestToken": "token"}
    with under_way(server, "TransactWriteItems", lambda: client.transact_write_items(**mine)):
        assert refused(client.transact_write_items, **mine)[0] == "TransactionInProgressException"


def test_the_rule_can_be_switched_off(server: StrictServer, client: Any) -> None:
    ready(server, client)
    server.rules.off("transaction-conflict")
    with under_way(server, "TransactWriteItems", lambda: client.transact_write_items(TransactItems=[check("lock")])):
        client.transact_write_items(TransactItems=[check("lock"), put("b")])
        client.put_item(TableName="tab", Item={"pk": {"S": "lock"}})


def test_a_slow_transaction_holds_its_items_all_the_time_and_one_that_failed_no_more(
    server: StrictServer, client: Any
) -> None:
    ready(server, client)
    server.fault("TransactWriteItems", kind="slow", seconds=0.01)
    with under_way(server, "TransactWriteItems", lambda: client.transact_write_items(TransactItems=[put("a")])):
        assert codes(client.transact_write_items, TransactItems=[put("a")]) == ["TransactionConflict"]
    failing = {**check("a")["ConditionCheck"], "ConditionExpression": "attribute_exists(nothing)"}
    assert codes(client.transact_write_items, TransactItems=[{"ConditionCheck": failing}]) == ["ConditionalCheckFailed"]
    client.put_item(TableName="tab", Item={"pk": {"S": "a"}})
