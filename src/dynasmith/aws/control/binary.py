"""Binary values at the border: DynamoDB JSON has base64 text where botocore wants, and gives, bytes."""

import base64
from collections.abc import Callable, Mapping
from typing import Any


def to_botocore(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item in DynamoDB JSON as botocore takes it: base64 text becomes bytes; bytes stay."""
    return {name: _value(value, _decoded) for name, value in item.items()}


def from_botocore(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as botocore gives it, in DynamoDB JSON: bytes become base64 text."""
    return {name: _value(value, _encoded) for name, value in item.items()}


def _value(value: Any, change: Callable[[Any], Any]) -> Any:
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    ((tag, content),) = value.items()
    match tag:
        case "B":
            return {tag: change(content)}
        case "BS":
            return {tag: [change(member) for member in content]}
        case "L":
            return {tag: [_value(member, change) for member in content]}
        case "M":
            return {tag: {name: _value(member, change) for name, member in content.items()}}
        case _:
            return value


def _decoded(content: Any) -> Any:
    return base64.b64decode(content) if isinstance(content, str) else content


def _encoded(content: Any) -> Any:
    return base64.b64encode(content).decode("ascii") if isinstance(content, bytes) else content
