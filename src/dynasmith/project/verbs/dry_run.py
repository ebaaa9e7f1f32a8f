"""The transform of a dry run: what is pure runs here, user code in a guarded process, the rest here, and it says so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from importlib.machinery import PathFinder
from typing import Any

from dynasmith.aws.control.session import Session
from dynasmith.aws.data.service_endpoint import Transport
from dynasmith.engine.guarded.dry_run import UNGUARDED, GuardedTransform, Keeping, LoadedTransform, UnguardedTransform
from dynasmith.items.operations.document import Operations
from dynasmith.items.transform import Function
from dynasmith.ports.guard import Guard
from dynasmith.project.transforms import SUFFIXES, UNNAMED, load_transform, name_of, with_ctx


def rehearsed(
    transform: str | Callable[..., Any] | None, folder: str, session: Session, transport: Transport
) -> tuple[Function | None, Keeping]:
    """A transform for a dry run, and how its user code is kept dry.

    A module is not imported here: its import is user code too. Raises UsageError for an operations file that is wrong;
    for a module that is, loading it raises that in the guarded process.
    """
    if transform is None:
        return None, None
    if isinstance(transform, Operations):
        return transform, None
    if isinstance(transform, str):
        if transform.lower().endswith(SUFFIXES):
            return load_transform(transform, folder), None
        named = transform
    else:
        named = _name_elsewhere(transform)
        if not named:
            return with_ctx(transform), UnguardedTransform()

    def opened() -> AbstractContextManager[Guard]:
        from dynasmith.aws.control.guard.server import (
            open_guard,  # a web server, which only a dry run with user code needs
        )

        return open_guard(session, transport=transport)

    return LoadedTransform(partial(load_transform, named, folder)), GuardedTransform(opened)


def unguarded(function: Function | None) -> Keeping:
    """How the transform of a verb is kept that runs it here, as a real run does: user code is said to be unguarded."""
    return None if function is None or isinstance(function, Operations) else UnguardedTransform(UNGUARDED)


def _name_elsewhere(function: Callable[..., Any]) -> str:
    """``module:function`` by which another process finds that very function; empty where there is no such name."""
    named = name_of(function)
    if named == UNNAMED:
        return ""
    module, _, name = named.partition(":")
    if getattr(sys.modules.get(module), name, None) is not function:
        return ""
    return named if PathFinder.find_spec(module.partition(".")[0]) is not None else ""
