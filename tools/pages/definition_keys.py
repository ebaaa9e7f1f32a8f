"""The reference of definitions in words, made from the same tree of keys as the parser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, assert_never

from dynasmith.tables.document_kinds import (
    Block,
    Boolean,
    Choice,
    DocumentKey,
    FreeForm,
    Integer,
    JsonText,
    Kind,
    ListOf,
    MapOf,
    Number,
    Policy,
    Text,
)

_HEAD: Final = ("| key | value | what it says | default |", "| --- | --- | --- | --- |")


def keys_of(
    kind: Block,
    name: str = "",
    told: dict[str, str] | None = None,
    example_of: Callable[[str], Iterable[str]] = lambda _: (),
) -> Iterator[str]:
    """Tables of keys in Markdown: those of the block, then of each block below it, with the way to it as title.

    ``told`` are the blocks that have been told already, by their titles: they are referred to. ``example_of`` gives the
    lines that stand below the keys of a section, by its title.
    """
    seen = {} if told is None else told
    if name:
        yield from (f"### `{name}`", "")
    if kind.title in seen:
        yield from (f"The same keys as `{seen[kind.title]}`.", "", *example_of(name))
        return
    seen[kind.title] = name
    yield from _HEAD
    for key in kind.keys:
        must = " **needed**" if key.required else ""
        also = f" As raw AWS: `{key.aws}`." if key.aws else ""
        yield f"| `{key.name}`{must} | {_in_words(key.kind)} | {key.says}{also} | {_default(key)} |"
    yield from ("", *example_of(name))
    for key in kind.keys:
        inner, way = _inner(key)
        if inner is not None:
            yield from keys_of(inner, f"{name}.{way}" if name else way, seen, example_of)


def _default(key: DocumentKey) -> str:
    if not key.default:
        return ""
    return key.default if "`" in key.default or " " in key.default else f"`{key.default}`"


def _inner(key: DocumentKey) -> tuple[Block | None, str]:
    """The block below a key, and the way to it."""
    kind, way = key.kind, key.name
    while isinstance(kind, ListOf | MapOf):
        way += "[]" if isinstance(kind, ListOf) else ".NAME"
        kind = kind.kind
    return (kind if isinstance(kind, Block) else None), way


def _in_words(kind: Kind) -> str:
    match kind:
        case Text():
            return "text"
        case Choice():
            return ", ".join(f"`{word}`" for word in kind.words)
        case Integer() | Number():
            what = "whole number" if isinstance(kind, Integer) else "number"
            least = "" if kind.least is None else f", from {kind.least:,}"
            return what + least + ("" if kind.most is None else f" to {kind.most:,}")
        case Boolean():
            return "`true`, `false`"
        case ListOf():
            alone = f"{_in_words(kind.kind)}, or " if kind.alone else ""
            named = " or ".join(f"`{by}`" for by in (kind.by, kind.or_by) if by)
            return f"{alone}list of {_in_words(kind.kind)}" + (f", identified by {named}" if named else "")
        case MapOf():
            return f"map of names to {_in_words(kind.kind)}"
        case FreeForm():
            return "map of anything"
        case JsonText():
            return "JSON, as text or map"
        case Policy():
            return "map"
        case Block():
            return "map"
        case _:
            assert_never(kind)
