"""Tables -> a definition file, as YAML or JSON, in the reference's order and style."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from dynasmith.tables.document_of import document_of
from dynasmith.tables.table import Table
from dynasmith.tables.variables import escape

WIDTH_CHARACTERS: Final = 120
# Text that stands without quotes means the same in every version of YAML.
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*\Z")
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
# What YAML wants escaped beside what JSON does (YAML 1.2, section 5.1, c-printable).
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def render_yaml(
    tables: Sequence[Table], *, comment: str = "", prefix: str = "", suffix: str = "", minimal: bool = False
) -> str:
    """The definition file of these tables in YAML; `parse` reads back equal tables. ``comment`` goes on top.

    ``minimal`` leaves out the projection of indexes that have all attributes.

    ``prefix`` and ``suffix`` are the environment's: they are taken off the names, so that reading puts them on again.
    """
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    if not tables:
        return "\n".join([*lines, "tables: []", ""])
    lines.append("tables:")
    for table in tables:
        document = escaped(document_of(table, bare_name(table.name, prefix, suffix)))
        if minimal:
            for index in (*document.get("global_secondary_indexes", ()), *document.get("local_secondary_indexes", ())):
                if index.get("projection") == {"type": "ALL"}:
                    del index["projection"]
        for place, (key, value) in enumerate(document.items()):
            lines.extend(_entry(key, value, "  - " if place == 0 else "    ", 4))
    return "\n".join([*lines, ""])


def render_json(tables: Sequence[Table], *, prefix: str = "", suffix: str = "") -> str:
    """The definition file of these tables in JSON; otherwise as `render_yaml`."""
    documents = [escaped(document_of(table, bare_name(table.name, prefix, suffix))) for table in tables]
    return json.dumps({"tables": documents}, indent=2, ensure_ascii=False) + "\n"


def yaml_text(document: dict[str, Any]) -> str:
    """A document of plain values as YAML, in the same style."""
    return "\n".join([*(line for key, value in document.items() for line in _entry(key, value, "", 0)), ""])


def bare_name(name: str, prefix: str, suffix: str) -> str:
    """The name without the environment's prefix and suffix; unchanged where it does not have both."""
    fits = name.startswith(prefix) and name.endswith(suffix) and len(name) > len(prefix) + len(suffix)
    return name[len(prefix) : len(name) - len(suffix)] if fits else name


def escaped(value: Any) -> Any:
    """The document with every ``${`` escaped, so that none is taken for a variable."""
    if isinstance(value, dict):
        return {key: escaped(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [escaped(inner) for inner in value]
    return escape(value) if isinstance(value, str) else value


def _entry(key: str, value: Any, lead: str, indent: int) -> list[str]:
    """The lines of one entry: on one line where it is short and flat, below it otherwise."""
    flow = f"{lead}{_scalar(key)}: {_flow(value)}"
    if _flat(value) and len(flow) <= WIDTH_CHARACTERS:
        return [flow]
    head = f"{lead}{_scalar(key)}:"
    inner = indent + 2
    if isinstance(value, dict) and value:
        return [head, *(line for name, each in value.items() for line in _entry(name, each, " " * inner, inner))]
    if isinstance(value, list) and value:
        return [head, *(line for member in value for line in _member(member, inner))]
    return [flow]


def _member(value: Any, indent: int) -> list[str]:
    lead = f"{' ' * indent}- "
    flow = f"{lead}{_flow(value)}"
    if not isinstance(value, dict) or not value or (_flat(value) and len(flow) <= WIDTH_CHARACTERS):
        return [flow]
    lines: list[str] = []
    for place, (name, each) in enumerate(value.items()):
        lines.extend(_entry(name, each, lead if place == 0 else " " * (indent + 2), indent + 2))
    return lines


def _flat(value: Any) -> bool:
    """Scalars, or lists of scalars, and no more than a map around them: it may stand on one line."""
    if isinstance(value, dict):
        return all(not isinstance(each, dict) and _flat(each) for each in value.values())
    if isinstance(value, list):
        return not any(isinstance(each, dict | list) for each in value)
    return True


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A scalar of YAML: text without quotes only where nobody could read it as something else."""
    if not isinstance(value, str):
        return json.dumps(value)
    if _BARE.match(value) and value.lower() not in _WORDS:
        return value
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", json.dumps(value, ensure_ascii=False))
