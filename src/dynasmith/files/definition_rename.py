"""Another name for a table in its definition files: the smallest change of their text."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from dynasmith.errors import UsageError
from dynasmith.files.definitions import definition_files
from dynasmith.files.documents import read_text
from dynasmith.files.layout_styles.definition_format import replace_text
from dynasmith.files.yaml_text import plain_scalar
from dynasmith.tables.document import Node
from dynasmith.tables.findings import DefinitionFinding
from dynasmith.tables.substitution import real
from dynasmith.tables.variables import substitute

_BOM: Final = "\ufeff"
# From the key to the name: JSON, TOML, YAML, where the name may have an anchor.
_HEAD: Final = re.compile(r"""(?P<key>["']?)name(?P=key)[ \t]*[:=]\s*(?:&\S+[ \t]+)?(?P<quote>["']?)""")
_END: Final = re.compile(r"[\s,}\]]|\Z")


class RenamedFile(Struct, frozen=True, kw_only=True):
    """A definition file whose table has another name: its path, and its text before and after."""

    path: str
    before: str
    after: str


class DefinitionRename(Struct, frozen=True, kw_only=True):
    """What the definition files need for another name of a table. ``files`` are those whose text changes; ``by_hand``
    says in sentences what no text here can be changed for, with file and line."""

    files: tuple[RenamedFile, ...] = ()
    by_hand: tuple[str, ...] = ()


class _Defined(Struct, frozen=True):
    """A file, its text, its document, and where that names a table, in each environment too."""

    path: str
    text: str
    document: Node
    tables: tuple[Node, ...]
    overrides: Mapping[str, tuple[Node, ...]]

    def names(self, environment: str | None) -> tuple[Node, ...]:
        """The names in ``tables`` and in an environment; None is every environment."""
        chosen = self.overrides.values() if environment is None else [self.overrides.get(environment, ())]
        return (*self.tables, *(name for names in chosen for name in names))


def table_rename(
    paths: Sequence[str], old: str, new: str, variables: Mapping[str, str], environment: str = ""
) -> DefinitionRename:
    """The change that gives the table ``old`` the name ``new`` (both without prefix and suffix) in these files and
    globs, in ``tables`` and in what each environment says of it. A table that ``tables`` does not have is that of
    ``environment`` alone. Comments, quotes and line ends stay.

    A text that would say something else afterwards than the new name is not changed: it is among ``by_hand``. So is a
    name that comes from a variable, and everything where ``new`` is defined already beside ``old``. A file that cannot
    be read is passed over. Reads the files, writes nothing.
    """
    defined = list(_defined(paths))
    base = [name for each in defined for name in each.tables]
    everywhere = any(_value(name, variables) in (old, new) for name in base)
    found = {
        each.path: [name for name in each.names(None if everywhere else environment) if _value(name, variables) == old]
        for each in defined
    }
    taken = next((name for name in base if _value(name, variables) == new), None)
    if taken is not None and any(_value(name, variables) == old for name in base):
        places = [_place(name) for names in found.values() for name in names]
        return DefinitionRename(by_hand=(f"{_place(taken)} defines {new} already: remove {old} at {places[0]}.",))
    files: list[RenamedFile] = []
    by_hand: list[str] = []
    for each in defined:
        names = found[each.path]
        written = {name.path: _written(name.value, real(_value(name, variables)), new) for name in names}
        by_hand += [
            f"{_place(name)}: the name comes from {name.value}, which must become {new}."
            for name in names
            if not written[name.path]
        ]
        wanted = [(name, written[name.path]) for name in names if written[name.path]]
        after = _edited(each, wanted)
        if after is None:
            by_hand += [f"{_place(name)}: write {text} in place of {name.value}." for name, text in wanted]
        elif wanted:
            files.append(RenamedFile(path=each.path, before=each.text, after=after))
    return DefinitionRename(files=tuple(files), by_hand=tuple(by_hand))


def write_rename(rename: DefinitionRename) -> None:
    """Put the new texts in place, each in one step and in order. Raises UsageError for a file that was changed
    meanwhile or cannot be written: those before it are written then, and `table_rename` finds the rest again."""
    for each in rename.files:
        path = Path(os.path.realpath(each.path))
        try:
            if path.read_bytes() != each.before.encode():
                raise UsageError(f"{shown_path(each.path)} was changed meanwhile.", hint="run the command again")
            replace_text(path, each.after)
        except OSError as error:
            raise UsageError(
                f"{shown_path(each.path)} cannot be written: {error.strerror}.",
                hint="make it writable, and run the command again",
            ) from error


def shown_path(path: str) -> str:
    """A path below the working directory as relative to it, any other as it is."""
    try:
        return str(Path(path).absolute().relative_to(Path.cwd()))
    except ValueError:
        return path


def _defined(paths: Sequence[str]) -> Iterator[_Defined]:
    for path in definition_files(paths)[0]:
        try:
            text = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        document = _document(text, str(path))
        if document is not None:
            environments = document.get("environments")
            said = {} if environments is None else environments.entries()
            overrides = {name: tuple(_names(each)) for name, each in said.items()}
            yield _Defined(str(path), text, document, tuple(_names(document)), overrides)


def _document(text: str, path: str) -> Node | None:
    read = read_text(text.removeprefix(_BOM), path, Path(path).suffix)
    return None if isinstance(read, DefinitionFinding) else read


def _names(document: Node) -> Iterator[Node]:
    """The names of the tables of a document, or of what an environment says."""
    tables = document.get("tables")
    for member in () if tables is None else tables.members():
        name = member.get("name")
        if name is not None and isinstance(name.value, str):
            yield name


def _value(name: Node, variables: Mapping[str, str]) -> Any:
    return substitute(name, variables, []).value


def _place(name: Node) -> str:
    return f"{shown_path(name.file)}:{name.line}"


def _written(raw: str, value: str, new: str) -> str:
    """How ``new`` is written where ``raw``, which is ``value``, stands: what comes of variables stays, and what follows
    them changes. Empty where no such text is ``new``."""
    if "${" not in raw:
        return new
    head, brace, tail = raw.rpartition("}")
    known = value[: len(value) - len(tail)]
    if not tail or not value.endswith(tail) or not new.startswith(known) or new == known:
        return ""
    return head + brace + new[len(known) :]


def _edited(file: _Defined, names: Sequence[tuple[Node, str]]) -> str | None:
    """The text with these names in it; None where one of them cannot be found, or anything else would change."""
    text = file.text.removeprefix(_BOM)
    spans = [(_span(text, name), name, new) for name, new in names]
    for span, _, new in sorted(spans, key=lambda each: each[0] or (0, 0), reverse=True):
        if span is None:
            return None
        start, end = span
        quoted = text[start - 1] in "\"'"
        text = text[:start] + (new if quoted or isinstance(plain_scalar(new), str) else f'"{new}"') + text[end:]
    text = _BOM * file.text.startswith(_BOM) + text
    after = _document(text, file.path)
    return text if after is not None and _renamed(file.document, after, dict(_paths(names))) else None


def _paths(names: Sequence[tuple[Node, str]]) -> Iterator[tuple[str, str]]:
    for name, new in names:
        yield name.path, new


def _span(text: str, name: Node) -> tuple[int, int] | None:
    """Where a name stands in the text, without its quotes."""
    start = 0
    for _ in range(name.line - 1):
        start = text.find("\n", start) + 1
    head = _HEAD.match(text, start + name.column - 1)
    if head is None:
        return None
    start, end = head.end(), head.end() + len(name.value)
    ended = text[end : end + 1] == head["quote"] if head["quote"] else _END.match(text, end)
    return (start, end) if text[start:end] == name.value and ended else None


def _renamed(before: Node, after: Node, names: Mapping[str, str]) -> bool:
    """Whether a document is another one with these names, by their paths, and no other change."""
    wanted = [(each.path, repr(names.get(each.path, _scalar(each)))) for each in before.walk()]
    return wanted == [(each.path, repr(_scalar(each))) for each in after.walk()]


def _scalar(node: Node) -> Any:
    return type(node.value) if node.is_map or node.is_list else node.value
