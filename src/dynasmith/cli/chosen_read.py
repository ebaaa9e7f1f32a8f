"""The read that the conditions of a command line ask for, and what is said of it: which key was chosen, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynasmith.cli.counts import counted, dollars_text
from dynasmith.cli.drawings import size_text
from dynasmith.cli.shared_options import Invocation
from dynasmith.errors import UsageError
from dynasmith.items.condition.condition_words import looks_like_number, parse_conditions, parse_filter
from dynasmith.items.read_path import KeyOfTable, ReadPath, choose_read, keys_of
from dynasmith.tables.prices import prices_for

if TYPE_CHECKING:
    from dynasmith.items.condition.tree import Node, Path
    from dynasmith.tables.description import TableDescription

BYTES_OF_READ_UNIT = 8192
"""Half a read unit for each 4 KB of an eventually consistent read."""


def chosen_read(
    invocation: Invocation,
    table: str,
    words: Sequence[str],
    options: Mapping[str, Any],
    attributes: Sequence[Path] | None = (),
) -> ReadPath:
    """The read of these conditions and of ``--filter`` and ``--index``. Says which key it is. One call.
    ``attributes`` are those that are shown, empty for all, None where items are only counted.

    Raises UsageError for an index that is not there or still being built, and for conditions that cannot be read.
    """
    live = invocation.world().control.describe(invocation.project().physical(table), ())
    keys, index = _keys(live, options["index"]), options["index"]
    types = {attribute.name: attribute.type for key in keys for attribute in key.key}
    conditions = (*parse_conditions(words, types), *parse_filter(options["filter"]))
    wanted = live.table.key.names if attributes is None else [str(path.parts[0]) for path in attributes]
    read = choose_read(keys, conditions, index=index, wanted=wanted)
    if conditions:
        for sentence in _sentences(invocation, live, keys, read, conditions):
            invocation.say(sentence)
    return read


def scan_of(invocation: Invocation, table: str, options: Mapping[str, Any]) -> ReadPath:
    """The scan that filters by ``--filter``. Says what it reads, and which query would read less.

    One call where a filter or the order of columns needs the keys, else none.
    """
    index = options["index"]
    if options["filter"] is None and options["format"] == "lines":
        return ReadPath(index=index, key_terms=(), filters=(), key_names=())
    live = invocation.world().control.describe(invocation.project().physical(table), ())
    keys = _keys(live, index)
    conditions = parse_filter(options["filter"])
    read = choose_read([key for key in keys if key.index == index], (), index=index)
    if not conditions:
        return read
    scan = ReadPath(index=index, key_terms=(), filters=conditions, key_names=read.key_names)
    try:
        better = choose_read(keys, conditions, index=index)
    except UsageError:
        return scan
    invocation.say(f"{_of_everything(invocation, live, scan)}.")
    if better.is_query:
        invocation.say(f"A query reads less: {_key_words(better)} serves {_names(better.served)}.")
    return scan


def _keys(live: TableDescription, index: str | None) -> tuple[KeyOfTable, ...]:
    """The keys that can be asked. Raises UsageError where ``index`` is not one of them."""
    building = [each.name for each in live.indexes if each.status not in ("ACTIVE", "UPDATING")]
    keys = keys_of(live.table, building)
    names = [key.index for key in keys if key.index is not None]
    if index is not None and index in building:
        raise UsageError(f"Index {index} is still being built.", hint=f"dynasmith describe {live.table.name} shows it")
    if index is not None and index not in names:
        hint = f"its indexes: {', '.join(names)}" if names else "it has no indexes"
        raise UsageError(f"Table {live.table.name} has no index {index}.", hint=hint)
    return keys


def _sentences(
    invocation: Invocation,
    live: TableDescription,
    keys: Sequence[KeyOfTable],
    read: ReadPath,
    conditions: Sequence[Node],
) -> list[str]:
    """What is said of a chosen read: never a value, since these words are not masked."""
    if read.is_query:
        found = [f"Query of {_key_words(read)}: its key serves {_names(read.served)}"]
        if read.filters:
            found[0] += f"; {_names(read.filtered)} filters what is read"
        if read.lacking:
            found.append(f"Items without {_names(read.lacking)} are not in the index.")
        if read.partial:
            found.append("The index holds a part of the attributes; the others are not shown.")
    else:
        found = [f"No key serves {_names(read.filtered)}: {_of_everything(invocation, live, read, begins=False)}"]
    found[0] += "."
    typed = {attribute.name for key in keys for attribute in key.key}
    texts = [name for node in conditions if (name := looks_like_number(node)) and name not in typed]
    found += [f"{name} is compared with a text; a number is {name}:=3." for name in texts]
    return found


def _key_words(read: ReadPath) -> str:
    return "the table" if read.index is None else f"index {read.index}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def _of_everything(invocation: Invocation, live: TableDescription, read: ReadPath, *, begins: bool = True) -> str:
    """What a scan reads, with its cost as the service's figures say; they are up to six hours old."""
    state = None if read.index is None else live.index_state(read.index)
    size = live.size_bytes_estimate if state is None else state.size_bytes_estimate
    whole = "a scan of the whole table" if read.index is None else f"a scan of index {read.index}"
    whole = whole.capitalize() if begins and read.index is None else whole[:1].upper() + whole[1:] if begins else whole
    if not size:
        return f"{whole} filters what it reads (DynamoDB does not know its size yet)"
    world = invocation.world()
    units = max(0.5, size / BYTES_OF_READ_UNIT)
    price = prices_for(world.session.region, dict(world.settings.prices)).million_read_units
    cost = dollars_text(None if price is None else units * price / 1_000_000)
    return f"{whole} filters what it reads, at most about {size_text(size)}: {counted(units, 'read unit')}, {cost}"
