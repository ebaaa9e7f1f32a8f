"""What a request asks of which service, and a refusal in the form that its client understands.

The service is the one that the request is signed for (``Credential=key/day/region/SERVICE/aws4_request``). The
operation stands in a header (JSON), in the path (CBOR), in the form (query), or is method and path (REST); a botocore
client in the guarded process says its name besides (``OPERATION``), which serves the report only and decides nothing.

Source of the forms: Smithy's "AWS protocols"; of how errors are read: botocore, parsers.py.
"""

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

import msgspec
from msgspec import Struct

OPERATION = "x-dynasmith-operation"
"""The header in which the guarded process's botocore clients say their operation (``s3.PutObject``)."""
TOKEN = "x-dynasmith-dry-run"
"""The header by which the guard knows a client of its own process whose keys are not the dummy ones."""
ADDRESS = "x-dynasmith-address"
"""The header in which such a client says where its request was to go, where that was not the guard."""
CODE = "AccessDeniedException"
NAME_CHARACTERS_MAX = 120

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
_CBOR_PATH = re.compile(r"/service/[^/]+/operation/([A-Za-z0-9]+)\Z")
_XML_SERVICES = frozenset({"s3", "s3express", "s3-outposts", "route53", "cloudfront"})

Form = Literal["json", "cbor", "query", "ec2", "xml", "rest"]


class GuardedRequest(Struct, frozen=True, kw_only=True):
    """What a request asks. ``target`` is X-Amz-Target whole; ``operation`` is for people."""

    key: str
    region: str
    service: str
    operation: str
    form: Form
    target: str = ""


def asked_of(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> GuardedRequest:
    """What a request asks; ``headers`` have lower case names, ``body`` may be only its beginning."""
    signed = headers.get("authorization", "")
    scope = _SCOPE.search(signed) or _SCOPE.search(f"Credential={unquote(_one(query, 'X-Amz-Credential'))}")
    key, region, service = scope.groups() if scope else ("", "", "unknown")
    target = headers.get("x-amz-target", "")
    form, operation = _form(method, path, service, target, headers, body)
    named = headers.get(OPERATION, "")
    if named:
        service, _, operation = named.partition(".")
    return GuardedRequest(
        key=key,
        region=region,
        service=service[:NAME_CHARACTERS_MAX],
        operation=operation[:NAME_CHARACTERS_MAX],
        form=form,
        target=target,
    )


def _form(
    method: str, path: str, service: str, target: str, headers: Mapping[str, str], body: bytes
) -> tuple[Form, str]:
    if target:
        return "json", target.rpartition(".")[2]
    cbor = _CBOR_PATH.search(path)
    if cbor is not None or "cbor" in headers.get("smithy-protocol", ""):
        return "cbor", cbor.group(1) if cbor else f"{method} {path}"
    if "form-urlencoded" in headers.get("content-type", ""):
        action = _one(body.decode("latin-1"), "Action")
        if action:
            return ("ec2" if service == "ec2" else "query"), action
    return ("xml" if service in _XML_SERVICES else "rest"), f"{method} {path}"


def _one(query: str, name: str) -> str:
    return next(iter(parse_qs(query).get(name, ())), "")


def refusal(form: Form, message: str) -> tuple[int, str, bytes]:
    """Status, content type and body of a refusal, as botocore reads it. It is an error that no client retries."""
    said = escape(message)
    match form:
        case "json":
            body = msgspec.json.encode({"__type": CODE, "message": message, "Message": message})
            return 400, "application/x-amz-json-1.0", body
        case "cbor":
            return 400, "application/cbor", b"\xa2" + b"".join(map(_text, ("__type", CODE, "message", message)))
        case "rest":
            body = msgspec.json.encode({"__type": CODE, "code": CODE, "message": message})
            return 403, "application/json", body
        case "ec2":
            inner = f"<Response><Errors><Error><Code>{CODE}</Code><Message>{said}</Message></Error></Errors></Response>"
        case "query":
            inner = (
                f"<ErrorResponse><Error><Type>Sender</Type><Code>{CODE}</Code><Message>{said}</Message></Error>"
                "<RequestId>dry-run</RequestId></ErrorResponse>"
            )
        case "xml":
            inner = f"<Error><Code>{CODE}</Code><Message>{said}</Message></Error>"
    return 403, "text/xml", f'<?xml version="1.0" encoding="UTF-8"?>{inner}'.encode()


def _text(value: str) -> bytes:
    """A CBOR text string (RFC 8949, major type 3) of up to 65,535 bytes."""
    raw = value.encode()
    return (b"\x78" + bytes([len(raw)]) if len(raw) < 256 else b"\x79" + len(raw).to_bytes(2, "big")) + raw
