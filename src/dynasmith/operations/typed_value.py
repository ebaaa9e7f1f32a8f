"""The value that ``add`` and ``set`` give an attribute: a Python value, or plain content with a type tag."""

from typing import Any

from dynasmith.errors import ItemInvalid
from dynasmith.items.plain import checked
from dynasmith.items.value import TAGS, decode_tree, encode_tree
from dynasmith.operations.fields import Fields


def read_value(fields: Fields) -> Any:
    """The value of an entry, as DynamoDB can hold it: floats, which YAML gives, become exact decimals."""
    value = fields.anything("value")
    kind = fields.choice("type", TAGS) if fields.has("type") else None
    try:
        value = checked({"value": value})["value"] if kind is None else decode_tree({kind: _wire(kind, value)})
        encode_tree(value)
    except ItemInvalid as cause:
        fields.fault("value", cause.message.removeprefix("Attribute value: ").rstrip("."), cause.hint)
    return value


def _wire(kind: str, value: Any) -> Any:
    """Plain content of a type as it stands on the wire: numbers as text, members of lists and maps with their tags."""
    match kind:
        case "N":
            return str(value)
        case "SS" | "NS" | "BS" if isinstance(value, list):
            return [str(member) for member in value]
        case "L" | "M":
            return encode_tree(checked({"value": value})["value"]).get(kind)
        case _:
            return value
