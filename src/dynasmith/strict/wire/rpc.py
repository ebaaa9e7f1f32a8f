"""The three protocols of CloudWatch (rpc-v2-cbor, JSON, query): a call is read, may be changed, and written again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

import msgspec

from dynasmith.strict.wire import cbor
from dynasmith.strict.wire.messages import WireReply, WireRequest

Form = Literal["cbor", "json", "query"]


@dataclass(frozen=True, slots=True)
class RpcCall:
    """A call that was read: how it is written, its operation, and its members by their names in the model."""

    request: WireRequest
    form: Form
    operation: str
    body: dict[str, Any]

    def with_body(self, body: Mapping[str, Any]) -> WireRequest:
        """The request with other members."""
        return replace(self.request, body=_ENCODERS[self.form](self.operation, body))


def read_rpc(request: WireRequest) -> RpcCall:
    """The call of a request. ValueError for what none of the protocols is."""
    headers, target = request.headers, request.headers.get(b"x-amz-target", b"")
    if b"cbor" in headers.get(b"smithy-protocol", b"") or b"cbor" in headers.get(b"content-type", b""):
        operation = request.target.split(b"?", 1)[0].rpartition(b"/operation/")[2]
        value = cbor.loads(request.body) if request.body else {}
        form: Form = "cbor"
    elif target:
        operation, form = target.rpartition(b".")[2], "json"
        value = msgspec.json.decode(request.body) if request.body else {}
    else:
        flat = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        operation, form = flat.get("Action", "").encode(), "query"
        value = _nested({name: text for name, text in flat.items() if name not in {"Action", "Version"}})
    if not isinstance(value, dict):
        raise ValueError("the members of a call are an object")  # noqa: TRY004  # the text is wrong
    return RpcCall(request, form, operation.decode("latin-1"), value)


def read_answer(call: RpcCall, reply: WireReply) -> dict[str, Any] | None:
    """The members of a reply of status 200; None where it is XML, which is passed on as it is."""
    if reply.status != 200 or call.form == "query":
        return None
    value = cbor.loads(reply.body) if call.form == "cbor" else msgspec.json.decode(reply.body)
    return value if isinstance(value, dict) else None


def with_answer(call: RpcCall, reply: WireReply, value: Mapping[str, Any]) -> WireReply:
    """A reply with other members."""
    body = cbor.dumps(dict(value)) if call.form == "cbor" else msgspec.json.encode(value)
    headers = {name: text for name, text in reply.headers.items() if name not in {b"content-length", b"x-amz-crc32"}}
    return WireReply(reply.status, headers, body)


def in_protocol(request: WireRequest, reply: WireReply) -> WireReply:
    """A refusal of the endpoint's own, which is JSON, in the protocol of the request; another reply as it is."""
    if reply.status < 400 or not reply.headers.get(b"content-type", b"").startswith(b"application/x-amz-json"):
        return reply
    said = msgspec.json.decode(reply.body)
    code = str(said.get("__type", "")).rpartition("#")[2]
    return rpc_error(read_rpc(request), code, str(said.get("message") or said.get("Message") or ""), reply.status)


def rpc_error(call: RpcCall, code: str, message: str, status: int = 400) -> WireReply:
    """An error in the protocol of the call."""
    said = {"__type": f"com.amazonaws.cloudwatch#{code}", "message": message}
    if call.form == "cbor":
        headers = {b"content-type": b"application/cbor", b"smithy-protocol": b"rpc-v2-cbor"}
        headers[b"x-amzn-query-error"] = f"{code};Sender".encode()
        return WireReply(status, headers, cbor.dumps(said))
    if call.form == "json":
        return WireReply(status, {b"content-type": b"application/x-amz-json-1.0"}, msgspec.json.encode(said))
    body = (
        '<ErrorResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><Error><Type>Sender</Type>'
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></ErrorResponse>"
    )
    return WireReply(status, {b"content-type": b"text/xml"}, body.encode())


def _nested(flat: Mapping[str, str]) -> dict[str, Any]:
    """``A.member.1.B=x`` as ``{"A": [{"B": "x"}]}``."""
    tree: dict[str, Any] = {}
    for name, text in flat.items():
        *path, last = [part for part in name.split(".") if part != "member"]
        place = tree
        for part in path:
            place = place.setdefault(part, {})
        place[last] = text
    found = _lists(tree)
    assert isinstance(found, dict)
    return found


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        return [_lists(value[name]) for name in sorted(value, key=int)]
    return {name: _lists(member) for name, member in value.items()}


def _flat(prefix: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [
            pair for name, member in value.items() for pair in _flat(f"{prefix}.{name}" if prefix else name, member)
        ]
    if isinstance(value, list):
        return [pair for at, member in enumerate(value, 1) for pair in _flat(f"{prefix}.member.{at}", member)]
    return [(prefix, str(value))]


def _query(operation: str, body: Mapping[str, Any]) -> bytes:
    return urlencode([("Action", operation), ("Version", "2010-08-01"), *_flat("", dict(body))]).encode()


_ENCODERS = {
    "cbor": lambda _, body: cbor.dumps(dict(body)),
    "json": lambda _, body: msgspec.json.encode(body),
    "query": _query,
}
