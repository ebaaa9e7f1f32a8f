"""Faults: another reply altogether, as proxies, load balancers and captive portals send them.

Length, checksum and request id are right where nothing else is said, so that the document has to give them away.
"""

from collections.abc import Callable

from faults.fault import Fault, whole
from faults.messages import Reply, made

DEPTH = 100_000
HTML = b"<html><head><title>Sign in</title></head><body>Please sign in to the network.</body></html>"


def _bare(status: int, body: bytes, **headers: str) -> Reply:
    """A reply without the headers of the service."""
    return made(status, body, **headers).without("x-amz-crc32", "x-amzn-requestid")


def _carrying(body: bytes) -> Callable[[], Reply]:
    return lambda: made(200, body)


def _typed(code: str) -> bytes:
    return b'{"__type":"com.amazonaws.dynamodb.v20120810#%b","message":"Injected."}' % code.encode()


_200 = (
    ("empty object", b"{}"),
    ("status ok", b'{"status":"ok"}'),
    ("array", b"[]"),
    ("array of an object", b"[{}]"),
    ("null", b"null"),
    ("string", b'"x"'),
    ("number", b"1"),
    ("empty body", b""),
    ("spaces", b"   "),
    ("two documents", b"{}{}"),
    (
        "invalid UTF-8",
        b'{"Items":[{"pk":{"S":"\xff\xfe"}}],"Count":1,"ScannedCount":1,"UnprocessedItems":{},"Responses":[]}',
    ),
    ("NUL bytes", b"\x00" * 100),
    ("deep array", b"[" * DEPTH + b"]" * DEPTH),
    ("deep object", b'{"a":' * DEPTH + b"1" + b"}" * DEPTH),
    ("deep and open", b"[" * DEPTH),
    ("deep member", b'{"Items":%b,"UnprocessedItems":%b,"Responses":%b}' % ((b"[" * DEPTH + b"]" * DEPTH,) * 3)),
    (
        "deep item",
        b'{"Items":[{"pk":{"S":"a"},"d":%b{"S":""}%b}],"Count":1,"ScannedCount":1,'
        b'"ConsumedCapacity":{"TableName":"x","CapacityUnits":0.5}}' % (b'{"L":[' * DEPTH, b"]}" * DEPTH),
    ),
    ("error in a 200", _typed("InternalServerError")),
    ("condition failed in a 200", _typed("ConditionalCheckFailedException")),
    ("another service's answer", b'{"TableNames":[]}'),
)

WHOLE_REPLIES: tuple[Fault, ...] = (
    *(fault for name, body in _200 for fault in whole(f"200 {name}", _carrying(body))),
    *whole("200 empty object, bare", lambda: _bare(200, b"{}")),
    *whole("200 HTML", lambda: _bare(200, HTML, content_type="text/html")),
    *whole("200 HTML with a checksum", lambda: made(200, HTML, content_type="text/html")),
    *whole("204", lambda: made(204, b"").without("content-length")),
    *whole("202", lambda: made(202, b"{}")),
    *whole("302", lambda: _bare(302, b"", location="http://127.0.0.1:9/sign-in"), stops=True),
    *whole("307", lambda: _bare(307, b"", location="http://127.0.0.1:9/"), stops=True),
    *whole("304", lambda: _bare(304, b"").without("content-length"), stops=True),
    *whole("400 empty body", lambda: _bare(400, b""), stops=True),
    *whole("400 HTML", lambda: _bare(400, HTML, content_type="text/html"), stops=True),
    *whole("400 empty object", lambda: made(400, b"{}"), stops=True),
    *whole("403 HTML", lambda: _bare(403, HTML, content_type="text/html"), stops=True),
    *whole("404 HTML", lambda: _bare(404, HTML, content_type="text/html"), stops=True),
    *whole("407", lambda: _bare(407, HTML, content_type="text/html"), stops=True),
    *whole("429 empty body", lambda: _bare(429, b"")),
    *whole("500 HTML", lambda: _bare(500, HTML, content_type="text/html")),
    *whole("500 empty body", lambda: _bare(500, b"")),
    *whole("502 HTML", lambda: _bare(502, HTML, content_type="text/html")),
    *whole("503 HTML", lambda: _bare(503, HTML, content_type="text/html")),
    *whole("504 invalid UTF-8", lambda: _bare(504, b"\xff\xfe")),
    *whole("500 deep array", lambda: _bare(500, b"[" * DEPTH + b"]" * DEPTH)),
    *whole("500 of the service", lambda: made(500, _typed("InternalServerError"))),
    *whole("503 of the service", lambda: made(503, _typed("ServiceUnavailable"))),
    # A throttle that was done all the same is no fault that the service has.
    *whole("throttled", lambda: made(400, _typed("ProvisionedThroughputExceededException")))[:1],
    *whole("throttled otherwise", lambda: made(400, _typed("ThrottlingException")))[:1],
    *whole("request limit", lambda: made(400, _typed("RequestLimitExceeded")))[:1],
)
