"""A DynamoDB that costs next to nothing, so that a benchmark measures its client: pages are rendered beforehand.

It knows Scan (parallel, pages of 1 MB by DynamoDB's size), BatchWriteItem, PutItem and DescribeTable, checks nothing,
and counts the puts. Items have 12 attributes, 981 bytes by DynamoDB's rule and about 1.4 KB of JSON.

    python bench/stub.py --items 100000 [--tls CERTIFICATE KEY]      prints its port

``Stub.Counts`` says how many items it gave and took; ``Stub.Reset`` begins anew.
"""

import argparse
import asyncio
import itertools
import json
import re
import signal
import ssl
import sys
import zlib

PAGE_ITEMS = 1068
"""1 MB of items of 981 bytes."""
VARIANTS = 8
"""Different pages; every further one repeats them."""

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"x-amz-target: *\w+\.(\w+)", re.IGNORECASE)
_START = re.compile(rb'"ExclusiveStartKey".*?page-(\d+)')
_NUMBERS = itertools.count(1)
_NAME = re.compile(rb'"TableName": ?"([^"]+)"')
_SEGMENTS = re.compile(rb'"TotalSegments": ?(\d+)')


def item(number: int) -> dict[str, object]:
    """One item: strings, numbers, a map, a list, a set, binary."""
    return {
        "pk": {"S": f"customer#{number:012d}"},
        "sk": {"S": f"order#{number * 7:012d}"},
        "name": {"S": f"Ada Lovelace the {number}th of her name"},
        "email": {"S": f"ada.lovelace.{number:012d}@example.com"},
        "age": {"N": str(number % 90)},
        "balance": {"N": f"{number % 100000}.{number % 97:02d}"},
        "active": {"BOOL": number % 2 == 0},
        "tags": {"SS": ["alpha", "beta", f"tag-{number % 50}"]},
        "address": {
            "M": {
                "street": {"S": "12 St James's Square, second floor, the door on the left"},
                "city": {"S": "London"},
                "zip": {"S": "SW1Y 4JH"},
                "geo": {"L": [{"N": "51.507351"}, {"N": "-0.127758"}]},
            }
        },
        "photo": {"B": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"},
        "note": {"S": "The Analytical Engine weaves algebraic patterns as the Jacquard loom weaves leaves. " * 5},
        "updated_at": {"N": str(1700000000 + number)},
    }


class Pages:
    """Replies to Scan: the same few pages again and again, the key of the last item names the page."""

    def __init__(self, items: int) -> None:
        self.items = items
        self.bodies = [self._items(variant * PAGE_ITEMS) for variant in range(VARIANTS)]

    def _items(self, first: int) -> list[bytes]:
        return [json.dumps(item(first + n), separators=(",", ":")).encode() for n in range(PAGE_ITEMS)]

    def reply(self, page: int, pages: int, last: int) -> tuple[bytes, int]:
        """The reply for ``page`` of ``pages`` of a segment; the last one has ``last`` items."""
        items = self.bodies[page % VARIANTS]
        more = page + 1 < pages
        chosen = items if more else items[:last]
        tail = b',"LastEvaluatedKey":{"pk":{"S":"page-%d"},"sk":{"S":"x"}}' % (page + 1) if more else b""
        units = b',"ConsumedCapacity":{"CapacityUnits":128.0,"Table":{"CapacityUnits":128.0}}'
        body = b'{"Count":%d,"Items":[%b]%b,"ScannedCount":%d%b}' % (
            len(chosen),
            b",".join(chosen),
            tail,
            len(chosen),
            units,
        )
        return framed(body), len(chosen)


def framed(body: bytes) -> bytes:
    """A reply with the checksum that the service sends, but for its beginning, which has an id of its own each time."""
    head = b"Content-Type: application/x-amz-json-1.0\r\nx-amz-crc32: %d\r\nContent-Length: %d\r\n\r\n"
    return head % (zlib.crc32(body), len(body)) + body


def described(name: str) -> bytes:
    """A DescribeTable reply."""
    key = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    attributes = [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")]
    table = {
        "TableName": name,
        "TableStatus": "ACTIVE",
        "KeySchema": key,
        "AttributeDefinitions": attributes,
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "ItemCount": 0,
        "TableSizeBytes": 0,
        "TableArn": f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}",
        "CreationDateTime": 1700000000,
    }
    return framed(json.dumps({"Table": table}).encode())


class Stub:
    """The counts, and the replies by operation."""

    def __init__(self, items: int) -> None:
        self.pages = Pages(items)
        self.cache: dict[tuple[int, int, int], tuple[bytes, int]] = {}
        self.given = self.taken = self.requests = 0
        self.written = {
            units: framed(
                b'{"ConsumedCapacity":[{"CapacityUnits":%d.0,"Table":{"CapacityUnits":%d.0}}],'
                b'"UnprocessedItems":{}}' % (units, units)
            )
            for units in range(26)
        }
        self.put = framed(b'{"ConsumedCapacity":{"CapacityUnits":1.0,"Table":{"CapacityUnits":1.0}}}')

    def answer(self, operation: bytes, body: bytes) -> bytes:
        """The reply to one request."""
        self.requests += 1
        match operation:
            case b"BatchWriteItem":
                puts = body.count(b'"PutRequest"')
                self.taken += puts
                return self.written[puts]
            case b"Scan":
                return self.scan(body)
            case b"PutItem":
                self.taken += 1
                return self.put
            case b"DescribeTable":
                name = _NAME.search(body)
                return described(name[1].decode() if name else "t")
            case b"Reset":
                self.given = self.taken = self.requests = 0
                return self.put
            case _:
                counts = {"given": self.given, "taken": self.taken, "requests": self.requests}
                return framed(json.dumps(counts).encode())

    def scan(self, body: bytes) -> bytes:
        """One page; replies are kept, so that a page costs its sending only."""
        segments = _SEGMENTS.search(body)
        total = self.pages.items // (int(segments[1]) if segments else 1)
        pages = -(-total // PAGE_ITEMS)
        start = _START.search(body)
        page = int(start[1]) if start else 0
        key = (page % VARIANTS, pages - page, total)
        found = self.cache.get(key) if page + 1 < pages else None
        if found is None:
            found = self.pages.reply(page, pages, total - (pages - 1) * PAGE_ITEMS)
            if len(self.cache) < 64:
                self.cache[key] = found
        self.given += found[1]
        return found[0]


class Connection(asyncio.Protocol):
    """One connection: requests cut by their length, answered in turn."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self.buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        transport.set_write_buffer_limits(high=8 << 20)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end])
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < whole:
                return
            target = _TARGET.search(head)
            body = bytes(self.buffer[end + 4 : whole])
            del self.buffer[:whole]
            reply = self.stub.answer(target[1] if target else b"", body)
            beginning = b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: STUB%d\r\n" % next(_NUMBERS)
            self.transport.writelines((beginning, reply))


async def serve(items: int, tls: ssl.SSLContext | None) -> None:
    """Serve until SIGTERM or until standard input ends."""
    loop = asyncio.get_running_loop()
    stub, stop = Stub(items), asyncio.Event()
    server = await loop.create_server(lambda: Connection(stub), "127.0.0.1", 0, ssl=tls)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(0, lambda: None if sys.stdin.buffer.read1(64) else stop.set())
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await stop.wait()
    server.close()


def main() -> None:
    """Parse and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    chosen = parser.parse_args()
    tls = None
    if chosen.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*chosen.tls)
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(chosen.items, tls))
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(chosen.items, tls))


if __name__ == "__main__":
    main()
