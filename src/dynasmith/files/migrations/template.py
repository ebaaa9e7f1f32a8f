"""A new file of a migration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dynasmith.errors import UsageError
from dynasmith.migrations.file_name import file_name, name_of

TEMPLATE: Final = '''"""What this migration is for, and what stops working until it is done."""

from dynasmith.migrations import Migration

description = {description!r}


def up(m: Migration) -> None:
    """Bring the data to {version}. It runs again from its top after an interruption: finished steps are skipped."""
{lines}

# def down(m: Migration) -> None: without it the reverse of the steps is derived, where there is one.
'''


def new_file(folder: Path, version: str, message: str, lines: Sequence[str] = ()) -> Path:
    """Write the file of a new migration, with these lines in its ``up``; the folder is made where there is none.

    Raises UsageError where it cannot be written.
    """
    path = folder / file_name(version, name_of(message))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(
                TEMPLATE.format(description=message, version=version, lines="".join(f"    {line}\n" for line in lines))
            )
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
    return path
