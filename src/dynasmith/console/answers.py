"""What is answered: a page, the outcome of an action, a refusal. Runs in threads; asks nothing of HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from dynasmith.console.guard import RequestRefusal
from dynasmith.console.markup import render, surroundings
from dynasmith.console.page import ConsolePage, NextPage, PageRequest, path_of
from dynasmith.console.reader import TableReader
from dynasmith.console.state import Console
from dynasmith.errors import (
    ConsentRequired,
    DataError,
    DynasmithError,
    ItemNotFound,
    JobNotFound,
    TableNotFound,
    UsageError,
)
from dynasmith.project.redaction import hidden_error

_log = logging.getLogger("dynasmith.console")

JSON: Final = "application/json"
FINDINGS_MAX: Final = 50
"""Mistakes of definitions that a page of an error lists."""
READ_ONLY: Final = "This console is read only. Start it with --allow-changes to change something."


@dataclass(frozen=True)
class PageReply:
    """A status and a text."""

    status: int
    text: str
    content_type: str = "text/html"
    location: str = ""


def refusal_reply(refusal: RequestRefusal) -> PageReply:
    """A refusal as a page of its own, with nothing of the request and nothing of the project."""
    sentence = escape(refusal.sentence)
    return PageReply(
        refusal.status,
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{refusal.status}</title><p>{sentence}</p></html>',
    )


def page_reply(
    console: Console, pages: Sequence[ConsolePage], page: ConsolePage | None, request: PageRequest | None
) -> PageReply:
    """A page, or the page that says why there is none."""
    if page is None or request is None:
        return _error_page(console, pages, None, 404, "There is no such page.", "Choose one on the left.")
    try:
        data = page.view(request)
        if isinstance(data, NextPage):
            return PageReply(303, "", location=data.path)
        return PageReply(200, render(page.template, {**surroundings(console, page, pages), **data}))
    except DynasmithError as raised:
        told = _told(console, page, raised)
        _log.warning("a page was refused: %s", told.code)
        findings = [console.masks(each.sentence) for each in getattr(told, "findings", ())]
        message, hint = console.masks(told.message), console.masks(told.hint)
        return _error_page(console, pages, page, _status(told), message, hint, findings[:FINDINGS_MAX])
    except Exception as error:
        _log.error("a page failed: %s", type(error).__name__)
        sentence = f"The page failed ({type(error).__name__})."
        return _error_page(console, pages, page, 500, sentence, "This is a fault in dynasmith.")


def _error_page(
    console: Console,
    pages: Sequence[ConsolePage],
    page: ConsolePage | None,
    status: int,
    message: str,
    hint: str,
    findings: Sequence[str] = (),
) -> PageReply:
    shown = {"live": False, "message": message, "hint": hint, "findings": findings}
    return PageReply(status, render("error.html", {**surroundings(console, page, pages), **shown}))


def _told(console: Console, page: ConsolePage, error: DynasmithError) -> DynasmithError:
    """The error without values of items where the console hides them. Pages of items show what they were asked for,
    and hide it with ``--redact`` alone."""
    hides = console.redact if page.under == "/items" else console.hides
    return hidden_error(error, ()) if hides else error


def _status(error: DynasmithError) -> int:
    if isinstance(error, TableNotFound | ItemNotFound | JobNotFound):
        return 404
    return 400 if isinstance(error, UsageError | DataError) else 502


def action_reply(pages: Sequence[ConsolePage], page: ConsolePage, request: PageRequest) -> PageReply:
    """The outcome of an action, as the script reads it: ``go``, ``dialog`` or ``error``."""
    name = request.form.text("do")
    action = page.actions.get(name)
    if action is None:
        return _outcome(404, error="There is no such action.")
    if action.changes and not request.console.changes:
        return _outcome(403, error=READ_ONLY)
    around = surroundings(request.console, page, pages)
    try:
        answer = action.run(request)
        if isinstance(answer, NextPage):
            return _outcome(200, go=answer.path, say=answer.say)
        return _outcome(200, dialog=render(answer.template, {**around, "request": request, **answer.data}))
    except ConsentRequired as error:
        return _outcome(200, dialog=render("consent.html", {**around, **_question(request, error)}))
    except DynasmithError as raised:
        told = _told(request.console, page, raised)
        _log.warning("an action was refused: %s", told.code)
        masks = request.console.masks
        return _outcome(_status(told), error=masks(told.message), hint=masks(told.hint))
    except Exception as error:
        _log.error("an action failed: %s", type(error).__name__)
        return _outcome(500, error=f"The action failed ({type(error).__name__}).")


def _question(request: PageRequest, error: ConsentRequired) -> Mapping[str, Any]:
    """The library's questions: names to type, one yes; a flag that no answer gives is said."""
    answers = ("yes", "confirm")
    names: dict[str, list[str]] = {}
    for need in error.needs:
        if need.kind == "name":
            names.setdefault(need.name, []).append(need.question)
    return {
        "flags": [{"question": need.question, "flag": need.flag} for need in error.needs if need.kind == "flag"],
        "questions": list(dict.fromkeys(need.question for need in error.needs if need.kind == "yes")),
        "names": [{"name": name, "questions": list(dict.fromkeys(texts))} for name, texts in names.items()],
        "fields": [
            (name, text) for name, texts in request.form.fields.items() if name not in answers for text in texts
        ],
        "wrong": bool(request.form.texts("confirm")),
    }


def _outcome(status: int, **outcome: str) -> PageReply:
    return PageReply(status, json.dumps(outcome, ensure_ascii=False), JSON)


def palette_reply(console: Console, pages: Sequence[ConsolePage]) -> PageReply:
    """Where one can go: pages, and the tables that are known by now."""
    places = [{"label": page.label, "kind": "page", "path": page.path} for page in pages if page.label]
    names = console.kept(TableReader).known_names()
    places += [{"label": name, "kind": "table", "path": path_of("tables", name)} for name in names]
    return PageReply(200, json.dumps(places, ensure_ascii=False), JSON)
