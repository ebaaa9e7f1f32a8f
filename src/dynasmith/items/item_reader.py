"""Whole items in plain Python, many of one table: ``decode_item`` at a third of its price (``shape``)."""

from binascii import a2b_base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from dynasmith.errors import ItemInvalid
from dynasmith.items.shape_inference import FIRST, TYPES, ItemShape, ShapeField, ShapeLearner
from dynasmith.items.value import DECODERS, decode_tree, malformed
from dynasmith.items.wire import RawItem, decode_item_tree


class _Text(msgspec.Struct, gc=False, forbid_unknown_fields=True, rename={"v": "S"}):
    v: str


class _Number(msgspec.Struct, gc=False, forbid_unknown_fields=True, rename={"v": "N"}):
    v: str


#: The types in a struct that ``value_code`` reads, by tag; of a list, by the tag of its members too.
CONTENTS: Final[Mapping[str, Any]] = {**TYPES, "SS": set[str], "LS": list[_Text], "LN": list[_Number]}


def native_reader(*, first: int = FIRST) -> ShapeLearner[dict[str, Any]]:
    """A reader that gives what ``decode_item`` gives, for one table's items: about 8 us for 12 attributes."""
    return ShapeLearner(_decode, native_source, CONTENTS, first=first)


def _decode(raw: RawItem | bytes, tree: Any) -> dict[str, Any]:
    if tree is None:
        raise malformed(raw, ItemInvalid("An item is a JSON object of attributes, and this is not JSON."))
    return decode_item_tree(tree)


def native_source(shape: ItemShape) -> tuple[str, dict[str, Any]]:
    """The source of ``read(v)``, which gives the values of a decoded item of this shape, and the names that it uses."""
    lines, names = ["def read(v):"], reading_names()
    made = _map(shape, "v", " ", lines, names)
    return "\n".join([*lines, f" return {made}"]), names


def reading_names() -> dict[str, Any]:
    """The names that ``value_code`` uses."""
    names: dict[str, Any] = {f"decode_{tag}": decode for tag, decode in DECODERS.items()}
    return names | {"UNSET": msgspec.UNSET, "Decimal": Decimal, "decode_tree": decode_tree, "binary": a2b_base64}


def _map(shape: ItemShape, struct: str, pad: str, lines: list[str], names: dict[str, Any]) -> str:
    """An expression of the dict that the struct named ``struct`` is, after ``lines`` that it needs.

    One display of all that is always there: Python builds it at once.
    """
    always, sometimes = [], []
    for attribute, name, tag, field in shape.known():
        key, place = f"k{len(names)}", f"{struct}.{attribute}"
        names[key] = name
        if shape.required(field):
            always.append(f"{key}: {value_code(tag, field, place, pad, lines, names)}")
        else:
            sometimes.append((key, tag, field, place))
    if not sometimes:
        return f"{{{', '.join(always)}}}"
    made = f"r{len(names)}"
    names[made] = None
    lines.append(f"{pad}{made} = {{{', '.join(always)}}}")
    for key, tag, field, place in sometimes:
        lines.append(f"{pad}if {place} is not UNSET:")
        value = value_code(tag, field, place, pad + " ", lines, names)
        lines.append(f"{pad} {made}[{key}] = {value}")
    return made


def value_code(tag: str, field: ShapeField, place: str, pad: str, lines: list[str], names: dict[str, Any]) -> str:
    """An expression of the value in the field named ``place``, after ``lines`` that it needs; ``names`` are used up."""
    content = f"{place}.v"
    match tag:
        case "":
            return f"decode_tree({place})"
        case "S" | "BOOL" | "SS":
            return content
        case "B":
            return f"binary({content}, strict_mode=True)"
        case "N":
            number = f"n{len(names)}"
            names[number] = None
            lines += [f"{pad}{number} = Decimal({content})", f"{pad}if not {number}.is_finite(): raise ValueError"]
            return number
        case "M" if field.inner is not None and not field.inner.open:
            inner = f"v{len(names)}"
            names[inner] = None
            lines.append(f"{pad}{inner} = {content}")
            return _map(field.inner, inner, pad, lines, names)
        case "L" if field.member == "S":
            return f"[m.v for m in {content}]"
        case "L" if field.member == "N":
            return f"[decode_N(m.v) for m in {content}]"
        case _:
            return f"decode_{tag}({content})"
