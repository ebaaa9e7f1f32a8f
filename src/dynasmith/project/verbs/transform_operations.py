"""The operations of a transform, without loading code of the user's."""

from __future__ import annotations

from dynasmith.operations import Chain, Operation, Operations
from dynasmith.project.verbs.transforms import AnyTransform, is_user_code, loaded, names_of


def operations_in(transform: AnyTransform | None, folder: str) -> list[Operation]:
    """The operations of a transform in their order; functions among them are left out. Reads operations files."""
    several = names_of(transform) if isinstance(transform, str) else transform
    found: list[Operation] = []
    for each in several if isinstance(several, list | tuple) else (several,):
        if each is None or is_user_code(each):
            continue
        function = loaded(each, folder)
        parts = function.functions if isinstance(function, Chain) else (function,)
        found += [one for part in parts if isinstance(part, Operations) for one in part.operations]
    return found
