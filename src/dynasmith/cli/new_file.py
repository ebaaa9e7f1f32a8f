"""Files that verbs write: what exists already is never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dynasmith.errors import UsageError


def write_new(out: str, text: str) -> None:
    """Write a text to a file that is not there yet; its folder is created. Raises UsageError, and writes nothing, where
    the file exists or cannot be written."""
    try:
        if not Path(out).parent.exists():
            Path(out).parent.mkdir(parents=True, exist_ok=True)
        with Path(out).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"The file {out} exists already.", hint="name another one") from error
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}.", hint="name another file") from error


def check_new(out: str) -> None:
    """Raise UsageError where `write_new` would, before there is anything to write."""
    if os.path.lexists(out):
        raise UsageError(f"The file {out} exists already.", hint="name another one")
    folder = Path(out).absolute().parent
    while not os.path.lexists(folder):
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        why = "may not be written to" if folder.is_dir() else "is not a folder"
        raise UsageError(f"{out} cannot be written: {folder} {why}.", hint="name another file")


def write_or_print(out: str | None, text: str) -> None:
    """Write a text to a new file, or to stdout where none is named. Raises UsageError as `write_new` does."""
    if out is None:
        click.echo(text, nl=False)
    else:
        write_new(out, text)
