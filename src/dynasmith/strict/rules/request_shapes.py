"""The request held against botocore's own model of the service: types, required members, enums, lengths of strings.

Lists and maps are not measured: the model's maxima are not the service's. Members that the model does not know pass.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule

RULES: list[StrictRule] = []
# Items are measured elsewhere, value by value.
_SKIPPED = frozenset({"AttributeValue"})
_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "blob": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
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


@lru_cache(maxsize=256)
def _input_of(operation: str) -> Shape | None:
    model = service_model()
    if operation not in model.operation_names:
        return None
    shape: Shape | None = model.operation_model(operation).input_shape
    return shape


def _check(shape: Any, value: Any, path: str, problems: list[str]) -> Refusal | None:
    kind = shape.type_name
    if shape.name in _SKIPPED:
        return None
    wanted = _JSON_TYPES.get(kind)
    if wanted is not None and (not isinstance(value, wanted) or (isinstance(value, bool) and kind != "boolean")):
        given = _WORDS.get(type(value), "Start of structure or map" if isinstance(value, dict) else "Start of list")
        return Refusal("SerializationException", f"{given} found where {kind} was expected at {path or 'the request'}")
    if kind == "structure":
        return _check_members(shape, value, path, problems)
    if kind == "list":
        for number, member in enumerate(value, start=1):
            refusal = _check(shape.member, member, f"{path}.{number}.member", problems)
            if refusal is not None:
                return refusal
    elif kind == "map" and shape.value.name not in _SKIPPED:
        for name, member in value.items():
            refusal = _check(shape.value, member, f"{path}.{name}.member", problems)
            if refusal is not None:
                return refusal
    elif kind != "map":
        _check_leaf(shape, value, path, problems)
    return None


def _check_members(shape: Any, value: Mapping[str, Any], path: str, problems: list[str]) -> Refusal | None:
    prefix = f"{path}." if path else ""
    problems += [
        f"Value null at '{prefix}{_lower(name)}' failed to satisfy constraint: Member must not be null"
        for name in shape.required_members
        if value.get(name) is None
    ]
    members = shape.members
    for name, member in value.items():
        if name in members and member is not None:
            refusal = _check(members[name], member, prefix + _lower(name), problems)
            if refusal is not None:
                return refusal
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
    "value, a string too short or too long",
    source="botocore, data/dynamodb/2012-08-10/service-2.json",
)
def _model(ask: JudgedRequest) -> Refusal | None:
    shape = _input_of(ask.operation)
    if shape is None:
        return None
    problems: list[str] = []
    refusal = _check(shape, ask.body, "", problems)
    if refusal is not None:
        return refusal
    if not problems:
        return None
    count = len(problems)
    noun = "error" if count == 1 else "errors"
    return invalid(f"{count} validation {noun} detected: {'; '.join(problems)}")
