"""DescribeAlarms in the query protocol. The engine leaves dimensions, periods and actions out of its XML and has them
in its JSON: the endpoint asks for that, and writes the XML of the service.

Source: API reference of CloudWatch, DescribeAlarms.
"""

import datetime
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from typing import Any

import msgspec

from dynasmith.strict.wire.messages import WireReply, WireRequest
from dynasmith.strict.wire.rpc import RpcCall

_TARGET = b"GraniteServiceVersion20100801.DescribeAlarms"
_NAMESPACE = "http://monitoring.amazonaws.com/doc/2010-08-01/"
_NUMBERS = ("MaxRecords",)


def asked_in_json(call: RpcCall) -> WireRequest:
    """The call for the engine, in JSON."""
    body = {name: int(value) if name in _NUMBERS else value for name, value in call.body.items()}
    kept = {name: value for name, value in call.request.headers.items() if name not in {b"content-length", b"accept"}}
    headers = {**kept, b"x-amz-target": _TARGET, b"content-type": b"application/x-amz-json-1.0"}
    return replace(call.request, headers=headers, body=msgspec.json.encode(body))


def as_xml(reply: WireReply) -> WireReply:
    """The engine's answer in JSON as the service writes it in XML; a refusal as it is."""
    if reply.status != 200:
        return reply
    said = "".join(_members(msgspec.json.decode(reply.body)))
    text = (
        f'<DescribeAlarmsResponse xmlns="{_NAMESPACE}"><DescribeAlarmsResult>{said}</DescribeAlarmsResult>'
        "<ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>"
        "</DescribeAlarmsResponse>"
    )
    headers = {name: value for name, value in reply.headers.items() if name not in {b"content-length", b"x-amz-crc32"}}
    return WireReply(200, {**headers, b"content-type": b"text/xml"}, text.encode())


def _members(value: dict[str, Any]) -> Iterator[str]:
    for name, member in value.items():
        if member is not None:
            yield f"<{name}>{_text(name, member)}</{name}>"


def _text(name: str, value: Any) -> str:
    match value:
        case dict():
            return "".join(_members(value))
        case list():
            return "".join(f"<member>{_text(name, each)}</member>" for each in value)
        case bool():
            return str(value).lower()
        case int() | float() if name.endswith("Timestamp"):
            return datetime.datetime.fromtimestamp(value, datetime.UTC).isoformat(timespec="milliseconds")
        case _:
            return escape(str(value))
