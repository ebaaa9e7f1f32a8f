"""The page Item: one item, its editor, what an edit changes before it is written, and what another writer did since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from dynasmith.console.item_query import key_words
from dynasmith.console.item_rows import attributes_of, difference_rows, readable_text
from dynasmith.console.item_store import Draft, ItemStore, KeptKey
from dynasmith.console.page import ActionAnswer, ConsolePage, NextPage, PageAction, PageDialog, PageRequest, path_of
from dynasmith.console.pages.items import describe
from dynasmith.errors import ConditionFailed, ItemNotFound, UsageError
from dynasmith.items.digest import tree_hash
from dynasmith.items.item_difference import item_difference
from dynasmith.items.item_text import TextForm, item_from_text, item_text, text_form
from dynasmith.items.size import item_bytes, write_units
from dynasmith.items.value import write_tree
from dynasmith.project.project import world_of
from dynasmith.project.redaction import HIDDEN

NEW: Final = "new"
"""The last part of the address of an item that is not there yet."""
EMPTY_VALUES: Final = {"S": {"S": ""}, "N": {"N": "0"}, "B": {"B": ""}}
FORGOTTEN: Final = "This address belongs to a console that has ended, and values are not in addresses."


def view(request: PageRequest) -> Mapping[str, Any] | NextPage:
    """An item, its editor (``?edit=plain`` or ``typed``), or a draft of it (``?draft=``)."""
    table = request.names["table"]
    live = describe(request, table)
    names = live.table.key.names
    data: dict[str, Any] = {
        "table": table,
        "path": path_of("tables", table, "items", request.names["item"]),
        "items_path": path_of("tables", table, "items"),
        "new": request.names["item"] == NEW,
        "redact": request.console.redact,
        "heading": [],
        "command": "",
    }
    draft = None
    if request.query.text("draft"):
        draft = request.console.kept(ItemStore).find(request.query.text("draft"), Draft, table)
        if draft is None:
            raise UsageError("This draft is not kept any more.", hint="edit the item again")
    if data["new"]:
        if draft is None:
            first = {each.name: EMPTY_VALUES[each.type] for each in live.table.key}
            draft = Draft(table, "typed" if any("B" in value for value in first.values()) else "plain", "")
            draft = replace(draft, text=item_text(first, draft.form, first=names))
    else:
        key = _key(request)
        data["heading"] = _heading(request, key, names)
        words = [HIDDEN] if request.console.redact else key_words(key, names)
        data["command"] = request.command("get", table, *words)
    indexes = len(live.indexes)
    if draft is not None:
        return {**data, **_draft(request, draft, names, indexes)}
    return {**data, **_item(request, _key(request), names)}


def _key(request: PageRequest) -> Mapping[str, Any]:
    kept = request.console.kept(ItemStore).find(request.names["item"], KeptKey, request.names["table"])
    if kept is None:
        raise ItemNotFound(FORGOTTEN, hint="look the item up again by its key")
    return kept.key


def _heading(request: PageRequest, key: Mapping[str, Any], names: Sequence[str]) -> list[tuple[str, str]]:
    redact = request.console.redact
    return [(name, HIDDEN if redact else readable_text(key[name])) for name in names]


def _item(request: PageRequest, key: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The item as it is now; with ``?edit=`` an editor of it."""
    table = request.names["table"]
    found = world_of(request.project).few_items.get_with_units(table, key)
    item = next(iter(found.items), None)
    if item is None:
        raise ItemNotFound(f"Table {table} has no item with that key.", hint="it may have been deleted")
    facts = {"units": found.read_units, "bytes": item_bytes(write_tree(item)), "count": len(item)}
    form = request.query.text("edit")
    if form and request.console.changes and not request.console.redact:
        exact = text_form(item)
        chosen: TextForm = "typed" if form == "typed" or exact == "typed" else "plain"
        draft = Draft(table, chosen, item_text(item, chosen, first=names), before=item)
        return {**facts, **_editor(request, draft, may_be_plain=exact == "plain")}
    return {
        **facts,
        "mode": "item",
        "attributes": attributes_of(item, names, redact=request.console.redact),
        "edit_path": path_of("tables", table, "items", request.names["item"], edit="plain"),
    }


def _draft(request: PageRequest, draft: Draft, names: Sequence[str], indexes: int) -> dict[str, Any]:
    """The editor of a draft, or what it changes."""
    facts = {"units": None, "bytes": None, "count": None}
    if draft.after is None or request.query.text("edit"):
        return {**facts, **_editor(request, draft, may_be_plain=_may_be_plain(draft))}
    lines = item_difference(draft.before, draft.after, first=names)
    largest = max(item_bytes(write_tree(dict(side))) for side in (draft.before, draft.after) if side is not None)
    before = draft.before or {}
    same = sum(
        name in before and tree_hash({name: before[name]}) == tree_hash({name: value})
        for name, value in draft.after.items()
    )
    shown = {
        **facts,
        "mode": "conflict" if draft.conflict else "review",
        "draft": request.query.text("draft"),
        "lines": difference_rows(lines),
        "unchanged": same,
        "write_units": write_units(largest),
        "indexes": indexes,
        "gone": draft.conflict and draft.now is None,
        "again_path": path_of(
            "tables", draft.table, "items", request.names["item"], draft=request.query.text("draft"), edit=draft.form
        ),
    }
    if draft.conflict:
        shown["theirs"] = difference_rows(item_difference(draft.before, draft.now, first=names))
    return shown


def _may_be_plain(draft: Draft) -> bool:
    return text_form(draft.after if draft.after is not None else draft.before or {}) == "plain"


def _editor(request: PageRequest, draft: Draft, *, may_be_plain: bool) -> dict[str, Any]:
    name = request.console.kept(ItemStore).name_of(draft)
    other = "typed" if draft.form == "plain" else "plain"
    return {
        "mode": "editor",
        "draft": name,
        "text": draft.text,
        "form": draft.form,
        "other": other if other == "typed" or may_be_plain else "",
        "rows": min(40, max(12, draft.text.count("\n") + 3)),
    }


def review(request: PageRequest) -> NextPage:
    """Read the text of the editor, and show what it changes. Nothing is written."""
    draft = _posted(request)
    text = request.form.text("text")
    after = item_from_text(text, draft.form)
    names = describe(request, draft.table).table.key.names
    missing = [name for name in names if name not in after]
    if missing:
        raise UsageError(f"The item lacks its key: {', '.join(missing)}.", hint="every item of the table has it")
    if draft.before is not None:
        _refuse_another_key(draft.before, after, names)
        if tree_hash(after) == tree_hash(draft.before):
            raise UsageError("The text says the item as it is: there is nothing to write.")
    return _shown(request, replace(draft, text=text, after=after, conflict=False, now=None))


def other_form(request: PageRequest) -> NextPage:
    """The text of the editor in the other form: with types, or plain."""
    draft = _posted(request)
    item = item_from_text(request.form.text("text"), draft.form)
    names = describe(request, draft.table).table.key.names
    form: TextForm = "typed" if draft.form == "plain" else "plain"
    text = item_text(item, form, first=names)
    return _shown(request, replace(draft, form=form, text=text, after=item), edit=form)


def put(request: PageRequest) -> ActionAnswer:
    """Write what was looked at, where the item still is as it was read; else show what it is now."""
    draft = _posted(request)
    if draft.after is None:
        raise UsageError("What is written must be looked at first.")
    project = request.project
    try:
        if draft.before is None:
            project.put(draft.table, draft.after, new=True, consent=request.consent)
        else:
            project.put(draft.table, draft.after, expected=draft.before, consent=request.consent)
    except ConditionFailed as failed:
        return _conflict(request, draft, failed)
    names = describe(request, draft.table).table.key.names
    key = KeptKey(draft.table, {name: draft.after[name] for name in names})
    path = path_of("tables", draft.table, "items", request.console.kept(ItemStore).name_of(key))
    return NextPage(path, say="The item is written.")


def _conflict(request: PageRequest, draft: Draft, failed: ConditionFailed) -> NextPage:
    now = failed.item
    if draft.before is None:  # a new item whose key is taken
        names = describe(request, draft.table).table.key.names
        key = {name: (draft.after or {})[name] for name in names}
        now = world_of(request.project).few_items.get(draft.table, key)
    elif now is not None and not failed.service_code:  # written; what somebody added is kept
        return NextPage(
            path_of("tables", draft.table, "items", request.names["item"]),
            say="The item is written. It has an attribute that somebody added since it was read; that is kept.",
        )
    return _shown(request, replace(draft, conflict=True, now=now))


def rebase(request: PageRequest) -> NextPage:
    """What was edited, made again on the item as it is now: the attributes that the reader changed, on theirs."""
    draft = _posted(request)
    if not draft.conflict or draft.after is None:
        raise UsageError("There is nothing to compare with.")
    before, after = draft.before or {}, draft.after
    if draft.now is None or draft.before is None:
        merged = dict(after)
    else:
        touched = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        merged = {name: value for name, value in draft.now.items() if name not in touched}
        merged |= {name: after[name] for name in touched if name in after}
    names = describe(request, draft.table).table.key.names
    form: TextForm = draft.form if text_form(merged) == "plain" else "typed"
    text = item_text(merged, form, first=names)
    now = None if draft.now is None else dict(draft.now)
    return _shown(request, Draft(draft.table, form, text, before=now, after=merged))


def ask_delete(request: PageRequest) -> PageDialog:
    """Ask for the key of the item that is to be deleted."""
    _refuse_hidden(request)
    key = _key(request)
    names = describe(request, request.names["table"]).table.key.names
    return PageDialog("item_delete.html", {"fields": _typed_fields(key, names), "wrong": False})


def delete(request: PageRequest) -> ActionAnswer:
    """Delete the item where its key was typed as it is."""
    _refuse_hidden(request)
    table, key = request.names["table"], _key(request)
    names = describe(request, table).table.key.names
    fields = _typed_fields(key, names)
    if request.form.texts("key") != tuple(each["text"] for each in fields):
        return PageDialog("item_delete.html", {"fields": fields, "wrong": True})
    request.project.delete_item(table, key, consent=request.consent)
    return NextPage(path_of("tables", table, "items"), say="The item is deleted.")


def _typed_fields(key: Mapping[str, Any], names: Sequence[str]) -> list[dict[str, str]]:
    return [{"name": name, "text": readable_text(key[name])} for name in names]


def _posted(request: PageRequest) -> Draft:
    draft = request.console.kept(ItemStore).find(request.form.text("draft"), Draft, request.names["table"])
    if draft is None:
        raise UsageError("This draft is not kept any more.", hint="copy your text, and edit the item again")
    _refuse_hidden(request)
    return draft


def _refuse_hidden(request: PageRequest) -> None:
    """Nobody edits or deletes what they may not see: the question alone would show the key."""
    if request.console.redact:
        raise UsageError("Values are hidden, so items cannot be changed.", hint="start the console without --redact")


def _shown(request: PageRequest, draft: Draft, edit: str = "") -> NextPage:
    name = request.console.kept(ItemStore).name_of(draft)
    return NextPage(path_of("tables", draft.table, "items", request.names["item"], draft=name, edit=edit))


def _refuse_another_key(before: Mapping[str, Any], after: Mapping[str, Any], names: Sequence[str]) -> None:
    for name in names:
        if tree_hash({name: before[name]}) != tree_hash({name: after[name]}):
            raise UsageError(
                f"The key of an item cannot be changed: {name} differs.",
                hint="write it as a new item, then delete the old one",
            )


page = ConsolePage(
    path="/tables/{table}/items/{item}",
    title="Item",
    template="item.html",
    view=view,
    under="/items",
    actions={
        "review": PageAction(review),
        "form": PageAction(other_form),
        "put": PageAction(put),
        "rebase": PageAction(rebase),
        "ask-delete": PageAction(ask_delete),
        "delete": PageAction(delete),
    },
)
