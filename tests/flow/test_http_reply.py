"""Replies as bytes: whatever comes, the reader ends with a reply or with a sentence, and each byte takes it further."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dynasmith.aws.data.exchange import BODY_BYTES_MAX, BrokenReply
from dynasmith.aws.data.http_reply import HEAD_BYTES_MAX, ReplyReader
from wire_items import few

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def read(wire: bytes, *cuts: int, ended: bool = False) -> ReplyReader | None:
    """The reader after ``wire``, given in pieces; None where the reply is not whole."""
    reader, whole = ReplyReader(), False
    places = [0, *sorted(cuts), len(wire)]
    for begin, end in pairwise(places):
        if begin < end:
            whole = reader.feed(wire[begin:end])
    return reader if whole or (ended and reader.end()) else None


def sized(body: bytes) -> bytes:
    return OK + b"Content-Length: %d\r\nx-amzn-RequestId: R1\r\n\r\n%b" % (len(body), body)


def chunked(body: bytes, sizes: list[int]) -> bytes:
    wire = CHUNKED
    for size in sizes:
        part, body = body[:size], body[size:]
        wire += b"%x;note=1\r\n%b\r\n" % (len(part), part) if part else b""
    return wire + (b"%X\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\nA-Trailer: 1\r\n\r\n"


@few
@given(st.binary(max_size=60), st.lists(st.integers(1, 20), max_size=4), st.data())
def test_a_reply_is_the_same_however_it_is_cut(body: bytes, sizes: list[int], data: st.DataObject) -> None:
    for wire in (sized(body), chunked(body, sizes), OK + b"\r\n" + body):
        cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=6))
        reader = read(wire, *cuts, ended=True)
        assert reader is not None
        assert (reader.status, reader.body) == (200, body)


@few
@given(st.binary(min_size=1, max_size=40), st.data())
def test_no_beginning_of_a_reply_is_a_reply(body: bytes, data: st.DataObject) -> None:
    for wire in (sized(body), chunked(body, [3])):
        cut = data.draw(st.integers(0, len(wire) - 1))
        reader = ReplyReader()
        assert not reader.feed(wire[:cut])
        assert not reader.end()


def test_a_long_reply_byte_by_byte() -> None:
    wire = chunked(b"x" * 500, [100, 1, 399])
    reader = ReplyReader()
    assert [reader.feed(wire[place : place + 1]) for place in range(len(wire))] == [False] * (len(wire) - 1) + [True]
    assert reader.body == b"x" * 500


@pytest.mark.parametrize(
    "size", [b"-6", b"ZZZ", b"0x10", b" 5", b"+5", b"", b";x", b"5_0", b"1" * 13, b"f" * 12, b"5 5", b"5\t;\0", b"\xb2"]
)
def test_a_chunk_has_a_size_of_hexadecimal_digits(size: bytes) -> None:
    with pytest.raises(BrokenReply, match="chunk"):
        read(CHUNKED + size + b"\r\nhello\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: -6",
        b"Content-Length: +5",
        b"Content-Length: 5, 5",
        b"Content-Length: 0x5",
        b"Content-Length: 5.0",
        b"Content-Length: \xb2",
        b"Content-Length:",
        b"Content-Length: %d" % (BODY_BYTES_MAX + 1),
        b"Content-Length: " + b"9" * 400,
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: identity",
        b"Content-Length : 5",
        b"Content-Length: 5\r\n folded",
        b"no colon",
        b": empty",
        b"x-amz-crc32: 1\r\nx-amz-crc32: 2",
        b"x-amzn-requestid: 1\r\nX-Amzn-RequestId: 2",
    ],
)
def test_headers_that_do_not_say_one_thing_are_refused(headers: bytes) -> None:
    with pytest.raises(BrokenReply):
        read(OK + headers + b"\r\n\r\nhello")


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/2 200 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 \xb2\xb2\xb2 OK",
        b"ICY 200 OK",
        b"",
        b"<html>",
    ],
)
def test_what_is_not_http_is_refused(start: bytes) -> None:
    with pytest.raises(BrokenReply, match="did not answer with HTTP"):
        read(start + b"\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length",
        b"Content-Length 5",
        b"Content-Length : 5",
        b"Date: a\nb",
        b"Date: a\rb",
        b"Date: a\0b",
        b": 5",
    ],
)
def test_a_name_of_a_header_that_was_seen_before_is_still_checked(line: bytes) -> None:
    assert read(OK + b"Content-Length: 0\r\nDate: a\r\n\r\n") is not None
    with pytest.raises(BrokenReply):
        read(OK + line + b"\r\nContent-Type: a\r\n\r\nhello")


def test_interim_replies_are_skipped_and_counted() -> None:
    reader = read(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + sized(b"hello"), 10, 70)
    assert reader is not None
    assert (reader.status, reader.body) == (200, b"hello")
    with pytest.raises(BrokenReply, match="interim"):
        read(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 9)
    with pytest.raises(BrokenReply, match="interim"):
        read(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")


@pytest.mark.parametrize(
    "endless",
    [
        OK + b"x: " + b"y" * HEAD_BYTES_MAX,
        OK + b"x: y\r\n" * (HEAD_BYTES_MAX // 5),
        OK + b"x: y\r\n" * (HEAD_BYTES_MAX // 5) + b"\r\n",
        CHUNKED + b"1;" + b"x" * 2000,
        CHUNKED + b"0\r\n" + b"x: y\r\n" * (HEAD_BYTES_MAX // 5),
        CHUNKED + b"%x\r\n" % (BODY_BYTES_MAX + 1),
    ],
)
def test_nothing_is_endless(endless: bytes) -> None:
    with pytest.raises(BrokenReply):
        read(endless)


@pytest.mark.parametrize("wire", [sized(b"hello"), chunked(b"hello", []), OK.replace(b"200", b"204") + b"\r\n"])
def test_bytes_beyond_the_end_break_a_reply(wire: bytes) -> None:
    with pytest.raises(BrokenReply, match="after the end"):
        read(wire + b"H")
    if b"204" not in wire:
        with pytest.raises(BrokenReply, match="after the end"):
            read(wire + sized(b"again"))


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=4))
@example(CHUNKED + b"5\r\nhelloXX", [])
def test_any_bytes_end_in_a_reply_or_a_sentence(wire: bytes, cuts: list[int]) -> None:
    for beginning in (b"", OK, CHUNKED):
        with suppress(BrokenReply):
            read(beginning + wire, *cuts, ended=True)


@pytest.mark.parametrize(
    ("headers", "reusable"),
    [
        (b"", False),
        (b"Connection: close\r\nContent-Length: 0\r\n", False),
        (b"Content-Length: 0\r\n", True),
    ],
)
def test_a_connection_is_used_again_where_its_reply_says_where_it_ends(headers: bytes, reusable: bool) -> None:
    reader = read(OK + headers + b"\r\n", ended=True)
    assert reader is not None
    assert reader.reusable is reusable
