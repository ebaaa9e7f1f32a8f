"""A responder that speaks MongoDB's wire protocol on a socket: enough for a driver to connect and to read a collection.

``find`` knows ``{"$expr": {"$gte": ["$_id", {"$literal": ...}]}}``, a sort by ``_id`` in the order of MongoDB's types
and a limit, with cursors. Source: MongoDB manual, "MongoDB Wire Protocol" (OP_MSG, OP_QUERY for the first hello,
OP_REPLY).
"""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument

LENIENT: CodecOptions[dict[str, Any]] = CodecOptions(
    unicode_decode_error_handler="replace", datetime_conversion=DatetimeConversion.DATETIME_MS
)
HEADER = struct.Struct("<iiii")
OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HELLO = {"ok": 1.0, "isWritablePrimary": True, "ismaster": True, "helloOk": True, "minWireVersion": 0,
         "maxWireVersion": 21, "maxBsonObjectSize": 16777216, "maxMessageSizeBytes": 48000000,
         "maxWriteBatchSize": 100000, "readOnly": False}  # fmt: skip


def place(value: Any) -> tuple[int, Any]:
    """Where a value stands among all. Source: MongoDB manual, "Comparison/Sort Order"."""
    match value:
        case None:
            return 0, 0
        case bool():
            return 6, value
        case int() | float() | bson.Decimal128():
            number = float(str(value))
            return 1, (number == number, number if number == number else 0)
        case str():
            return 2, value
        case dict():
            return 3, [(name, place(inner)) for name, inner in value.items()]
        case bytes() | UUID():
            return 4, bytes(bson.Binary.from_uuid(value)) if isinstance(value, UUID) else bytes(value)
        case bson.ObjectId():
            return 5, value
        case datetime() | DatetimeMS():
            return 7, int(DatetimeMS(value) if isinstance(value, datetime) else value)
    raise AssertionError(f"{type(value)} is not known here")


def identity(document: Any) -> Any:
    """The ``_id`` of a document, which may hold what cannot be decoded elsewhere."""
    return (bson.decode(document.raw, LENIENT) if isinstance(document, RawBSONDocument) else document)["_id"]


class Responder:
    """Collections, and what was asked of them."""

    def __init__(self, collections: dict[str, list[dict[str, Any]]]) -> None:
        self.collections = collections
        self.finds: list[dict[str, Any]] = []
        self.cursors: dict[int, tuple[str, list[dict[str, Any]]]] = {}
        self.refuse = False

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        match next(iter(command)):
            case "hello" | "ismaster" | "isMaster":
                return HELLO
            case "find":
                self.finds.append(command)
                if self.refuse:
                    return {"ok": 0.0, "errmsg": "not authorized on shop", "code": 13, "codeName": "Unauthorized"}
                return self._find(command)
            case "getMore":
                name, rest = self.cursors.pop(command["getMore"])
                return self._batch(command["$db"], name, rest, "nextBatch", command.get("batchSize", 7))
            case _:  # endSessions, killCursors
                return {"ok": 1.0}

    def _find(self, command: dict[str, Any]) -> dict[str, Any]:
        name = command["find"]
        found = sorted(self.collections.get(name, []), key=lambda document: place(identity(document)))
        match command.get("filter", {}):
            case {"$expr": {"$gte": ["$_id", {"$literal": after}]}}:
                found = [each for each in found if place(identity(each)) >= place(after)]
            case {}:
                pass
        assert command["sort"] == {"_id": 1}
        # Batches smaller than asked for are allowed, so that the driver must come back for the rest.
        return self._batch(command["$db"], name, found[: command["limit"]], "firstBatch", 7)

    def _batch(self, base: str, name: str, rest: list[dict[str, Any]], word: str, size: int) -> dict[str, Any]:
        now, later = rest[:size], rest[size:]
        cursor = len(self.finds) * 1000 + len(later) if later else 0
        if cursor:
            self.cursors[cursor] = (name, later)
        return {"ok": 1.0, "cursor": {"id": bson.Int64(cursor), "ns": f"{base}.{name}", word: now}}


@contextmanager
def mongo(collections: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, Responder]]:
    """A responder on a free port of this machine, and its URL."""
    responder = Responder(collections)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while len(head := self.rfile.read(HEADER.size)) == HEADER.size:
                length, request, _, code = HEADER.unpack(head)
                body = self.rfile.read(length - HEADER.size)
                if code == OP_QUERY:  # flags, name, skip, count, document
                    command = bson.decode(body[body.index(b"\0", 4) + 9 :])
                    payload = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(responder.answer(command))
                    code = OP_REPLY
                else:  # flags, one section of kind 0
                    assert code == OP_MSG
                    payload = struct.pack("<ib", 0, 0) + bson.encode(responder.answer(bson.decode(body[5:], LENIENT)))
                self.wfile.write(HEADER.pack(HEADER.size + len(payload), 1, request, code) + payload)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"mongodb://127.0.0.1:{server.server_address[1]}/shop?directConnection=true", responder
        finally:
            server.shutdown()
            thread.join()
