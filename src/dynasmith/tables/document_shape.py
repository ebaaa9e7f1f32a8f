"""Hold a document against a kind: every mistake of form at once, and the document without what was wrong.

What comes out has our own spelling of the keys and values of the right type, each still with its place. A part that
was wrong is left out and everything around it is marked ``broken``, so that a later rule does not call missing what
was only misspelt.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal, InvalidOperation
from typing import Any, assert_never

from dynasmith.limits import NUMBER_MAX_DIGITS
from dynasmith.tables.document import Node
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
from dynasmith.tables.findings import DefinitionFinding, did_you_mean, finding_at, nearest
from dynasmith.tables.substitution import SubstitutedText, as_number, quoted

# Words of YAML 1.1 that other tools read as booleans.
_TRUE_WORDS = {"true", "yes", "on", "y"}
_FALSE_WORDS = {"false", "no", "off", "n"}


def shape(node: Node, kind: Kind, findings: list[DefinitionFinding]) -> Node:
    """``node`` as ``kind`` wants it; mistakes are added to ``findings``."""
    if node.broken and node.value is None:
        return node  # what was wrong with it has been said
    match kind:
        case Text():
            return _text(node, kind, findings)
        case Choice():
            return _choice(node, kind, findings)
        case Integer() | Number():
            return _number(node, kind, findings)
        case Boolean():
            return _boolean(node, findings)
        case ListOf():
            return _list(node, kind, findings)
        case MapOf():
            return _map(node, kind, findings)
        case FreeForm():
            return _free(node, findings)
        case JsonText():
            return _json_text(node, findings)
        case Policy():
            return _policy(node, findings)
        case Block():
            return _block(node, kind, findings)
        case _:
            assert_never(kind)


def named(node: Node) -> str:
    """What a value is, in words, for a message."""
    value = node.value
    if node.is_map:
        return "a map"
    if node.is_list:
        return "a list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {node.text or value}"
    return quoted(value)


def _broken(node: Node) -> Node:
    return node.with_value(None, broken=True)


def _wrong(node: Node, expected: str, findings: list[DefinitionFinding], hint: str = "", code: str = "D005") -> Node:
    findings.append(finding_at(node, code, f"expects {expected}, not {named(node)}", hint))
    return _broken(node)


def _text(node: Node, kind: Text, findings: list[DefinitionFinding]) -> Node:
    value = node.value
    if isinstance(value, str):
        if not value and not kind.empty:
            findings.append(finding_at(node, "D007", "must not be empty"))
            return _broken(node)
        return node
    bare = node.text or ("" if value is None else str(value))
    hint = "" if node.is_map or node.is_list or not bare else f'put it in quotes: "{bare}"'
    return _wrong(node, "text", findings, hint)


def _choice(node: Node, kind: Choice, findings: list[DefinitionFinding]) -> Node:
    if isinstance(node.value, str) and node.value in kind.words:
        return node
    words = [str(word) for word in kind.words]
    near = did_you_mean(node.value, words) if isinstance(node.value, str) else ""
    return _wrong(node, f"one of {', '.join(words)}", findings, near, "D006")


def _number(node: Node, kind: Integer | Number, findings: list[DefinitionFinding]) -> Node:
    whole = isinstance(kind, Integer)
    expected = "a whole number" if whole else "a number"
    value: Any = node.value
    if isinstance(value, str) and node.variable:
        value = _number_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        bare = isinstance(node.value, str) and _number_of(node.value) is not None
        return _wrong(node, expected, findings, "write it without quotes" if bare else "")
    if abs(value) == float("inf") or (whole and value != int(value)):
        return _wrong(node, expected, findings)
    value = as_number(int(value) if whole else float(value), node.value)
    if (kind.least is not None and value < kind.least) or (kind.most is not None and value > kind.most):
        least, most = kind.least, kind.most
        wanted = f"at least {least}" if most is None else f"between {least} and {most}"
        findings.append(finding_at(node, "D007", f"must be {wanted}, not {node.text or value}"))
        return _broken(node)
    return node.with_value(value, text=str(value) if isinstance(node.value, SubstitutedText) else node.text)


def _number_of(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None


def _boolean(node: Node, findings: list[DefinitionFinding]) -> Node:
    if isinstance(node.value, bool):
        return node
    if isinstance(node.value, str):
        word = node.value.lower()
        if node.variable and word in ("true", "false"):
            return node.with_value(word == "true")
        if word in _TRUE_WORDS or word in _FALSE_WORDS:
            return _wrong(node, "true or false", findings, f"write {str(word in _TRUE_WORDS).lower()}")
    hint = "write enabled: true or enabled: false below another key" if node.is_map else ""
    return _wrong(node, "true or false", findings, hint if node.is_map and "enabled" in node.value else "")


def _list(node: Node, kind: ListOf, findings: list[DefinitionFinding]) -> Node:
    if kind.alone and not node.is_list:
        member = shape(node, kind.kind, findings)
        return _broken(node) if member.broken else node.with_value((member,))
    if not node.is_list:
        return _wrong(node, "a list", findings)
    if kind.filled and not node.value:
        findings.append(finding_at(node, "D007", "must not be empty"))
        return _broken(node)
    members = tuple(shape(member, kind.kind, findings) for member in node.members())
    return node.with_value(members, broken=node.broken or any(member.broken for member in members))


def _map(node: Node, kind: MapOf, findings: list[DefinitionFinding]) -> Node:
    if not node.is_map:
        return _wrong(node, "a map", findings)
    entries = {name: shape(value, kind.kind, findings) for name, value in node.entries().items()}
    return node.with_value(entries, broken=node.broken or any(value.broken for value in entries.values()))


def _free(node: Node, findings: list[DefinitionFinding]) -> Node:
    if not node.is_map:
        return _wrong(node, "a map: an item, plain or as DynamoDB JSON", findings)
    return _free_value(node, findings)


def _free_value(node: Node, findings: list[DefinitionFinding]) -> Node:
    if node.is_map:
        entries = {name: _free_value(value, findings) for name, value in node.entries().items()}
        return node.with_value(entries, broken=any(value.broken for value in entries.values()))
    if node.is_list:
        members = tuple(_free_value(value, findings) for value in node.members())
        return node.with_value(members, broken=any(value.broken for value in members))
    if not number_kept(node):
        hint = 'write {"N": "..."}, for at most 38 digits'
        findings.append(finding_at(node, "D007", f"has more digits than a plain number keeps: {node.text}", hint))
        return _broken(node)
    return node


def number_kept(node: Node) -> bool:
    """Does a number stand as it was written? A float holds 17 digits, a number of DynamoDB 38: none goes silently.

    True for what is not a number.
    """
    if not isinstance(node.value, int | float) or isinstance(node.value, bool):
        return True
    if isinstance(node.value, float):
        if not math.isfinite(node.value):
            return False
        try:
            return not node.text or Decimal(node.text) == Decimal(repr(node.value))
        except InvalidOperation:  # an exponent of more digits than a Decimal has
            return False
    return len(str(abs(node.value)).strip("0")) <= NUMBER_MAX_DIGITS


def _policy(node: Node, findings: list[DefinitionFinding]) -> Node:
    if not node.is_map:
        return _wrong(node, "a map: the policy, {file: NAME} or {enabled: false}", findings)
    return node.with_value(node.value, broken=any(part.broken for part in node.walk()))


def _json_text(node: Node, findings: list[DefinitionFinding]) -> Node:
    if node.is_map:
        return node.with_value(canonical_json(node.plain()), broken=any(part.broken for part in node.walk()))
    if not isinstance(node.value, str):
        return _wrong(node, "JSON as text, or a map", findings)
    try:
        return node.with_value(canonical_json(json.loads(node.value)))
    except (ValueError, RecursionError) as error:
        findings.append(finding_at(node, "D005", f"is not JSON: {error}"))
        return _broken(node)


def canonical_json(value: Any) -> str:
    """JSON text of ``value`` in one spelling: sorted keys, no spaces, so that equal values are equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def shape_keys(node: Node, kind: Block, findings: list[DefinitionFinding]) -> Node:
    """``node`` with known keys only, in our spelling, without what is null; its values are not looked at."""
    if not node.is_map:
        hint = f"write {{enabled: {str(node.value).lower()}}}" if kind.switch and isinstance(node.value, bool) else ""
        return _wrong(node, f"a map: {kind.title}", findings, hint)
    entries: dict[str, Node] = {}
    misspelt: set[str] = set()
    broken = node.broken
    for name, value in node.entries().items():
        key = kind.key(name)
        if key is None:
            meant = _meant(name, kind)
            misspelt.add(meant.partition(":")[0].partition(" ")[0])
            hint = f"did you mean {meant}?" if meant else f"its keys are {', '.join(key.name for key in kind.keys)}"
            findings.append(finding_at(value, "D003", f"is not a key of {kind.title}", hint))
            broken = True
        elif key.name in entries:
            findings.append(finding_at(value, "D009", f"has {key.name} a second time"))
            broken = True
        elif value.value is not None or value.broken:  # null: not managed, as if it were not there
            entries[key.name] = value
    off = kind.switch and "enabled" in entries and entries["enabled"].value is False
    for key in kind.keys:
        if key.required and key.name not in entries and not off:
            broken = True
            if key.name not in misspelt:  # the misspelt key has been named already: one mistake, one sentence
                findings.append(_lacking(node, key, kind))
    return node.with_value(entries, broken=broken, meant=frozenset(misspelt))


def _block(node: Node, kind: Block, findings: list[DefinitionFinding]) -> Node:
    known = shape_keys(node, kind, findings)
    if not known.is_map:
        return known
    entries = {}
    for name, value in known.entries().items():
        key = kind.key(name)
        assert key is not None, name
        entries[name] = shape(value, key.kind, findings)
    return known.with_value(entries, broken=known.broken or any(value.broken for value in entries.values()))


def _meant(name: str, kind: Block) -> str:
    """The key that a wrong name probably means, or nothing."""
    meant = kind.synonyms.get(name) or kind.synonyms.get(name.lower())
    return meant or nearest(name, [key.name for key in kind.keys])


def _lacking(node: Node, key: DocumentKey, kind: Block) -> DefinitionFinding:
    if not node.path:
        return finding_at(node, "D004", f"{kind.title} needs {key.name}")
    return finding_at(node, "D004", f"lacks {key.name}", f"{kind.title} needs it")
