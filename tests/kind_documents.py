"""Documents of a kind: sound ones, changed ones, and every key and unknown key that a block can have."""

from collections.abc import Iterator
from typing import Any, assert_never

from hypothesis import strategies as st

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

UNKNOWN = "no_such_key"
WORDS = ("orders", "a b", "${SOME}", "x-${SOME:-y}", "$${NOT}", "http://127.0.0.1:8000")
ANYTHING = st.sampled_from(
    [None, "", "orders", "${SOME}", "${SOME}x", "${bad name}", "true", "7", 0, -1, 7, 7.0, 2.5, True, [], ["a"], [None]]
) | st.sampled_from([{}, {"enabled": False}, {"enabled": "${SOME}"}, {UNKNOWN: 1}, [{}], {"": "a"}])


def documents(kind: Kind) -> st.SearchStrategy[Any]:
    """Values of the right form: some of the keys, now and then as null, a variable or in the service's spelling."""
    match kind:
        case Text():
            return st.sampled_from((*WORDS, "") if kind.empty else WORDS)
        case Choice():
            return st.sampled_from(kind.words).map(str) | st.sampled_from(("${SOME}", "PRE_${SOME}"))
        case Integer() | Number():
            least = 0 if kind.least is None else int(kind.least)
            most = least + 9 if kind.most is None else int(kind.most)
            number = st.integers(least, most)
            return (
                number | st.just("${SOME}") | (number.map(float) if isinstance(kind, Integer) else st.just(least + 0.5))
            )
        case Boolean():
            return st.booleans() | st.just("${SOME}")
        case ListOf():
            many = st.lists(documents(kind.kind), min_size=int(kind.filled), max_size=2)
            return many | documents(kind.kind) if kind.alone else many
        case MapOf():
            return st.dictionaries(st.sampled_from(("prod", "a b", "")), documents(kind.kind), max_size=2)
        case FreeForm() | Policy():
            return st.sampled_from([{}, {"a": {"N": "1"}}, {"enabled": False}, {"b": [1, None]}])
        case JsonText():
            return st.sampled_from(["{}", '{"a": [1]}', {"a": 1}])
        case Block():
            return st.deferred(lambda: _blocks(kind))  # which is not printed: it would be the whole tree
        case _:
            assert_never(kind)


@st.composite
def _blocks(draw: st.DrawFn, kind: Block) -> dict[str, Any]:
    if kind.switch and draw(st.integers(0, 4)) == 0:
        return {"enabled": False}
    optional = [key for key in kind.keys if not key.required]
    numbers = draw(st.lists(st.integers(0, len(optional) - 1), max_size=3, unique=True)) if optional else []
    chosen = [optional[number] for number in numbers]
    made: dict[str, Any] = {}
    for key in (*(each for each in kind.keys if each.required), *chosen):
        name = draw(st.sampled_from((key.name, key.aws))) if key.aws else key.name
        null = not key.required and draw(st.integers(0, 9)) == 0
        made[name] = None if null else draw(st.just("${SOME}") if key.variable_only else documents(key.kind))
    return made


def changed(kind: Kind) -> st.SearchStrategy[Any]:
    """A document of the kind in which, most times, one value somewhere is replaced by anything, or removed."""
    return st.deferred(lambda: _changed(kind))


@st.composite
def _changed(draw: st.DrawFn, kind: Kind) -> Any:
    document = draw(documents(kind))
    places = [(inside, key) for inside in _containers(document) for key in _keys(inside)]
    kept = draw(st.integers(0, 4)) == 0
    if places and not kept:
        inside, key = draw(st.sampled_from(places))
        if draw(st.integers(0, 4)):
            inside[key] = draw(ANYTHING)
        else:
            del inside[key]
    return document


def _containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _containers(inner)


def _keys(inside: Any) -> list[Any]:
    return list(inside) if isinstance(inside, dict) else list(range(len(inside)))


def least(kind: Kind) -> Any:
    """The smallest value of a kind."""
    match kind:
        case Text():
            return "orders"
        case Choice():
            return str(kind.words[0])
        case Integer() | Number():
            return max(1, int(kind.least or 0))
        case Boolean():
            return True
        case ListOf():
            return [least(kind.kind)]
        case MapOf():
            return {"prod": least(kind.kind)}
        case FreeForm() | Policy() | JsonText():
            return {}
        case Block():
            return {key.name: least(key.kind) for key in kind.keys if key.required}
        case _:
            assert_never(kind)


def every_key(kind: Kind) -> Iterator[tuple[str, Any]]:
    """(place, document) with each key of each block once, in each of its spellings."""
    yield from _each(kind, lambda block: ((name, least(key.kind)) for key in block.keys for name in _spellings(key)))


def every_unknown_key(kind: Kind) -> Iterator[tuple[str, Any]]:
    """(place, document) with an unknown key in each block, and each word that people bring from elsewhere."""
    yield from _each(kind, lambda block: ((name, least(Text())) for name in (UNKNOWN, *block.synonyms)))


def _spellings(key: DocumentKey) -> tuple[str, ...]:
    return () if key.variable_only else (key.name, key.aws) if key.aws else (key.name,)


def _each(kind: Kind, entries: Any) -> Iterator[tuple[str, Any]]:
    match kind:
        case ListOf():
            for place, inner in _each(kind.kind, entries):
                yield f"[]{place}", [inner]
        case MapOf():
            for place, inner in _each(kind.kind, entries):
                yield f".prod{place}", {"prod": inner}
        case Block():
            whole = least(kind)
            for name, value in entries(kind):
                key = kind.key(name)
                rest = {each: whole[each] for each in whole if key is None or each != key.name}
                yield f".{name}", rest | {name: value}
            for key in kind.keys:
                for place, inner in _each(key.kind, entries):
                    yield f".{key.name}{place}", whole | {key.name: inner}
        case _:
            return
