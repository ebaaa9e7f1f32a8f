"""YAML text -> nodes with their places, by YAML 1.2's few words: no `yes`, `on`, dates or octal surprises."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from dynasmith.files.text_error import BrokenText
from dynasmith.tables.document import Node, join_path

# The composer gives nodes with marks; the base loader resolves nothing, so that the resolving is ours.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

# YAML 1.2 core schema, section 10.3.2.
_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_BOOLEAN = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_WHOLE = re.compile(r"[-+]?[0-9]{1,400}\Z")
_HEX_OR_OCTAL = re.compile(r"0o[0-7]{1,400}\Z|0x[0-9a-fA-F]{1,400}\Z")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_TAG = "tag:yaml.org,2002:"
_COLLECTIONS = (f"{_TAG}map", f"{_TAG}seq")

# An alias may be used often: this many values bound what a small file can expand to.
NODES_MAX: Final = 500_000
DEPTH_MAX: Final = 64


def read_yaml(text: str, file: str) -> Node:
    """The document of a YAML text. BrokenText with line and column where it is none, or says a key twice."""
    try:
        _check_depth(text)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = max(1, len(text.splitlines()))  # a mark may stand behind the end
        place = (min(mark.line + 1, last), mark.column + 1) if mark is not None else (1, 1)
        raise BrokenText(f"is not YAML: {error.problem or error.context}", *place) from None
    except yaml.YAMLError as error:
        raise BrokenText(f"is not YAML: {' '.join(str(error).split())}", 1, 1) from None
    if root is None:
        return Node({}, file)
    return _Walk(file).node(root, "", root.start_mark, ())


def _check_depth(text: str) -> None:
    """Raise BrokenText where a text is nested too deeply, or holds too much, before the composer recurses over it.

    The parser of events does not recurse; libyaml's composer does, in C, and would overflow the stack.
    """
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX or number > 2 * NODES_MAX:
            mark: Any = event.start_mark
            why = f"is nested deeper than {DEPTH_MAX}" if depth > DEPTH_MAX else f"holds more than {NODES_MAX} values"
            raise BrokenText(f"the document {why}", mark.line + 1, mark.column + 1)


class _Walk:
    """One walk over the composed tree; it counts, so that aliases cannot multiply without end."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._count = 0

    def node(self, node: yaml.Node, path: str, mark: Any, above: tuple[int, ...]) -> Node:
        """Our node of a composed one; ``mark`` is where it is named, ``above`` the nodes that it stands in."""
        line, column = mark.line + 1, mark.column + 1
        self._count += 1
        if self._count > NODES_MAX:
            raise BrokenText(f"holds more than {NODES_MAX} values, aliases expanded", line, column)
        if id(node) in above or len(above) > DEPTH_MAX:
            why = "holds itself through an alias" if id(node) in above else f"is nested deeper than {DEPTH_MAX}"
            raise BrokenText(f"{path or 'the document'} {why}", line, column)
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _COLLECTIONS:
            raise BrokenText(f"uses the tag {node.tag.replace(_TAG, '!!')}, and a definition has no tags", line, column)
        inside = (*above, id(node))
        if isinstance(node, yaml.MappingNode):
            value: Any = self._map(node, path, inside)
        elif isinstance(node, yaml.SequenceNode):
            value = tuple(
                self.node(member, join_path(path, place), member.start_mark, inside)
                for place, member in enumerate(node.value)
            )
        else:
            return Node(_resolved(node), self._file, line, column, path, node.value)  # type: ignore[arg-type]  # the third kind of node
        return Node(value, self._file, line, column, path)

    def _map(self, node: yaml.MappingNode, path: str, inside: tuple[int, ...]) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise BrokenText("a key must be text", key.start_mark.line + 1, key.start_mark.column + 1)
            name = key.value
            if name == "<<" and not key.style:
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    given = self.node(source, path, source.start_mark, inside)
                    merged = {**given.entries(), **merged}
                continue
            if name in entries:
                first = entries[name].line
                raise BrokenText(
                    f"{join_path(path, name)} is defined twice, first in line {first}",
                    key.start_mark.line + 1,
                    key.start_mark.column + 1,
                )
            entries[name] = self.node(value, join_path(path, name), key.start_mark, inside)
        return {**merged, **entries}


def _resolved(node: yaml.ScalarNode) -> Any:
    """The value of a scalar: text where it is quoted, otherwise by YAML 1.2's core schema."""
    if node.tag != f"{_TAG}str":
        place = node.start_mark.line + 1, node.start_mark.column + 1
        raise BrokenText(f"uses the tag {node.tag.replace(_TAG, '!!')}, and a definition has no tags", *place)
    quoted = node.style in ("'", '"', "|", ">")
    if quoted:
        return node.value
    return plain_scalar(node.value)


def plain_scalar(text: str) -> Any:
    """What an unquoted scalar means by YAML 1.2: null, a boolean, a number or text."""
    if _NULL.match(text):
        return None
    if _BOOLEAN.match(text):
        return text.lower() == "true"
    if _WHOLE.match(text):
        return int(text)
    if _HEX_OR_OCTAL.match(text):
        return int(text, 0)
    if _NUMBER.match(text):
        return float(text)
    return text
