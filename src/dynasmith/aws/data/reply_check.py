"""Whether a reply is the service's: one place for all exchanges, before anybody reads what the body says.

Members of the body are looked for by ``replies``, what comes back unprocessed is held against the request by
``unprocessed``; here is what every reply has, whatever it answers. Costs about 1 us a reply and 25 us a megabyte.
"""

from dynasmith.aws.data.exchange import BrokenReply, HttpReply, unpacked
from dynasmith.ports.engines import EngineReplies


def checked_body(answer: HttpReply, engine: EngineReplies) -> bytes:
    """The plain body of a reply. Raises BrokenReply where it is not one of ``engine``.

    Every reply: its checksum, if it has one, is right, and its request id, if it has one, is new on its connection. One
    of status 200 has both, but for what the engine leaves out, and is UTF-8. DynamoDB gives no other status below 400.
    """
    body = unpacked(answer)
    status, headers = answer.status, answer.headers
    request_id = headers.get("x-amzn-requestid", "")
    if request_id and answer.link is not None and answer.link.repeats(request_id):
        raise BrokenReply(f"two replies on one connection have the request id {request_id[:80]}")
    if status == 200:
        if engine.request_id and not request_id:
            raise BrokenReply("a reply has no request id (x-amzn-requestid)")
        if engine.checksum and "x-amz-crc32" not in headers:
            raise BrokenReply("a reply has no checksum (x-amz-crc32)")
        if not body.isascii():
            _check_text(body)
    elif status < 400:
        raise BrokenReply(f"a reply has the status {status}")
    return body


def _check_text(body: bytes) -> None:
    """Items are passed on as they came, so nobody else would see bytes that are not UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise BrokenReply(f"a reply is not UTF-8: {error.reason} at byte {error.start}") from error
