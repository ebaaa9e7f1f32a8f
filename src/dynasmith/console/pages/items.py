"""The pages Items: which table, and the items of one: a lookup by key, a query of a key or an index, a filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from dynasmith.console.item_query import (
    LIMIT_DEFAULT,
    OPERATORS,
    ItemQuery,
    command_words,
    key_named,
    key_nodes,
    query_of,
    read_of,
    whole_key,
)
from dynasmith.console.item_rows import columns_of, numeric_columns, row_of
from dynasmith.console.item_store import ItemStore, KeptKey, KeptQuery
from dynasmith.console.page import ConsolePage, FormFields, LiveBlocks, NextPage, PageAction, PageRequest, path_of
from dynasmith.console.reader import TableReader
from dynasmith.errors import UsageError
from dynasmith.items.read_path import KeyOfTable, ReadPath, keys_of
from dynasmith.items.wire import encode_item_tree
from dynasmith.ports.tables import SomeItems
from dynasmith.project.project import world_of
from dynasmith.project.redaction import HIDDEN
from dynasmith.tables.description import TableDescription

READ_LIMIT: Final = 1_000
"""So many items are read for one page with a filter, also where it finds fewer than it shows."""
TYPE_WORDS: Final = {"S": "string", "N": "number", "B": "binary, as base64"}
LIMITS: Final = (10, LIMIT_DEFAULT, 100, 500)


def tables_view(request: PageRequest) -> Mapping[str, Any]:
    """The tables whose items can be looked at."""
    reader = request.console.kept(TableReader)
    wanted = request.query.text("filter").strip().lower()
    rows = [
        {
            "name": table.name,
            "path": path_of("tables", table.name, "items"),
            "key": [(each.name, each.type) for each in table.description.table.key] if table.description else [],
            "items": table.description.item_count_estimate if table.description else None,
            "bytes": table.description.size_bytes_estimate if table.description else None,
        }
        for table in reader.tables()
        if table.live and wanted in table.name.lower()
    ]
    return {
        "rows": rows,
        "filter": request.query.text("filter"),
        "reading": reader.reading,
        "message": reader.failure[0],
        "hint": reader.failure[1],
    }


def view(request: PageRequest) -> Mapping[str, Any] | NextPage:
    """The form, and what was found. An address with values in it leads on to one without."""
    table = request.names["table"]
    live = describe(request, table)
    keys = keys_that_can_be_asked(live)
    if request.query.texts("do"):  # the form of a reader without the script
        return ask_of(request, request.query)
    query, known = _asked(request, table)
    try:
        key = key_named(keys, query.index)
    except UsageError:
        query, known = ItemQuery(), False
        key = keys[0]
    data = {
        **_form(request, table, keys, key, query),
        "known": known,
        "forgotten": bool(request.query.text("q")) and not known,
        "message": "",
        "hint": "",
        "found": None,
    }
    if not known:
        return data
    try:
        return {**data, "found": _found(request, table, live, query, keys)}
    except UsageError as error:
        masks = request.console.masks
        return {**data, "message": masks(error.message), "hint": masks(error.hint)}


def ask(request: PageRequest) -> NextPage:
    """Keep what the form asks, and show it at an address without values."""
    return ask_of(request, request.form)


def ask_of(request: PageRequest, values: FormFields) -> NextPage:
    """The address of what these fields ask: of an item where they are a whole key, else of a list of items.

    Raises UsageError for values that do not fit.
    """
    table = request.names["table"]
    keys = keys_that_can_be_asked(describe(request, table))
    query = query_of(values, keys)
    key = key_named(keys, query.index)
    read_of(query, keys)
    store = request.console.kept(ItemStore)
    whole = whole_key(query, key)
    if whole is not None:
        return NextPage(path_of("tables", table, "items", store.name_of(KeptKey(table, encode_key_tree(whole)))))
    return NextPage(path_of("tables", table, "items", q=store.name_of(KeptQuery(table, query))))


def encode_key_tree(key: Mapping[str, Any]) -> dict[str, Any]:
    """A key as DynamoDB JSON, binary as base64 text."""
    import base64

    tree = encode_item_tree(key)
    return {
        name: {tag: base64.b64encode(content).decode() if tag == "B" else content}
        for name, value in tree.items()
        for tag, content in value.items()
    }


def describe(request: PageRequest, table: str) -> TableDescription:
    """The live table with its keys. One call. Raises TableNotFound."""
    return world_of(request.project).control.describe(table, ())


def keys_that_can_be_asked(live: TableDescription) -> tuple[KeyOfTable, ...]:
    """The keys of the table and of its indexes that are built."""
    building = [each.name for each in live.indexes if each.status not in ("ACTIVE", "UPDATING")]
    return keys_of(live.table, building)


def _asked(request: PageRequest, table: str) -> tuple[ItemQuery, bool]:
    """What was asked, and whether it is known: an address that is older than this console has forgotten its values."""
    kept = request.console.kept(ItemStore).find(request.query.text("q"), KeptQuery, table)
    if kept is not None:
        return kept.query, True
    return ItemQuery(index=request.query.text("index") or None), False


def _form(
    request: PageRequest, table: str, keys: Sequence[KeyOfTable], key: KeyOfTable, query: ItemQuery
) -> dict[str, Any]:
    shown = "" if request.console.redact else None
    fields = []
    for place, attribute in enumerate(key.key):
        operator, text, second = query.term(place)
        sorts = place >= len(key.key.partition)
        operators = {"=": "is"} if not sorts else OPERATORS
        fields.append(
            {
                "place": place,
                "name": attribute.name,
                "type": attribute.type,
                "type_words": TYPE_WORDS[attribute.type],
                "sorts": sorts,
                "operator": operator,
                "operators": [
                    (sign, words)
                    for sign, words in operators.items()
                    if not (sign == "begins_with" and attribute.type == "N")
                ],
                "text": text if shown is None else shown,
                "second": second if shown is None else shown,
            }
        )
    return {
        "table": table,
        "path": path_of("tables", table, "items"),
        "table_path": path_of("tables", table),
        "new_path": path_of("tables", table, "items", "new"),
        "tabs": [
            {
                "label": "Table" if each.index is None else each.index,
                "path": path_of("tables", table, "items", index=each.index or ""),
                "here": each.index == key.index,
            }
            for each in keys
        ],
        "index": query.index or "",
        "fields": fields,
        "filter": query.filter if shown is None else shown,
        "limit": query.limit,
        "limits": sorted({*LIMITS, query.limit}),
        "reverse": query.reverse,
        "redact": request.console.redact,
    }


def _found(
    request: PageRequest, table: str, live: TableDescription, query: ItemQuery, keys: Sequence[KeyOfTable]
) -> dict[str, Any]:
    """The items of one page, what reading them cost, and the address of the next page."""
    redact = request.console.redact
    read = read_of(query, keys)
    found = world_of(request.project).few_items.read(
        table,
        read,
        limit=query.limit,
        read_limit=READ_LIMIT if read.filters else None,
        forward=not query.reverse,
        start=query.start,
    )
    store = request.console.kept(ItemStore)
    names = live.table.key.names
    key = key_named(keys, query.index)
    first = list(dict.fromkeys((*key.key.names, *names)))
    columns = columns_of(found.items, first) if found.items else []
    rows = []
    for item in found.items:
        kept = KeptKey(table, {name: item[name] for name in names})
        rows.append(
            {"path": path_of("tables", table, "items", store.name_of(kept)), **row_of(item, columns, redact=redact)}
        )
    following = None
    if found.next is not None:
        following = path_of(
            "tables", table, "items", q=store.name_of(KeptQuery(table, replace(query, start=found.next)))
        )
    return {
        "rows": rows,
        "columns": columns,
        "numeric": numeric_columns(found.items, columns),
        "next": following,
        "first": query.start is None,
        "first_path": path_of("tables", table, "items", q=store.name_of(KeptQuery(table, replace(query, start=None)))),
        "partial": read.partial,
        **_cost(found, read, query),
        "command": _command(request, table, query, key),
    }


def _cost(found: SomeItems, read: ReadPath, query: ItemQuery) -> dict[str, Any]:
    stopped = bool(read.filters and found.next is not None and len(found.items) < query.limit)
    return {
        "operation": "Query" if read.is_query else "Scan",
        "scanned": found.scanned,
        "units": found.read_units,
        "stopped": stopped,
    }


def _command(request: PageRequest, table: str, query: ItemQuery, key: KeyOfTable) -> str:
    words = command_words(query, key, table)
    if request.console.redact and (key_nodes(query, key) or query.filter):
        return request.command(words[0], table, HIDDEN)
    return request.command(*words)


tables_page = ConsolePage(
    path="/items",
    title="Items",
    template="items_tables.html",
    view=tables_view,
    label="Items",
    order=60,
    icon="items",
    live=LiveBlocks(("list",)),
)
page = ConsolePage(
    path="/tables/{table}/items",
    title="Items",
    template="items.html",
    view=view,
    under="/items",
    actions={"ask": PageAction(ask, changes=False)},
)
