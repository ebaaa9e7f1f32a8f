"""Definition files in one style: what `dynasmith fmt` does. No project is needed, and nothing is called."""

from __future__ import annotations

import difflib
from pathlib import Path

from msgspec import Struct

from dynasmith.files.layout_styles.definition_format import format_file, format_text


class FormattedFile(Struct, frozen=True, kw_only=True):
    """A file that was looked at: whether its text differs from the formatted one, and how (a unified diff)."""

    file: str
    changed: bool
    diff: str = ""


def format_definition(path: str, *, write: bool) -> FormattedFile:
    """Format a definition file in place, in one step; without ``write`` only look. Raises UsageError and
    DefinitionError for what cannot be read: the file is then as it was."""
    before, after = format_file(Path(path), write=write)
    return FormattedFile(file=path, changed=before != after, diff=_diff(path, before, after))


def formatted_text(text: str, name: str) -> str:
    """A definition's text, formatted. Raises DefinitionError for what is not a definition file."""
    return format_text(text, name)


def text_diff(name: str, text: str) -> FormattedFile:
    """The same for a text that is in no file."""
    after = format_text(text, name)
    return FormattedFile(file=name, changed=text != after, diff=_diff(name, text, after))


def _diff(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, f"{name} (formatted)", lineterm="")
    return "\n".join(lines)
