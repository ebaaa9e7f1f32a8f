"""YAML in one style. Lines are moved, never written again: strings, comments, anchors and the order stay."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

INDENT = 2
_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")


def format_yaml(text: str) -> str:
    """The text with an indentation of two for maps and lists, one space after a dash and a colon, no spaces at the end
    of a line, and at most one blank line. Raises yaml.YAMLError for what is not YAML."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _OTHER_BREAKS.search(text):  # YAML counts them as lines
        return text
    layout = _Layout()
    for token in yaml.scan(text, Loader=yaml.BaseLoader):
        layout.take(token)
    lines = text.split("\n")
    found = [layout.line(number, line) for number, line in enumerate(lines)]
    return _without_blanks(found, layout.kept) + "\n"


def _without_blanks(lines: list[str], kept: set[int]) -> str:
    """The lines without a second blank line in a row, and without blank ones at either end."""
    found: list[str] = []
    for number, line in enumerate(lines):
        if line or number in kept or (found and found[-1]):
            found.append(line)
    while found and not found[-1]:
        found.pop()
    return "\n".join(found)


@dataclass
class _Block:
    """A map or a list in block style: where it begins in the text, and where it shall."""

    is_list: bool
    old: int
    new: int
    #: A list whose dashes stand below the key of its map, which has no token of its own.
    flat: bool = False


@dataclass
class _Layout:
    """What each line of a text is, learnt from its tokens."""

    stack: list[_Block] = field(default_factory=list)
    #: By line: what begins there, as (old column, new column, is a dash).
    begun: dict[int, list[tuple[int, int, bool]]] = field(default_factory=dict)
    #: By line: the column of the colon behind the key that begins there.
    colons: dict[int, int] = field(default_factory=dict)
    #: By line: the columns of what is open behind it.
    open: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    #: Lines inside of a value, by how far they move; their ends are kept where they may be a part of it.
    inner: dict[int, int] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    flow: int = 0
    flow_began: int = 0

    def take(self, token: Any) -> None:
        """Learn from the next token."""
        line, column = token.start_mark.line, token.start_mark.column
        match token:
            case yaml.FlowSequenceStartToken() | yaml.FlowMappingStartToken():
                self.flow_began = line if self.flow == 0 else self.flow_began
                self.flow += 1
            case yaml.FlowSequenceEndToken() | yaml.FlowMappingEndToken():
                self.flow -= 1
                if self.flow == 0:
                    self._inside(self.flow_began + 1, line)
            case yaml.ScalarToken():
                self._scalar(token)
            case _ if self.flow:
                return
            case yaml.BlockMappingStartToken() | yaml.BlockSequenceStartToken():
                self._push(isinstance(token, yaml.BlockSequenceStartToken), column)
            case yaml.BlockEndToken():
                self._close_flat()
                self.stack.pop()
            case yaml.BlockEntryToken():
                if not self.stack[-1].is_list:
                    self._push(True, column, flat=True)
                self._begin(line, column, is_dash=True)
            case yaml.KeyToken():
                self._close_flat()
                self._begin(line, column, is_dash=False)
            case yaml.ValueToken():
                self.colons.setdefault(line, column)
        self.open[line] = [(block.old, block.new) for block in self.stack]

    def line(self, number: int, line: str) -> str:
        """A line as it shall be."""
        if not line:
            return line
        if number in self.inner:
            moved = " " * max(0, len(line) - len(line.lstrip(" ")) + self.inner[number]) + line.lstrip(" ")
            return moved if number in self.kept else moved.rstrip()
        if number in self.begun:
            return self._entry(number, line)
        if line.lstrip().startswith("#"):
            return " " * self._of_comment(number, len(line) - len(line.lstrip())) + line.strip()
        return line.rstrip()

    def _push(self, is_list: bool, column: int, *, flat: bool = False) -> None:
        new = self.stack[-1].new + INDENT if self.stack else 0
        self.stack.append(_Block(is_list, column, new, flat))

    def _close_flat(self) -> None:
        if self.stack and self.stack[-1].flat:
            self.stack.pop()

    def _begin(self, line: int, column: int, *, is_dash: bool) -> None:
        self.begun.setdefault(line, []).append((column, self.stack[-1].new, is_dash))

    def _scalar(self, token: Any) -> None:
        first, last = token.start_mark.line + 1, token.end_mark.line
        if token.style in ("|", ">"):
            last = last - 1 if token.end_mark.column == 0 else last
        if last >= first and not self.flow:
            self._inside(first, last)
        self.kept.update(range(first, last + 1))
        if token.style in ("'", '"') and last >= first:
            self.kept.add(first - 1)

    def _inside(self, first: int, last: int) -> None:
        moved = self.stack[-1].new - self.stack[-1].old if self.stack else 0
        for number in range(first, last + 1):
            self.inner.setdefault(number, moved)

    def _entry(self, number: int, line: str) -> str:
        """A line on which something begins: dashes, and perhaps a key."""
        begun = self.begun[number]
        dashes = [each for each in begun if each[2]]
        if dashes:
            rest = line[dashes[-1][0] + 1 :].lstrip()
            cut = len(line) - len(rest)
        else:
            cut = begun[0][0]
            rest = line[cut:]
        colon = self.colons.get(number)
        if colon is not None and not begun[-1][2] and colon >= cut:
            value = line[colon + 1 :]
            spaced = value if not value.strip() or value.lstrip().startswith("#") else f" {value.lstrip()}"
            rest = line[cut:colon].rstrip() + ":" + spaced
        found = " " * begun[0][1] + "- " * len(dashes) + rest
        return found if number in self.kept else found.rstrip()

    def _of_comment(self, number: int, column: int) -> int:
        """Where a comment begins: with what follows it, or with what is open before it, whichever began there too."""
        after = min((line for line in self.begun if line > number), default=None)
        before = max((line for line in self.open if line < number), default=None)
        following = [] if after is None else [(old, new) for old, new, _ in self.begun[after]]
        opened = [] if before is None else self.open[before]
        for old, new in (*following, *opened):
            if old == column:
                return new
        return following[0][1] if following else opened[-1][1] if opened and column else 0
