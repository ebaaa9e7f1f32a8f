"""`dynasmith fmt`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from dynasmith.cli.counts import counted
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import DynasmithError, UsageError
from dynasmith.project.redaction import HIDDEN

if TYPE_CHECKING:
    from dynasmith.project.verbs.definition_format import FormattedFile

_STDIN = "-"


@verb("fmt", example="dynasmith fmt --check tables/*.yaml")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--check", is_flag=True, help="Change nothing; print what would change, and exit 3 where something would."
)
def command(invocation: Invocation, files: tuple[str, ...], check: bool) -> int:
    """Format definition files in place: indentation, spaces and blank lines. Comments, order and values stay.

    FILE is YAML, JSON or TOML; - reads standard input and writes to standard output. All files are read before the
    first is written.
    """
    from dynasmith.project.verbs.definition_format import format_definition

    look = check or invocation.dry_run
    if _STDIN in files:
        if len(files) > 1:
            raise UsageError("- stands for standard input, and other files are named.", hint="name files, or -")
        return _of_stdin(invocation, look=look, check=check)
    found = [format_definition(file, write=False) for file in dict.fromkeys(files)]
    changed = [each for each in found if each.changed]
    written: list[str] = []
    for each in () if look else changed:
        try:
            format_definition(each.file, write=True)
        except DynasmithError as error:
            error.message += f" Formatted before it: {', '.join(written) or 'none'}."
            raise
        written.append(each.file)
    if invocation.as_json:
        print_json([_document(invocation, each.file, each) for each in found])
    elif look:
        for each in changed:
            click.echo(each.file if invocation.redact else each.diff)
    verb_words = "would be formatted" if look else "formatted"
    invocation.say(f"{counted(len(changed), 'file')} {verb_words}, {len(found) - len(changed):,} unchanged.")
    return 3 if check and changed else 0


def _of_stdin(invocation: Invocation, *, look: bool, check: bool) -> int:
    from dynasmith.project.verbs.definition_format import formatted_text, text_diff

    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("Standard input is not text in UTF-8.", hint="save it as UTF-8") from error
    if not look and not invocation.as_json:
        click.echo(formatted_text(text, "standard input"), nl=False)
        return 0
    found = text_diff("standard input", text)
    if invocation.as_json:
        print_json([_document(invocation, _STDIN, found)])
    elif found.changed:
        click.echo(_STDIN if invocation.redact else found.diff)
    return 3 if check and found.changed else 0


def _document(invocation: Invocation, name: str, found: FormattedFile) -> dict[str, object]:
    """A file as programs read it; a diff may show items of a definition."""
    return {"file": name, "changed": found.changed, "diff": HIDDEN if invocation.redact and found.diff else found.diff}
