"""Replies that are not the service's answer: sent again a bounded number of times, and nothing is taken from them."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import botocore.session
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.aws.data.calls import Calls, Patience
from dynasmith.aws.data.exchange import BrokenReply, Check, HttpReply, allowed
from dynasmith.aws.data.failure import failure_of
from dynasmith.aws.data.replies import REQUIRED, batch_get_reply, batch_write_reply, item_reply, statements_reply
from dynasmith.aws.data.request_bodies import batch_write_body
from dynasmith.aws.data.sink import TableSink
from dynasmith.aws.data.unprocessed_items import found_and_left, items_left
from dynasmith.errors import DynasmithError, ServiceUnavailable
from dynasmith.items.key import KeySchema
from dynasmith.ports.engines import ENGINES
from flow.kit import replied
from wire_items import few, items, respelt

FAST = Patience(first_seconds=0.0, longest_seconds=0.0)
KEY = KeySchema.of("pk")
A, B, C = (b'{"pk":{"S":"%b"},"n":{"N":"1.50"}}' % letter for letter in (b"a", b"b", b"c"))
CAPACITY = b'"ConsumedCapacity":[{"TableName":"t","CapacityUnits":1.0}]'


def three(body: bytes) -> Any:
    return statements_reply(body, 3)


@pytest.mark.parametrize("read", [batch_get_reply, batch_write_reply, item_reply, three])
@pytest.mark.parametrize(
    "body",
    [b"<html>Log in</html>", b'{"Item', b"", b"[]", b'"x"', b"null", b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"],
)
def test_a_200_that_is_not_a_reply_is_broken(read: Callable[[bytes], Any], body: bytes) -> None:
    with pytest.raises(BrokenReply, match="not one of"):
        read(body)


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (batch_write_reply, b"{}"),
        (batch_write_reply, b'{"status":"ok"}'),
        (batch_write_reply, b'{"UnprocessedItems":null}'),
        (batch_write_reply, b'{"UnprocessedItems":[]}'),
        (batch_write_reply, b'{"UnprocessedItems":{"t":null}}'),
        (batch_write_reply, b'{"UnprocessedItems":{"t":[{"PutRequest":{}}]}}'),
        (batch_get_reply, b"{}"),
        (batch_get_reply, b'{"Responses":{"t":[]}}'),
        (batch_get_reply, b'{"UnprocessedKeys":{}}'),
        (batch_get_reply, b'{"Responses":{"t":[]},"UnprocessedKeys":{"t":{}}}'),
        (batch_get_reply, b'{"Responses":{"t":null},"UnprocessedKeys":{}}'),
        (three, b"{}"),
        (three, b'{"Responses":null}'),
        (three, b'{"Responses":[{},{}]}'),
        (three, b'{"Responses":[{},{},{},{}]}'),
        (three, b'{"Responses":[{},{},{"Error":{}}]}'),
        (item_reply, b'{"ConsumedCapacity":[]}'),
    ],
)
def test_a_reply_without_a_required_member_is_broken(read: Callable[[bytes], Any], body: bytes) -> None:
    with pytest.raises(BrokenReply):
        read(body)


def test_the_members_that_are_looked_for_are_those_of_the_service() -> None:
    model = botocore.session.get_session().get_service_model("dynamodb")
    for (operation, _), kind in REQUIRED.items():
        output: Any = model.operation_model(operation).output_shape
        named = {field.encode_name for field in msgspec.structs.fields(kind)}
        assert named <= output.members.keys() | {"Item", "Attributes"}, operation
        required = {field.encode_name for field in msgspec.structs.fields(kind) if field.required}
        # Everything that botocore's shape has, but for what is absent from a good reply.
        absent = {"LastEvaluatedKey", "ConsumedCapacity", "ItemCollectionMetrics", "Item", "Attributes"}
        assert required == output.members.keys() - absent, operation


# --- what comes back was sent -----------------------------------------------------------------------------------------


def written(*back: bytes, table: bytes = b"t") -> bytes:
    entries = b",".join([b'{"PutRequest":{"Item":%b}}' % item for item in back])
    return b'{"UnprocessedItems":{"%b":[%b]},%b}' % (table, entries, CAPACITY)


def test_what_was_left_undone_is_sent_again_as_it_was_sent_first() -> None:
    respelled = b'{ "n" : {"N":"1.5"}, "pk":{"S":"\\u0062"} }'
    assert items_left(batch_write_reply(written(respelled)), "t", [A, B, C]) == [B]
    arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/t"
    assert items_left(batch_write_reply(written(C, A)), arn, [A, B, C]) == [A, C]
    assert items_left(batch_write_reply(b'{"UnprocessedItems":{}}'), "t", [A]) == ()


@few
@given(st.lists(items, min_size=1, max_size=6), st.data())
def test_any_items_that_come_back_are_found_among_those_sent(values: list[dict[str, Any]], data: st.DataObject) -> None:
    values = [{**value, "pk": str(place)} for place, value in enumerate(values)]
    sent = [data.draw(respelt(value)) for value in values]
    back = data.draw(st.lists(st.integers(0, len(sent) - 1), unique=True))
    spelled = [data.draw(respelt(values[place])) for place in back]
    left = items_left(batch_write_reply(written(*spelled)), "t", sent)
    assert list(left) == [sent[place] for place in sorted(back)]


@pytest.mark.parametrize(
    "body",
    [
        written(b'{"pk":{"S":"z"},"n":{"N":"1.5"}}'),
        written(b'{"pk":{"S":"a"},"n":{"N":"2"}}'),
        written(b'{"pk":{"S":"a"}}'),
        written(A, A),
        written(A, B, C, b'{"pk":{"S":"d"}}'),
        written(A, table=b"other"),
        written(b'{"pk":{"S":7}}'),
        b'{"UnprocessedItems":{"t":[{"PutRequest":{"Item":%b}}],"u":[{"PutRequest":{"Item":%b}}]}}' % (A, B),
        b'{"UnprocessedItems":{"t":[{"DeleteRequest":{"Key":{"pk":{"S":"a"}}}}]}}',
        b'{"UnprocessedItems":{"t":[{}]}}',
    ],
)
def test_what_was_not_sent_cannot_come_back(body: bytes) -> None:
    with pytest.raises(BrokenReply):
        items_left(batch_write_reply(body), "t", [A, B, C])


KEYS = [b'{"pk":{"S":"%b"}}' % letter for letter in (b"a", b"b", b"c")]


def got(found: Sequence[bytes] | None, left: Sequence[bytes] = (), *, table: bytes = b"t") -> bytes:
    responses = b"" if found is None else b'"%b":[%b]' % (table, b",".join(found))
    unread = b'"%b":{"Keys":[%b]}' % (table, b",".join(left)) if left else b""
    return b'{"Responses":{%b},"UnprocessedKeys":{%b}}' % (responses, unread)


def test_items_that_were_read_are_told_from_those_that_were_not() -> None:
    def read(body: bytes) -> tuple[list[bytes], list[bytes]]:
        found, left = found_and_left(batch_get_reply(body), "t", KEYS)
        return [bytes(item) for item in found], [bytes(key) for key in left]

    assert read(got([A], [KEYS[2]])) == ([A], [KEYS[2]])
    assert read(got([])) == ([], [])
    assert read(got(None, KEYS)) == ([], KEYS)


@pytest.mark.parametrize(
    "body",
    [
        got(None),
        got(None, KEYS[:2]),
        got([b'{"pk":{"S":"z"}}']),
        got([A, A]),
        got([A], [KEYS[0]]),
        got([b'{"n":{"N":"1"}}']),
        got([b'{"pk":{"N":"1"}}']),
        got([b"7"]),
        got([A], table=b"other"),
        got([], [b'{"pk":{"S":"z"}}']),
        got([], [KEYS[0], KEYS[0]]),
        got([], [A]),
    ],
)
def test_what_was_not_asked_for_is_not_read(body: bytes) -> None:
    with pytest.raises(BrokenReply):
        found_and_left(batch_get_reply(body), "t", KEYS)


# --- what becomes of a broken reply -----------------------------------------------------------------------------------


class Saying:
    """An exchange that answers with these bodies in turn, the last one forever; ``heard`` are the requests."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = list(bodies)
        self.heard: list[bytes] = []

    async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> HttpReply:  # noqa: ARG002
        self.heard.append(body)
        return replied(self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0])

    def clock_is(self, date: str) -> None:
        """Its clock is right."""

    def credentials_refused(self) -> None:
        """Its credentials are good."""

    async def close(self) -> None:
        """Nothing is open."""


ONE = b'"ConsumedCapacity":{"TableName":"t","CapacityUnits":1.0}'
PAGE = b'{"Items":[],"Count":0,"ScannedCount":0,%b}' % ONE
GOOD = b'{"UnprocessedItems":{},%b}' % CAPACITY
Does = Callable[[Calls], Coroutine[Any, Any, Any]]


async def scans(calls: Calls) -> Any:
    return await calls.scan("t", b'{"TableName":"t"', None)


async def writes(calls: Calls) -> Any:
    return await calls.batch_write("t", batch_write_body("t", [A, B]), [A, B])


async def puts(calls: Calls) -> Any:
    return await calls.put("t", A)


async def updates(calls: Calls) -> Any:
    return await calls.update("t", b"{}")


async def states(calls: Calls) -> Any:
    return await calls.statements("t", [b"{}", b"{}"])


async def gets(calls: Calls) -> Any:
    return await calls.get("t", KEYS[0])


async def reads(calls: Calls) -> Any:
    return await calls.batch_get("t", KEYS, consistent=True)


OF_ANOTHER_TABLE = [
    (scans, PAGE),
    (writes, GOOD),
    (puts, b"{%b}" % ONE),
    (updates, b"{%b}" % ONE),
    (states, b'{"Responses":[{},{}],%b}' % CAPACITY),
    (gets, b"{%b}" % ONE),
]
"""Good replies that are the answer to another request where they name another table."""
EACH = [
    (scans, b'{"status":"ok"}', PAGE),
    (writes, b"{}", GOOD),
    (scans, b'{"Items":[],"Count":0,"ScannedCount":0}', PAGE),
    (writes, b'{"UnprocessedItems":{}}', GOOD),
    (writes, b'{"UnprocessedItems":{},"ConsumedCapacity":[]}', GOOD),
    (puts, b"{}", b"{%b}" % ONE),
    (updates, b"{}", b"{%b}" % ONE),
    (states, b'{"Responses":[{},{}]}', b'{"Responses":[{},{}],%b}' % CAPACITY),
    (gets, b"{}", b"{%b}" % ONE),
    (gets, b'{"Item":{"pk":{"S":"z"}},%b}' % ONE, b'{"Item":%b,%b}' % (A, ONE)),
    (reads, b'{"Responses":{},"UnprocessedKeys":{}}', got([A])),
    *((does, good.replace(b'"TableName":"t"', b'"TableName":"u"'), good) for does, good in OF_ANOTHER_TABLE),
]


@pytest.mark.parametrize(("does", "bad", "good"), EACH)
def test_a_broken_reply_is_asked_for_again(does: Does, bad: bytes, good: bytes) -> None:
    exchange = Saying(bad, bad, good)
    calls = Calls(exchange, patience=FAST)
    asyncio.run(does(calls))
    assert calls.retried == 2
    assert len(set(exchange.heard)) == 1


@pytest.mark.parametrize(("does", "bad", "good"), EACH)
def test_broken_replies_for_ever_end_with_a_sentence(does: Does, bad: bytes, good: bytes) -> None:
    exchange = Saying(bad)
    with pytest.raises(ServiceUnavailable, match=" on t got 12 replies") as caught:
        asyncio.run(does(Calls(exchange, patience=FAST)))
    assert len(exchange.heard) == 12
    assert "jobs resume" in caught.value.hint
    assert "prox" in caught.value.hint


def test_an_item_that_was_invented_is_never_written() -> None:
    invented = b'{"pk":{"S":"invented"}}'
    exchange = Saying(written(invented), written(B, invented), written(B), GOOD)
    sink = TableSink(Calls(exchange, patience=FAST), "t", KEY)
    outcome = asyncio.run(sink.write(0, [A, B]))
    assert outcome.written == 2
    sent = [json.loads(body)["RequestItems"]["t"] for body in exchange.heard]
    assert [len(entries) for entries in sent] == [2, 2, 2, 1]
    assert b"invented" not in b"".join(exchange.heard)


@pytest.mark.parametrize("body", [b"<html>", b'{"message":"caf\xe9"}', b"", b"[" * 100_000])
def test_a_failure_in_no_words_of_ours_is_judged_by_its_status(body: bytes) -> None:
    assert failure_of(HttpReply(503, {}, body)).code == "HTTP503"


def test_every_error_of_a_call_is_one_of_the_package() -> None:
    with pytest.raises(DynasmithError):
        asyncio.run(scans(Calls(Saying(b"\xff"), patience=FAST)))


@pytest.mark.parametrize("left_out", ["x-amz-crc32", "x-amzn-requestid"])
def test_a_reply_without_an_id_or_a_checksum_is_taken_from_an_engine_that_is_named_only(left_out: str) -> None:
    class Bare(Saying):
        async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> HttpReply:
            answer = await super().__call__(operation, body, check)
            return answer._replace(headers={k: v for k, v in answer.headers.items() if k != left_out})

    with pytest.raises(ServiceUnavailable, match=left_out):
        asyncio.run(scans(Calls(Bare(PAGE), patience=FAST)))
    asyncio.run(scans(Calls(Bare(PAGE), patience=FAST, engine=ENGINES["alternator"])))


def test_what_an_engine_does_not_count_it_need_not_say() -> None:
    body = b'{"Responses":[{},{}]}'
    assert asyncio.run(states(Calls(Saying(body), patience=FAST, engine=ENGINES["moto"]))).responses
    with pytest.raises(ServiceUnavailable):
        asyncio.run(writes(Calls(Saying(b"{}"), patience=FAST, engine=ENGINES["moto"])))


def test_statements_that_all_failed_need_not_have_consumed_anything() -> None:
    body = b'{"Responses":[{"Error":{"Code":"ResourceNotFound"}},{"Error":{"Code":"ValidationError"}}]}'
    assert len(asyncio.run(states(Calls(Saying(body), patience=FAST))).responses) == 2
