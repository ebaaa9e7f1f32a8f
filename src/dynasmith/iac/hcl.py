"""HCL as `terraform fmt` writes it: blocks, attributes and expressions, from plain values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_INDENT: Final = "  "
_LINE_MAX: Final = 90
"""A longer list has a line for each entry, for people."""


class HclExpression(Struct, frozen=True):
    """Text that stands as it is: a reference, a call."""

    text: str


class HclJson(Struct, frozen=True):
    """A value that is a text of JSON for Terraform: `jsonencode(...)`."""

    value: Value


Value: TypeAlias = "str | bool | int | float | HclExpression | HclJson | Sequence[Value] | Mapping[str, Value]"


class HclBlock(Struct, frozen=True):
    """A block: `resource "aws_dynamodb_table" "orders" { ... }`. ``body`` has attributes, as pairs, and blocks."""

    words: tuple[str, ...]
    body: tuple[tuple[str, Value] | HclBlock, ...] = ()

    @property
    def address(self) -> str:
        """How others refer to a resource: `aws_dynamodb_table.orders`."""
        return ".".join(self.words[1:])


def document(blocks: Sequence[HclBlock]) -> str:
    """The text of a file of blocks."""
    return "\n".join("\n".join(_block(each, "")) + "\n" for each in blocks)


def _block(block: HclBlock, indent: str) -> Iterator[str]:
    kind, *labels = block.words
    head = " ".join([kind, *(_quoted(label) for label in labels)])
    if not block.body:
        yield f"{indent}{head} {{}}"
        return
    yield f"{indent}{head} {{"
    yield from _body(block.body, indent + _INDENT)
    yield f"{indent}}}"


def _body(body: Sequence[tuple[str, Value] | HclBlock], indent: str) -> Iterator[str]:
    """Attributes of one line stand together, their signs one below the other; what is longer stands by itself."""
    first = True
    run: list[tuple[str, str]] = []

    def flushed() -> Iterator[str]:
        width = max((len(name) for name, _ in run), default=0)
        yield from (f"{indent}{name.ljust(width)} = {text}" for name, text in run)
        run.clear()

    for entry in body:
        if isinstance(entry, HclBlock):
            lines = list(_block(entry, indent))
        else:
            text = expression(entry[1], indent)
            if "\n" not in text:
                run.append((entry[0], text))
                continue
            lines = f"{indent}{entry[0]} = {text}".split("\n")
        if run:
            if not first:
                yield ""
            yield from flushed()
            first = False
        if not first:
            yield ""
        yield from lines
        first = False
    if run:
        if not first:
            yield ""
        yield from flushed()


def expression(value: Value, indent: str = "") -> str:
    """A value as HCL; maps and lists of maps take a line for each entry."""
    match value:
        case HclExpression(text):
            return text
        case HclJson(inner):
            return f"jsonencode({expression(inner, indent)})"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return json.dumps(value)
        case str():
            return _quoted(value)
        case Mapping():
            return _map(value, indent)
        case _:
            return _list(value, indent)


def _map(value: Mapping[str, Value], indent: str) -> str:
    if not value:
        return "{}"
    inner = indent + _INDENT
    keys = {key: key if _IDENTIFIER.fullmatch(key) else _quoted(key) for key in value}
    texts = {key: expression(each, inner) for key, each in value.items()}
    lines: list[str] = []
    run: list[str] = []

    def flush() -> None:
        width = max((len(keys[key]) for key in run), default=0)
        lines.extend(f"{inner}{keys[key].ljust(width)} = {texts[key]}" for key in run)
        run.clear()

    for key, text in texts.items():
        run.append(key)
        if "\n" in text:
            last = run.pop()
            flush()
            lines.append(f"{inner}{keys[last]} = {text}")
    flush()
    return "\n".join(["{", *lines, f"{indent}}}"])


def _list(value: Sequence[Value], indent: str) -> str:
    texts = [expression(each, indent + _INDENT) for each in value]
    line = f"[{', '.join(texts)}]"
    if "\n" not in line and len(line) <= _LINE_MAX:
        return line
    inner = indent + _INDENT
    return "\n".join(["[", *(f"{inner}{text}," for text in texts), f"{indent}]"])


def _quoted(text: str) -> str:
    """A string: as in JSON, and what would begin a template is doubled."""
    plain = json.dumps(text, ensure_ascii=False).replace("\\/", "/")
    return plain.replace("${", "$${").replace("%{", "%%{")
