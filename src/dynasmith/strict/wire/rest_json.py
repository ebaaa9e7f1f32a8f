"""The REST JSON protocol, read and written by botocore's model of a service."""

import datetime
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

from dynasmith.strict.wire.messages import WireReply, WireRequest

_request_ids = itertools.count(1)


class BadRestRequest(ValueError):
    """A request that the model does not have."""


@dataclass(frozen=True, slots=True)
class RestCall:
    """A request that was read: the operation, and its members by their names in the model."""

    operation: str
    body: dict[str, Any]


class RestModel:
    """The operations of one service, from botocore's model."""

    def __init__(self, service: str) -> None:
        self._model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
        self._paths = {
            name: (http["method"], _segments(http["requestUri"].split("?", 1)[0]))
            for name in self._model.operation_names
            for http in (self._model.operation_model(name).http,)
        }

    @property
    def operation_names(self) -> list[str]:
        """Every operation of the service."""
        return list(self._model.operation_names)

    def operation(self, request: WireRequest) -> tuple[str, dict[str, str]]:
        """The operation of a request and what its path says; BadRestRequest where there is none."""
        method = request.method.decode("latin-1")
        segments = _segments(request.target.decode("latin-1").split("?", 1)[0])
        found = [
            (sum(not one.startswith("{") for one in pattern), name, said)
            for name, (wanted, pattern) in self._paths.items()
            if wanted == method and (said := _matched(pattern, segments)) is not None
        ]
        if not found:
            raise BadRestRequest(f"{method} /{'/'.join(segments)} is not an operation of {self._model.service_name}")
        _, name, said = max(found, key=lambda one: one[0])
        return name, said

    def read(self, request: WireRequest) -> RestCall:
        """The operation and its members. BadRestRequest for what the model refuses."""
        name, path = self.operation(request)
        shape = self._model.operation_model(name).input_shape
        if shape is None:
            return RestCall(name, {})
        body: Any = {}
        if request.body:
            try:
                body = msgspec.json.decode(request.body)
            except msgspec.DecodeError as error:
                raise BadRestRequest(f"The request is not JSON: {error}") from error
        if not isinstance(body, dict):
            raise BadRestRequest("The request is not a JSON object")
        query = dict(parse_qsl(request.target.decode("latin-1").partition("?")[2], keep_blank_values=True))
        members = body
        for member, inner in shape.members.items():
            place, wire_name = inner.serialization.get("location"), inner.serialization.get("name", member)
            source = {"uri": path, "querystring": query}.get(str(place))
            if source is not None and wire_name in source:
                members[member] = _converted(inner, source[wire_name])
        report = ParamValidator().validate(members, shape)
        if report.has_errors():
            raise BadRestRequest(report.generate_report())
        return RestCall(name, members)

    def reply(self, operation: str, value: Mapping[str, Any]) -> WireReply:
        """The reply of an operation; AssertionError for one that the model does not have."""
        shape: Any = self._model.operation_model(operation).output_shape
        has_body = shape is not None
        said = {name: member for name, member in value.items() if member is not None}
        if has_body:
            report = ParamValidator().validate(said, shape)
            assert not report.has_errors(), f"{operation}: {report.generate_report()}"
            unknown = said.keys() - shape.members.keys()
            assert not unknown, f"{operation} has no {sorted(unknown)}"
        return rest_reply(msgspec.json.encode(said) if has_body else b"")


def rest_reply(body: bytes, status: int = 200, **headers: str) -> WireReply:
    """A reply with a JSON body."""
    return WireReply(
        status,
        {
            b"content-type": b"application/json",
            b"x-amzn-requestid": f"STRICT{next(_request_ids):046d}".encode(),
            **{name.replace("_", "-").encode(): value.encode() for name, value in headers.items()},
        },
        body,
    )


def rest_error(code: str, message: str, status: int = 400) -> WireReply:
    """An error as AWS Backup answers one: the code in a header, Code, Message and Type in the body."""
    body = msgspec.json.encode({"Code": code, "Message": message, "Type": "Client" if status < 500 else "Server"})
    return rest_reply(body, status, x_amzn_errortype=code)


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/")


def _matched(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    said: dict[str, str] = {}
    for wanted, given in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            said[wanted.strip("{}+")] = unquote(given)
        elif wanted != given:
            return None
    return said if all(said.values()) else None


def _converted(shape: Shape, text: str) -> Any:
    try:
        if shape.type_name in {"integer", "long"}:
            return int(text)
        if shape.type_name == "timestamp":
            return _time(text)
    except ValueError as error:
        raise BadRestRequest(f"{text!r} is not a {shape.type_name}") from error
    return text == "true" if shape.type_name == "boolean" else text


def _time(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.datetime.fromisoformat(text).timestamp()
