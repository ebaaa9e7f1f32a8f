"""What ``--redact`` leaves of values that are shown: names, types and counts stay, what an item holds goes.

Errors and notes may repeat what an item holds (a transform's exception, the service's refusal), so those that can are
not shown: their code is. Files that a verb writes because it was asked to (an export, a plan file) hold what they hold.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from dynasmith.errors import (
    DefinitionError,
    DynasmithError,
    SeveralFailed,
)
from dynasmith.items.transform import HIDDEN_KEY
from dynasmith.jobs.plain_error import QUOTING, is_quoting
from dynasmith.migrations.report import MigrationRow, RehearsedMigration
from dynasmith.plans.change import CreateTable, DeleteItem, PutItem
from dynasmith.plans.plan import Plan
from dynasmith.plans.step import CallCreateTable, CallDeleteItem, CallPutItem
from dynasmith.tables.table import known

HIDDEN = "***"
NOTICE = "The message is hidden, since it may repeat values (--redact; --no-redact shows it)."
_KEYED = frozenset({"get", "put", "delete-item", "query", "scan", "count"})
T = TypeVar("T")
_CONDITION = re.compile(r"(The condition cannot be read at character \d+) .*", re.DOTALL)
"""An error of a condition shows the text around the place, which may be a value."""
_ITEMS = frozenset({"before", "after"})
_VALUES = frozenset(
    {
        "key",
        "keys",
        "removed",
        "added",
        "beside_keys",
        "left_keys",
        "refused",
        "reason",
        "reasons",
        "message",
        "error",
        "log",
        "words",
    }
)
_SENTENCES = frozenset({"notes", "hazards", "called"})
_VERSIONED = (MigrationRow, RehearsedMigration)
"""Their ``key`` is a version or the name of a file, not the key of an item."""
_SHOWN_PARAMETERS = frozenset(
    {
        *("source", "target", "tables", "files", "dest", "key", "transform", "how", "of", "formats", "total_items"),
        *("environment", "recipe"),
    }
)
_SHOWN_PART = ("do", "table", "state", "job", "found", "counts")


def hidden_item(item: Mapping[str, Any], *, wire: bool = False) -> dict[str, Any]:
    """An item with its names, and with ``wire`` its types, and no value."""
    return {name: {next(iter(value)): HIDDEN} if wire else HIDDEN for name, value in item.items()}


def hidden(value: T) -> T:
    """A report, a dry run or a difference without values: the same type, identified by the names of its fields."""
    if isinstance(value, Plan):
        return _plan(value)  # type: ignore[return-value]
    if isinstance(value, msgspec.Struct):
        names = [name for name in value.__struct_fields__ if name != "key" or not isinstance(value, _VERSIONED)]
        fields = {name: _field(name, getattr(value, name)) for name in names}
        return msgspec.structs.replace(value, **fields)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return dataclasses.replace(value, **{name: _field(name, getattr(value, name)) for name in names})
    if isinstance(value, tuple):
        return tuple(hidden(each) for each in value)  # type: ignore[return-value]
    return value


def _field(name: str, value: Any) -> Any:
    if name in _ITEMS:
        return _each(value, _item_text)
    if name in _VALUES:
        return _each(value, lambda text: HIDDEN if text else text)
    if name in _SENTENCES:
        return _each(value, lambda text: text.partition(": ")[0])
    return hidden(value)


def _each(value: Any, change: Any) -> Any:
    """A text, the texts of a list, or the values of a map."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)(_each(each, change) for each in value)
    return {name: _each(each, change) for name, each in value.items()} if isinstance(value, dict) else value


def _item_text(text: str) -> str:
    try:
        item = json.loads(text)
    except ValueError:
        return HIDDEN
    return json.dumps(hidden_item(item), ensure_ascii=False) if isinstance(item, dict) else HIDDEN


def _plan(plan: Plan) -> Plan:
    return msgspec.structs.replace(
        plan,
        tables=tuple(
            msgspec.structs.replace(
                table,
                changes=tuple(map(hidden_change, table.changes)),
                steps=tuple(map(hidden_change, table.steps)),
            )
            for table in plan.tables
        ),
    )


def hidden_change(change: T) -> T:
    """A change or a step without the values of its items; another one as it is."""
    if isinstance(change, CreateTable | CallCreateTable):
        items = tuple(hidden_item(item) for item in known(change.table.items, ()))
        table = msgspec.structs.replace(change.table, items=items) if items else change.table
        return msgspec.structs.replace(change, table=table)
    if not isinstance(change, PutItem | DeleteItem | CallPutItem | CallDeleteItem):
        return change
    dicts = {name: value for name in change.__struct_fields__ if isinstance(value := getattr(change, name), dict)}
    return msgspec.structs.replace(change, **{name: hidden_item(item, wire=True) for name, item in dicts.items()})


def hidden_dead_letter(described: Mapping[str, Any]) -> dict[str, Any]:
    """A dead letter as JSON without its values: names, types, code and place stay."""
    shown = {**described, "reason": HIDDEN}
    if "item" in shown:
        return shown | {"item": hidden_item(shown["item"], wire=True)}
    return shown | {"line": HIDDEN}


def hidden_job(described: Mapping[str, Any], plain: Collection[str] = ()) -> dict[str, Any]:
    """A job as JSON without what may repeat values: conditions, queries, the reason why it failed, unless that is one
    of the ``plain`` texts."""

    def reason_of(part: Mapping[str, Any]) -> str | None:
        return part["reason"] and (part["reason"] if part["reason"] in plain else HIDDEN)

    given = described["parameters"]
    parameters = {name: value for name, value in given.items() if name in _SHOWN_PARAMETERS}
    if "parts" in given:  # of a refresh
        parameters["parts"] = [{name: part[name] for name in _SHOWN_PART if name in part} for part in given["parts"]]
    hidden = {**described, "parameters": parameters, "reason": reason_of(described)}
    if "parts" in described:  # of a refresh
        hidden["parts"] = [{**part, "reason": reason_of(part)} for part in described["parts"]]
    if "replacement" in described:
        progress = described["replacement"]
        blocked = [{"key": HIDDEN, "reason": HIDDEN} for _ in progress["blocked"]]
        hidden["replacement"] = {**progress, "blocked": blocked, "late_keys": [HIDDEN for _ in progress["late_keys"]]}
    if described.get("definition"):  # a diff shows lines beside the name, which may be of items
        hidden["definition"] = {**described["definition"], "diff": described["definition"]["diff"] and HIDDEN}
    return hidden


def hidden_error(error: DynasmithError, said: Sequence[str]) -> DynasmithError:
    """An error as ``--redact`` shows it; ``said`` are the words of the command line, whose values are hidden in it."""
    if HIDDEN_KEY in error.message:
        return error
    if isinstance(error, SeveralFailed):
        error.failures = {name: hidden_error(failure, said) for name, failure in error.failures.items()}
    if isinstance(error, DefinitionError):
        error.findings = tuple(each for each in error.findings if ".items" not in each.sentence)
        if not error.findings or ".items" in error.message:
            error.message = NOTICE
    error.message = _CONDITION.sub(r"\1.", _without_cause(error))
    quoting = is_quoting(error)
    error.message = NOTICE if quoting else _without(error.message, said)
    error.hint = "" if quoting or error.message.startswith("The condition cannot") else _without(error.hint, said)
    return error


def _without_cause(error: DynasmithError) -> str:
    """The message without what it repeats of an error of user code, or of one that quotes items."""
    cause = error.__cause__
    if cause is None or (isinstance(cause, DynasmithError) and not isinstance(cause, QUOTING)):
        return error.message
    told = (cause.message if isinstance(cause, DynasmithError) else str(cause)).rstrip(".")
    return error.message.replace(told, HIDDEN) if told else error.message


def _without(text: str, said: Sequence[str]) -> str:
    values = {each for word in said for each in _values(word)}
    if (verb := next((place for place, word in enumerate(said) if word in _KEYED), None)) is not None:
        # Behind the table stand keys and items, also a bare value.
        words = [word for word in said[verb + 1 :] if not word.startswith("-")]
        values.update(word for word in words[1:] if word)
    for value in sorted(values, key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9_]){re.escape(value)}(?![A-Za-z0-9_])", HIDDEN, text)
    return text


def _values(word: str) -> Iterator[str]:
    """What of a word of the command line may be a value of an item: behind ``=``, leaves of JSON, literals."""
    if word.lstrip().startswith(("{", "[")):
        try:
            yield from _leaves(json.loads(word))
        except ValueError:
            yield word
        return
    head, equals, value = word.partition("=")
    if equals and not head.startswith("--"):
        yield value.strip()
        yield word
        yield from (quoted for quoted in re.findall(r"'([^']*)'|\"([^\"]*)\"", word) for quoted in quoted if quoted)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif not isinstance(value, bool) and value is not None and str(value):
        yield str(value)
