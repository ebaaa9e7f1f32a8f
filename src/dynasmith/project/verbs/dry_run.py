"""The transform of a dry run: what is pure runs here, user code in a guarded process, the rest here, and it says so."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import partial
from importlib.machinery import PathFinder

from dynasmith.aws.control.session import Session
from dynasmith.aws.data.service_endpoint import Transport
from dynasmith.engine.crypto.key_set import KeySet
from dynasmith.engine.user_code.dry_run import UNGUARDED, GuardedTransform, Keeping, LoadedTransform, UnguardedTransform
from dynasmith.errors import UsageError
from dynasmith.items.transform import Function
from dynasmith.items.user_function import ComposedTransform
from dynasmith.operations.cipher_operation import CipherOperation
from dynasmith.operations.keyed_operation import KeyedOperation
from dynasmith.ports.guard import Guard
from dynasmith.project.verbs.transform_operations import operations_in
from dynasmith.project.verbs.transforms import (
    AnyTransform,
    ItemTransform,
    function_of,
    importable_name,
    is_user_code,
    load_transform,
    name_of,
)


def rehearsed(
    transform: AnyTransform | None,
    folder: str,
    session: Session,
    transport: Transport,
    *,
    in_place: bool = False,
    keys: KeySet | None = None,
) -> tuple[Function | None, Keeping]:
    """A transform for a dry run, and how its user code is kept dry. ``in_place`` is for a backfill, ``keys`` are for
    operations that encrypt, decrypt and mask.

    A module is not imported here: its import is user code too. Raises UsageError for operations that are wrong; for a
    module that is, loading it raises that in the guarded process.
    """
    if transform is None:
        return None, None
    several = transform if isinstance(transform, list | tuple) else (transform,)
    if not is_user_code(transform) or not all(map(_is_found_elsewhere, several)):
        keeping = UnguardedTransform() if is_user_code(transform) else None
        return function_of(transform, folder, in_place=in_place, keys=keys), keeping
    _refuse_keys(transform, folder)
    named = name_of(transform)

    def opened() -> AbstractContextManager[Guard]:
        from dynasmith.aws.control.guard.server import (
            open_guard,  # a web server, which only a dry run with user code needs
        )

        return open_guard(session, transport=transport)

    return LoadedTransform(partial(load_transform, named, folder, in_place=in_place)), GuardedTransform(opened)


def _refuse_keys(transform: AnyTransform, folder: str) -> None:
    """Raise UsageError for an operation that needs keys, which a process with user code does not get."""
    for operation in operations_in(transform, folder):
        if isinstance(operation, CipherOperation | KeyedOperation):
            raise UsageError(
                f"{operation.describe()} cannot be combined with your own code in a dry run, which runs without keys.",
                hint="give it a dry run of its own",
            )


def unguarded(function: Function | None) -> Keeping:
    """How the transform of a verb is kept that runs it here, as a real run does: user code is said to be unguarded."""
    return UnguardedTransform(UNGUARDED) if is_user_code(function) else None


def _is_found_elsewhere(transform: ItemTransform) -> bool:
    """Whether another process can be given the transform: it is text or operations, or that very function is found
    there by its name."""
    if isinstance(transform, str) or not is_user_code(transform):
        return True
    if isinstance(transform, ComposedTransform):
        return all(_is_importable(each) for each in transform.parts)
    return _is_importable(transform)


def _is_importable(transform: object) -> bool:
    """Whether that very function or class is found by its name elsewhere."""
    module, _, path = importable_name(transform).partition(":")
    found: object = sys.modules.get(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    if found is not transform:
        return False
    return PathFinder.find_spec(module.partition(".")[0]) is not None
