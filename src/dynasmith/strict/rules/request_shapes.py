"""The request held against botocore's own model of the service: types, required members, enums, lengths.

Of lists and maps only the least length is looked at: the model's maxima are not the service's. Members that the model
does not know pass.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule

RULES: list[StrictRule] = []
_VALUE = "AttributeValue"
# Items and keys were measured, value by value: they are looked at here only where that met something.
_MEASURED = ("item", "key", ".member")
# Parameters of one of several statements may be none (observed); of a single one a rule of its own says it.
_EMPTY_ALLOWED = frozenset({"PreparedStatementParameters"})
# The service takes these texts for Booleans (observed).
_BOOLEAN_TEXTS = frozenset({"true", "false", "yes", "no", "1", "0"})
_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "blob": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}
_WORDS = {str: "STRING_VALUE", bool: "TRUE_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE"}


@lru_cache(maxsize=1)
def service_model() -> ServiceModel:
    """botocore's model of DynamoDB; about 50 ms the first time."""
    return ServiceModel(Loader().load_service_model("dynamodb", "service-2"), "dynamodb")


@lru_cache(maxsize=1)
def streams_model() -> ServiceModel:
    """botocore's model of DynamoDB Streams; about 5 ms the first time."""
    return ServiceModel(Loader().load_service_model("dynamodbstreams", "service-2"), "dynamodbstreams")


@lru_cache(maxsize=256)
def _input_of(operation: str) -> Shape | None:
    model = service_model()
    if operation not in model.operation_names:
        model = streams_model()
    if operation not in model.operation_names:
        return None
    shape: Shape | None = model.operation_model(operation).input_shape
    return shape


class ShapeCheck:
    """Holds one request against the model. ``deep``: the values of items and keys too."""

    def __init__(self, *, deep: bool) -> None:
        self.problems: list[str] = []
        self._deep = deep

    def check(self, shape: Any, value: Any, path: str) -> Refusal | None:
        """The SerializationException of a wrong type; what else is wrong goes to ``problems``."""
        kind = shape.type_name
        if not _is_a(kind, value):
            given = _WORDS.get(type(value), "Start of structure or map" if isinstance(value, dict) else "Start of list")
            return serialization(f"{given} found where {kind} was expected at {path or 'the request'}")
        if kind == "structure":
            return self._check_members(shape, value, path)
        if kind in {"list", "map"}:
            return self._check_container(shape, value, path)
        _check_leaf(shape, value, path, self.problems)
        return None if kind != "blob" else _base64_refusal(value)

    def _check_container(self, shape: Any, value: Any, path: str) -> Refusal | None:
        if len(value) < shape.metadata.get("min", 0) and shape.name not in _EMPTY_ALLOWED:
            shown = "[]" if shape.type_name == "list" else "{}"
            self.problems.append(
                f"Value '{shown}' at '{path}' failed to satisfy constraint: Member must have length greater than or "
                f"equal to {shape.metadata['min']}"
            )
        if shape.type_name == "map":
            if shape.value.name == _VALUE and not self._deep and path.endswith(_MEASURED):
                return None
            inside, members = shape.value, [(f"{path}.{name}.member", member) for name, member in value.items()]
        else:
            inside = shape.member
            members = [(f"{path}.{number}.member", member) for number, member in enumerate(value, start=1)]
        for where, member in members:
            refusal = self.check(inside, member, where)
            if refusal is not None:
                return refusal
        return None

    def _check_members(self, shape: Any, value: Mapping[str, Any], path: str) -> Refusal | None:
        prefix = f"{path}." if path else ""
        self.problems += [
            f"Value null at '{prefix}{_lower(name)}' failed to satisfy constraint: Member must not be null"
            for name in shape.required_members
            if value.get(name) is None
        ]
        members = shape.members
        for name, member in value.items():
            if name in members and member is not None:
                refusal = self.check(members[name], member, prefix + _lower(name))
                if refusal is not None:
                    return refusal
        return None


def serialization(message: str) -> Refusal:
    """A SerializationException."""
    return Refusal("SerializationException", message)


def _is_a(kind: str, value: Any) -> bool:
    """Whether a JSON value can be what the model calls it."""
    if kind == "boolean":
        return isinstance(value, bool) or (isinstance(value, str) and value.lower() in _BOOLEAN_TEXTS)
    if kind in {"integer", "long"} and isinstance(value, float):
        return value.is_integer()
    wanted = _JSON_TYPES.get(kind)
    return wanted is None or (isinstance(value, wanted) and not isinstance(value, bool))


def _base64_refusal(text: str) -> Refusal | None:
    if len(text) % 4:
        return serialization(f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(text)}")
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        return serialization(f"Invalid Base64: {error}")
    # Bits of the last character that no byte uses must be zero.
    if base64.b64encode(decoded[-(len(decoded) % 3) :]).decode() != text[-4:] and len(decoded) % 3:
        return serialization("Invalid last non-pad Base64 character detected")
    return None


def _check_leaf(shape: Any, value: Any, path: str, problems: list[str]) -> None:
    limits = shape.metadata
    said = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must"
    if limits.get("enum") and value not in limits["enum"]:
        problems.append(f"{said} satisfy enum value set: [{', '.join(limits['enum'])}]")
        return
    measured = len(value) if isinstance(value, str) else value
    word = "length" if isinstance(value, str) else "value"
    if isinstance(measured, bool) or not isinstance(measured, int):
        return
    if "min" in limits and measured < limits["min"]:
        problems.append(f"{said} have {word} greater than or equal to {limits['min']}")
    elif "max" in limits and measured > limits["max"]:
        problems.append(f"{said} have {word} less than or equal to {limits['max']}")


@lru_cache(maxsize=1024)
def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


@rule(
    RULES,
    "service-model",
    "*",
    refuses="a request that the service's model has not: a required member missing, a wrong type, an unknown enum "
    "value, a string too short or too long, an empty list or map where one is needed",
    source="botocore, data/dynamodb/2012-08-10/service-2.json and data/dynamodbstreams",
)
def _model(ask: JudgedRequest) -> Refusal | None:
    shape = _input_of(ask.operation)
    if shape is None:
        return None
    check = ShapeCheck(deep=bool(ask.measured.not_held))
    refusal = check.check(shape, ask.body, "")
    if refusal is not None:
        return refusal
    problems = check.problems
    if not problems:
        return None
    count = len(problems)
    noun = "error" if count == 1 else "errors"
    return invalid(f"{count} validation {noun} detected: {'; '.join(problems)}")
