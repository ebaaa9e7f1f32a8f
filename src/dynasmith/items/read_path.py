"""Which key serves conditions: a query of the table or of one of its indexes, or a scan that filters what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.items.condition.tree import AllOf, Between, Compare, FunctionCall, In, Node, Not, Path, Value
from dynasmith.items.value import kind_of
from dynasmith.tables.table import Index, Key, LocalIndex, Projection, ProjectionKind, Table, known

_RANGES: Final = ("<", "<=", ">", ">=")
_TYPES: Final = {"S": "a string", "N": "a number", "B": "binary"}


class KeyOfTable(Struct, frozen=True, kw_only=True):
    """A key that can be asked: of the table (``index`` None) or of an index. ``held`` are the attributes that the index
    holds, None for all."""

    index: str | None
    key: Key
    held: frozenset[str] | None = None
    rank: int = 0


class ReadPath(Struct, frozen=True, kw_only=True):
    """How items are read: a Query with ``key_terms``, a Scan without; ``filters`` are applied to what was read.

    ``key_names`` are the attributes at which a later read can go on, ``lacking`` what makes items absent from the index
    (its sort key that no condition names), ``partial`` whether the index holds a part of the attributes only.
    """

    index: str | None
    key_terms: tuple[Node, ...]
    filters: tuple[Node, ...]
    key_names: tuple[str, ...]
    lacking: tuple[str, ...] = ()
    partial: bool = False

    @property
    def is_query(self) -> bool:
        """Whether one partition is read, and not everything."""
        return bool(self.key_terms)

    @property
    def served(self) -> tuple[str, ...]:
        """The attributes whose conditions the key serves."""
        return tuple(name for node in self.key_terms for name in names_of(node))

    @property
    def filtered(self) -> tuple[str, ...]:
        """The attributes whose conditions are a filter of what is read."""
        return tuple(dict.fromkeys(name for node in self.filters for name in names_of(node)))


def keys_of(table: Table, building: Sequence[str] = ()) -> tuple[KeyOfTable, ...]:
    """The keys of a table and its indexes, without those that are still ``building``."""
    found = [KeyOfTable(index=None, key=table.key)]
    locals_: Sequence[Index | LocalIndex] = known(table.local_indexes, ())
    globals_: Sequence[Index | LocalIndex] = known(table.indexes, ())
    for each in (*locals_, *globals_):
        if each.name not in building:
            held = _held(table.key, each.key, each.projection)
            rank = 1 if isinstance(each, LocalIndex) else 2
            found.append(KeyOfTable(index=each.name, key=each.key, held=held, rank=rank))
    return tuple(found)


def choose_read(
    keys: Sequence[KeyOfTable], conditions: Sequence[Node], *, index: str | None = None, wanted: Sequence[str] = ()
) -> ReadPath:
    """The read of these conditions: of ``index`` where one is named, else of the key that serves most of them.

    An index that lacks an attribute which a condition names is not taken; one that lacks a ``wanted`` attribute (none
    named: any attribute) only where no other key serves. Raises UsageError for conditions that a query cannot have.
    """
    terms = merged_bounds(list(_flat(conditions)))
    _check_types(keys, terms)
    candidates = [key for key in keys if key.index == index] if index is not None else list(keys)
    readable = [key for key in candidates if key.held is None or {n for t in terms for n in names_of(t)} <= key.held]
    if not readable:
        absent = sorted({n for t in terms for n in names_of(t)} - (candidates[0].held or set()))
        raise UsageError(
            f"Index {index} does not hold {', '.join(absent)}, so it cannot be asked for it.",
            hint="remove --index: another key, or the table itself, is then read",
        )
    reads = [(key, _read_of(key, terms, keys[0].key, wanted)) for key in readable]
    served = [(key, read) for key, read in reads if read.is_query and not _left_in_key(key, read)]
    if served:
        return max(served, key=lambda each: _worth(*each))[1]
    for key, read in reads:
        if read.is_query:
            name = _left_in_key(key, read)
            raise UsageError(
                f"{name} is in a condition that a query of its key cannot have.",
                hint="a query takes one comparison, BETWEEN or begins_with of a sort key, joined by AND; "
                "a scan takes any --filter, and reads everything",
            )
    base = next(read for key, read in reads if key.index == index or key.index is None)
    return replace(base, key_terms=(), filters=tuple(terms))


def names_of(node: Node | Path | object) -> Iterator[str]:
    """The top-level attributes that a condition names."""
    match node:
        case Path(parts):
            yield str(parts[0])
        case Compare(_, left, right):
            yield from (*names_of(left), *names_of(right))
        case Between(operand, low, high):
            yield from (*names_of(operand), *names_of(low), *names_of(high))
        case In(operand, options):
            yield from names_of(operand)
            for option in options:
                yield from names_of(option)
        case FunctionCall(_, path, operand):
            yield from (*names_of(path), *names_of(operand))
        case Not(term):
            yield from names_of(term)
        case _:
            for inner in getattr(node, "terms", ()) or filter(None, [getattr(node, "path", None)]):
                yield from names_of(inner)


def merged_bounds(terms: list[Node]) -> list[Node]:
    """The terms, with ``a >= x`` and ``a <= y`` as ``a BETWEEN x AND y``: the one form that a key takes."""
    low = {t.left: t for t in terms if isinstance(t, Compare) and t.comparator == ">=" and _is_simple(t)}
    high = {t.left: t for t in terms if isinstance(t, Compare) and t.comparator == "<=" and _is_simple(t)}
    found: list[Node] = []
    for term in terms:
        if isinstance(term, Compare) and term in (low.get(term.left), high.get(term.left)):
            least, most = low.get(term.left), high.get(term.left)
            if least and most and kind_of(least.right.value) == kind_of(most.right.value):  # type: ignore[union-attr]  # _is_simple
                if term is least:
                    found.append(Between(term.left, least.right, most.right))
                continue
        found.append(term)
    return found


def _flat(conditions: Sequence[Node]) -> Iterator[Node]:
    for node in conditions:
        if isinstance(node, AllOf):
            yield from _flat(node.terms)
        elif isinstance(node, Compare) and isinstance(node.left, Value) and isinstance(node.right, Path):
            turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(node.comparator, node.comparator)
            yield Compare(turned, node.right, node.left)  # type: ignore[arg-type]  # a comparator, turned
        else:
            yield node


def _read_of(key: KeyOfTable, terms: Sequence[Node], table: Key, wanted: Sequence[str]) -> ReadPath:
    used: list[Node] = []
    for part in key.key.partition:
        equal = next((t for t in terms if _equals(t, part.name)), None)
        if equal is None:
            used = []
            break
        used.append(equal)
    sorted_by: list[str] = []
    for part in key.key.sort if used else ():
        found = next((t for t in terms if _equals(t, part.name)), None)
        ranged = found or next((t for t in terms if _ranges(t, part.name)), None)
        if ranged is not None:
            used.append(ranged)
            sorted_by.append(part.name)
        if found is None:
            break
    named = {name for term in terms for name in names_of(term)}
    return ReadPath(
        index=key.index,
        key_terms=tuple(used),
        filters=tuple(term for term in terms if term not in used),
        key_names=tuple(dict.fromkeys((*table.names, *key.key.names))),
        lacking=tuple(a.name for a in key.key.sort if a.name not in named and key.rank),
        partial=key.held is not None and not (wanted and set(wanted) <= key.held),
    )


def _worth(key: KeyOfTable, read: ReadPath) -> tuple[bool, int, int, int]:
    return (not read.partial, len(read.key_terms), -len(read.lacking), -key.rank)


def _left_in_key(key: KeyOfTable, read: ReadPath) -> str:
    """An attribute of the key that a filter names, which the service refuses; empty where there is none."""
    return next((name for name in read.filtered if name in key.key.names), "")


def _held(table: Key, key: Key, projection: Projection) -> frozenset[str] | None:
    if projection.kind == ProjectionKind.ALL:
        return None
    return frozenset((*table.names, *key.names, *projection.attributes))


def _is_simple(term: Compare) -> bool:
    return isinstance(term.left, Path) and len(term.left.parts) == 1 and isinstance(term.right, Value)


def _equals(term: Node, name: str) -> bool:
    return isinstance(term, Compare) and term.comparator == "=" and _is_simple(term) and term.left == Path((name,))


def _ranges(term: Node, name: str) -> bool:
    match term:
        case Compare(comparator, Path((found,)), Value()):
            return comparator in _RANGES and found == name
        case Between(Path((found,)), Value(), Value()):
            return found == name
        case FunctionCall("begins_with", Path((found,)), Value()):
            return found == name
        case _:
            return False


def _check_types(keys: Sequence[KeyOfTable], terms: Sequence[Node]) -> None:
    """Raises UsageError where an attribute of a key is compared with a value of another type."""
    types = {attribute.name: attribute.type for key in keys for attribute in key.key}
    for term in terms:
        for name, value in _compared(term):
            kind = types.get(name)
            if kind is not None and kind_of(value) != kind:
                example = "'text'" if kind == "S" else "42"
                hint = f"write {name}=BASE64" if kind == "B" else f"write {name} = {example}"
                raise UsageError(f"{name} is {_TYPES[kind]} in a key, and it is compared with another type.", hint=hint)


def _compared(term: Node) -> Iterator[tuple[str, object]]:
    match term:
        case Compare("<>", _, _):
            return
        case Compare(_, Path((str(name),)), Value(value)):
            yield name, value
        case Between(Path((str(name),)), Value(low), Value(high)):
            yield from ((name, low), (name, high))
        case FunctionCall("begins_with", Path((str(name),)), Value(value)):
            yield name, value
        case _:
            return
