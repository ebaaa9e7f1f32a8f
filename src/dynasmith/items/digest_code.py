"""Straight-line code that hashes items of one shape: what `Digester` runs in place of the general way.

The page "Generated code" of the documentation shows it for one item.
"""

import binascii
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dynasmith.items.canonical import (
    CANONICAL,
    HEADS,
    READY,
    SHORT,
    boolean,
    known_members,
    known_numbers,
    long_number,
    number,
    text,
)
from dynasmith.items.digest import new_hash
from dynasmith.items.shape_inference import TYPES, ItemShape, ShapeField


class _Text(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    v: str = msgspec.field(name="S")


class _Number(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    v: str = msgspec.field(name="N")


#: What the code is for: lists of one kind are lists of values.
CONTENTS: Final[Mapping[str, Any]] = {**TYPES, "LS": list[_Text], "LN": list[_Number]}


def digest_source(shape: ItemShape) -> tuple[str, dict[str, Any]]:
    """The source of ``read(v)``, which gives the hash of a decoded item of this shape, and the names that it uses."""
    lines, names = digest_lines(shape)
    return "\n ".join(["def read(v):", *lines, "return h.digest()"]), names


def digest_lines(shape: ItemShape) -> tuple[list[str], dict[str, Any]]:
    """Lines that leave the digest of ``v`` in the hasher ``h``, and the names that they use."""
    names: dict[str, Any] = {f"canonical_{tag}": encode for tag, encode in CANONICAL.items()}
    names |= {f"H{tag.decode()}": heads for tag, heads in HEADS.items()}
    names |= {"UNSET": msgspec.UNSET, "base64": binascii.a2b_base64, "join": b"".join, "value": _value}
    names |= {
        "hasher": new_hash,
        "known": known_numbers,
        "long": long_number,
        "members": known_members,
        "number": number,
        "text": text,
    }
    lines: list[str] = []
    content = _content(shape, "v", lines, names)
    return [*lines, "h = hasher()", f"h.update({content})"], names


def _content(shape: ItemShape, struct: str, lines: list[str] | None, names: dict[str, Any]) -> str:
    """An expression of the canonical bytes of ``struct``; ``lines`` bind the maps in it to names, where all are there.

    One tuple of all parts: Python builds it without a call or a list that grows.
    """
    parts = [
        _part(f"{struct}.{attribute}", name, field, shape.required(field), lines, names)
        for attribute, name, _, field in sorted(shape.known(), key=lambda known: known[1])
    ]
    return f"join(({''.join(f'{part}, ' for part in parts)}))"


def _part(
    value: str,
    name: str,
    field: ShapeField,
    required: bool,
    lines: list[str] | None,
    names: dict[str, Any],
) -> str:
    """The parts of one attribute, with commas between them; where it may be absent, one expression."""
    utf8 = name.encode()
    prefix = len(utf8).to_bytes(4, "big") + utf8
    key = _named(prefix, names)
    content = f"{value}.v"
    match field.tag:
        case "":
            parts = f"{key}, value({value})"
        case "S":
            parts = _headed(key, "S", f"{content}.encode()")
        case "N":
            parts = f"{key}, known(n) if len(n := {content}) <= {SHORT} or '.' in n else long(n)"
        case "B":
            parts = _headed(key, "B", f"base64({content}, strict_mode=True)")
        case "L" if field.member in ("N", "S"):
            one = "number" if field.member == "N" else "text"
            parts = _headed(key, "L", f"join([{one}(m.v) for m in {content}])")
        case "SS":
            parts = _headed(key, "s", f"join(sorted(set(map(members, {content}))))")
        case "BOOL":
            true, false = (_named(prefix + boolean(each), names) for each in (True, False))
            parts = f"{true} if {content} else {false}"
        case "M" if field.inner is not None and not field.inner.open:
            bound = lines if required else None
            if bound is not None:
                bound.append(f"{(inner := _named(None, names))} = {content}")
                content = inner
            parts = _headed(key, "M", _content(field.inner, content, bound, names))
        case tag:
            parts = f"{key}, canonical_{tag}({content})"
    return parts if required else f"join(({parts},)) if {value} is not UNSET else b''"


def _headed(key: str, tag: str, content: str) -> str:
    head = f"H{tag}[n] if (n := len(s := {content})) < {READY} else b'{tag}' + n.to_bytes(4, 'big')"
    return f"{key}, {head}, s"


def _named(constant: Any, names: dict[str, Any]) -> str:
    """A name of its own for a constant of the code."""
    name = f"k{len(names)}"
    names[name] = constant
    return name


def _value(tree: dict[str, Any]) -> bytes:
    ((tag, content),) = tree.items()
    return CANONICAL[tag](content)
