"""Errors on their way from a worker: code, sentence, hint and trace as text, never an object.

An error of dynasmith is raised again as its own class, where its attributes are plain; any other is a `RunError` that
names it.
"""

import sys
from typing import Any

from msgspec import Struct

from dynasmith.engine.workers.user_traceback import RemoteTraceback, trace_of
from dynasmith.errors import DynasmithError, RemoteFailure, RunError


class WorkerFailure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was raised in a worker. ``name`` is ``module:Class`` of an error of dynasmith, else empty; ``fields`` are
    its other attributes as JSON, None where they are more than that; ``kind`` is the name of the class alone."""

    kind: str
    message: str
    name: str = ""
    code: str = "error"
    hint: str = ""
    exit: int = 1
    trace: str = ""
    fields: dict[str, Any] | None = None


def failure_of(error: BaseException) -> WorkerFailure:
    """An error as text, with the trace of the user's code that raised it."""
    kind, trace = type(error).__name__, trace_of(error)
    if not isinstance(error, DynasmithError):
        return WorkerFailure(kind=kind, message=str(error), trace=trace)
    left = {name: value for name, value in vars(error).items() if name not in ("message", "hint")}
    plain = all(map(_is_plain, left.values()))
    return WorkerFailure(
        kind=kind,
        message=error.message,
        name=f"{type(error).__module__}:{type(error).__qualname__}",
        code=error.code,
        hint=error.hint,
        exit=error.exit,
        trace=trace,
        fields=left if plain else None,
    )


def _is_plain(value: object) -> bool:
    """Whether an attribute comes back as it was: a tuple, which is a list on the way, of what JSON holds, or that."""
    if type(value) is tuple:
        return all(map(_is_json, value))
    return not isinstance(value, list) and _is_json(value)


def _is_json(value: object) -> bool:
    if isinstance(value, dict):
        return type(value) is dict and all(type(key) is str and _is_json(each) for key, each in value.items())
    if isinstance(value, list):
        return type(value) is list and all(map(_is_json, value))
    return isinstance(value, bool | int | float | str | None)


def raised(failure: WorkerFailure, subject: str = "The transform", hint: str = "") -> DynasmithError:
    """The error to raise for it here; ``subject`` raised what is not an error of dynasmith."""
    error: DynasmithError
    if failure.name:
        error = _same(failure)
    else:
        error = RunError(f"{subject} raised {failure.kind}: {failure.message}.", hint=hint)
    error.__cause__ = RemoteTraceback(failure.trace) if failure.trace else None
    return error


def _same(failure: WorkerFailure) -> DynasmithError:
    """The error of its own class. Nothing of the text is called: classes of dynasmith alone are looked for."""
    module, _, name = failure.name.partition(":")
    kind: object = None
    if failure.fields is not None and module.partition(".")[0] == "dynasmith":
        kind = getattr(sys.modules.get(module), name, None)  # importing what a worker names would run it
    if not (isinstance(kind, type) and issubclass(kind, DynasmithError)):
        return RemoteFailure(failure.code, failure.message, failure.hint, failure.exit)
    error = kind.__new__(kind)
    DynasmithError.__init__(error, failure.message, hint=failure.hint)
    for attribute, value in (failure.fields or {}).items():
        setattr(error, attribute, tuple(value) if isinstance(value, list) else value)
    return error
