"""Where in a person's own code a transform failed: the lines of that code, without the frames of ours around it."""

from pathlib import Path
from traceback import extract_tb, format_exception_only, format_list

from dynasmith.errors import DynasmithError

_OURS = str(Path(__file__).parents[2])


class RemoteTraceback(Exception):
    """The trace of what a transform raised in a process of its own: the cause of the exception that came over."""


def trace_of(error: BaseException) -> str:
    """The trace of what ``error`` was made from, in the user's code only; empty where there is none of it."""
    cause = error.__cause__
    if cause is None or isinstance(cause, DynasmithError):
        return ""
    if isinstance(cause, RemoteTraceback):
        return str(cause)
    theirs = [frame for frame in extract_tb(cause.__traceback__) if not frame.filename.startswith(_OURS)]
    return "".join([*format_list(theirs), *format_exception_only(cause)]).rstrip() if theirs else ""
