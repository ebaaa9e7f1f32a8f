"""JSON and JSON5, where the places of values do not matter: configuration of other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dynasmith.errors import UsageError


def read_json5(file: Path) -> Any:
    """The value of a file in JSON or JSON5 (comments, names without quotes, commas at the end).

    Raises UsageError where the file cannot be read, is neither, or is JSON5 and the package json5 is not installed.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{file} cannot be read: {reason}.", hint="check the name of the file") from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as fault:
        try:
            import json5
        except ImportError as error:
            raise UsageError(
                f"{file} is not JSON (line {fault.lineno}: {fault.msg}), and JSON5 needs the package json5.",
                hint='pip install "dynasmith[onetable]"',
            ) from error
        try:
            return json5.loads(text, allow_duplicate_keys=False)
        except ValueError as error:
            raise UsageError(f"{file} is neither JSON nor JSON5: {error}.", hint="fix the file") from error
        except RecursionError as error:
            raise UsageError(f"{file} is nested too deep.", hint="fix the file") from error
