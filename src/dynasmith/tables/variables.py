"""``${VAR}``, ``${VAR:-default}`` and ``$${`` in the strings of a document."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from dynasmith.tables.document import Node
from dynasmith.tables.findings import DefinitionFinding, finding_at
from dynasmith.tables.substitution import Piece, SubstitutedText

#: The only form of a secret in a file: one variable, with an empty default or none. Read by Python and by JSON Schema.
LONE_VARIABLE: Final = r"\$\{[A-Za-z_][A-Za-z0-9_]*(?::-)?\}"
_PIECE = re.compile(r"\$\$\{|\$\{(?P<body>[^}]*)(?P<end>\}?)")
_BODY = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-(?P<otherwise>.*))?\Z", re.DOTALL)


def substitute(node: Node, variables: Mapping[str, str], findings: list[DefinitionFinding]) -> Node:
    """``node`` with every variable in its strings replaced; keys are left as they are.

    ``${VAR}`` is the variable, ``${VAR:-x}`` is ``x`` where it is not set or empty, ``$${`` is ``${`` itself. A
    variable that is not set and has no default is a finding, and its string is left out as broken. What comes of a
    variable is a `SubstitutedText`, which is shown as it was written.
    """
    if node.is_map:
        entries = {name: substitute(value, variables, findings) for name, value in node.entries().items()}
        return node if _same(entries.values(), node.entries().values()) else node.with_value(entries)
    if node.is_list:
        members = tuple(substitute(value, variables, findings) for value in node.members())
        return node if _same(members, node.members()) else node.with_value(members)
    if not isinstance(node.value, str) or "${" not in node.value:
        return node
    return _text(node, variables, findings)


def _same(new: Iterable[Node], old: Iterable[Node]) -> bool:
    return all(a is b for a, b in zip(new, old, strict=True))


def _text(node: Node, variables: Mapping[str, str], findings: list[DefinitionFinding]) -> Node:
    wrong: list[DefinitionFinding] = []
    pieces: list[Piece] = []

    def piece(match: re.Match[str]) -> str:
        if match.group() == "$${":
            return "${"
        body = _BODY.match(match.group("body"))
        if body is None or not match.group("end"):
            wrong.append(finding_at(node, "D008", f"{match.group()} is not a variable", "write $${ for ${ itself"))
            return ""
        value = variables.get(body["name"], "")
        if value or (body["name"] in variables and body["default"] is None):
            pieces.append((value, body["name"]))
            return value
        if body["default"] is not None:
            pieces.append(("", body["name"]))  # the default stands in the file: it is written there, and shown so
            return body["otherwise"]
        hint = f"set {body['name']}, or give a default: ${{{body['name']}:-...}}"
        wrong.append(finding_at(node, "D008", f"uses the variable {body['name']}, which is not set", hint))
        return ""

    text = _PIECE.sub(piece, node.value)
    if wrong:
        findings.extend(wrong)
        return node.with_value(None, broken=True)
    whole = _PIECE.fullmatch(node.value)
    shown = SubstitutedText(text, node.value, tuple(pieces)) if pieces else text
    return node.with_value(shown, variable=whole is not None and whole["body"] is not None)


def escape(text: str) -> str:
    """``text`` written so that `substitute` gives it back."""
    return text.replace("${", "$${")
