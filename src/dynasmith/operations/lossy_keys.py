"""Whether operations make a key of what a mask made alike: two items would become one, and one of them be lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from dynasmith.operations.join import Join
from dynasmith.operations.mask import Mask
from dynasmith.operations.operation import Operation
from dynasmith.operations.redact import Redact
from dynasmith.operations.remove import Remove
from dynasmith.operations.rename import Rename
from dynasmith.operations.set import Set
from dynasmith.operations.split import Split
from dynasmith.operations.template import Template

_DISTINCT: Final = ("email", "uuid")
"""Forms of a mask that keep different values different."""


def lossy_key(operations: Iterable[Operation], key: Sequence[str]) -> tuple[str, Operation] | None:
    """An attribute of the key that is made of masked values alone, and the operation that masks them; None where there
    is none. What a rename, a split, a join or a template makes of them is followed, what a function makes is not.
    """
    lossy: dict[str, Operation] = {}
    for operation in operations:
        _follow(operation, lossy)
    return next(((name, lossy[name]) for name in key if name in lossy), None)


def _follow(operation: Operation, lossy: dict[str, Operation]) -> None:
    match operation:
        case Mask(path=path, as_=form) if form not in _DISTINCT:
            lossy[path.names[0]] = operation
        case Redact(path=path):
            lossy[path.names[0]] = operation
        case Remove(attribute=name) | Set(attribute=name):
            lossy.pop(name, None)
        case Rename(attribute=old, to=new, keep_old=keep_old):
            _make(lossy, [old], [new])
            if not keep_old:
                lossy.pop(old, None)
        case Split(attribute=whole, into=parts):
            _make(lossy, [whole], parts)
        case Join(attributes=parts, into=whole):
            _make(lossy, parts, [whole])
        case Template(attribute=made, pieces=pieces):
            _make(lossy, [name for _, name in pieces if name is not None], [made])


def _make(lossy: dict[str, Operation], sources: Sequence[str], targets: Sequence[str]) -> None:
    """One source that tells items apart is enough for the targets to do so."""
    masks = [lossy.get(name) for name in sources]
    for name in targets:
        if masks and (first := masks[0]) is not None and all(masks):
            lossy[name] = first
        else:
            lossy.pop(name, None)
