"""Requests and replies as they are on the wire: HTTP/1.1 with JSON 1.0 bodies, as botocore's DynamoDB model says."""

import itertools
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

# The namespace of DynamoDB's error types (serviceId and apiVersion of botocore's model, as the service sends them).
ERROR_NAMESPACE = "com.amazonaws.dynamodb.v20120810#"
# Errors of the front door rather than of DynamoDB itself have another namespace.
FRONT_DOOR_NAMESPACE = "com.amazon.coral.service#"
FRONT_DOOR_ERRORS = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "SerializationException",
        "UnknownOperationException",
        "ServiceUnavailable",
        "ThrottlingException",
        "MissingAuthenticationTokenException",
    }
)
# The service answers a validation of its front end with the coral namespace too: here everything but these is the
# DynamoDB namespace, and SDKs read only what stands after the "#".
_request_ids = itertools.count(1)


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One HTTP request. Header names are lower case; ``body`` is whole."""

    method: bytes
    target: bytes
    headers: Mapping[bytes, bytes]
    body: bytes

    @property
    def scope(self) -> tuple[str, str, str]:
        """(access key, Region, service) of the Authorization header; empty strings where there is none."""
        return credential_scope(self.headers.get(b"authorization", b""))


@dataclass(frozen=True, slots=True)
class WireReply:
    """One HTTP reply. ``cut`` sends only so many bytes of the body and closes; ``reset`` sends nothing and resets."""

    status: int
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    reset: bool = False


def credential_scope(authorization: bytes) -> tuple[str, str, str]:
    """Read (access key, Region, service) out of a SigV4 Authorization header."""
    start = authorization.find(b"Credential=")
    if start < 0:
        return ("", "", "")
    credential = authorization[start + 11 :].split(b",", 1)[0].decode("latin-1")
    parts = credential.split("/")
    return (parts[0], parts[2], parts[3]) if len(parts) >= 5 else ("", "", "")


def json_reply(body: bytes, status: int = 200) -> WireReply:
    """A JSON reply with the CRC32 header that SDKs check."""
    return WireReply(
        status,
        {
            b"content-type": b"application/x-amz-json-1.0",
            b"x-amz-crc32": str(zlib.crc32(body)).encode(),
            b"x-amzn-requestid": f"STRICT{next(_request_ids):046d}".encode(),
        },
        body,
    )


def value_reply(value: Mapping[str, Any]) -> WireReply:
    """A 200 reply of a JSON value."""
    return json_reply(msgspec.json.encode(value))


def error_reply(code: str, message: str, *, status: int = 400, parts: Mapping[str, Any] | None = None) -> WireReply:
    """A service error in the shape of the JSON 1.0 protocol: ``__type`` with the namespace, and the message.

    DynamoDB says ``message`` in its own errors and ``Message`` in those of its front door; SDKs read either.
    """
    front_door = code in FRONT_DOOR_ERRORS
    namespace = FRONT_DOOR_NAMESPACE if front_door else ERROR_NAMESPACE
    name = "Message" if front_door and code != "ThrottlingException" else "message"
    return json_reply(msgspec.json.encode({"__type": namespace + code, name: message, **(parts or {})}), status)


def error_code(reply: WireReply) -> str:
    """The short error code of a reply, or "" where it is none."""
    if reply.status < 400:
        return ""
    try:
        value = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return f"HTTP{reply.status}"
    kind = value.get("__type", "") if isinstance(value, dict) else ""
    return str(kind).rsplit("#", 1)[-1] or f"HTTP{reply.status}"
