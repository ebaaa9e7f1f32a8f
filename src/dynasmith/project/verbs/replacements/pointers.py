"""The pointer of a replacement, by its text: a file beside the project file, a parameter of the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dynasmith.aws.control.pointer_calls import ssm_call
from dynasmith.aws.control.session import Session
from dynasmith.errors import UsageError
from dynasmith.pointer import Pointer, pointer_at

_FILE: Final = "file:"


def pointer_of(text: str, folder: str, session: Session) -> Pointer:
    """The pointer. Raises UsageError for a text that names none. Nothing is read."""
    if not text:
        raise UsageError(
            "Nothing says where the application reads the name of its table.",
            hint="--pointer file:PATH, ssm:/NAME or hook:COMMAND",
        )
    if text.startswith(_FILE) and text != _FILE:
        text = f"{_FILE}{Path(folder) / text.removeprefix(_FILE)}"
    return pointer_at(text, ssm_call(session))
