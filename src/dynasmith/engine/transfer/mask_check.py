"""Whether operations that mask fit the table that their items go into, asked before the first item."""

from __future__ import annotations

from dynasmith.errors import UsageError
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Function, Policy
from dynasmith.operations import Keep, Mask, Operation, Redact, Sample, ShiftDates
from dynasmith.operations.keyed_operation import KeyedOperation
from dynasmith.operations.lossy_keys import lossy_key
from dynasmith.operations.nested_operations import operations_of
from dynasmith.operations.pseudonym import Pseudonyms


def check_masks(function: Function | None, target: KeySchema, policy: Policy) -> None:
    """Raise UsageError for a mask on a key, which only a hash may replace, and for dead letters beside masks, which
    would hold items as they were."""
    if not getattr(function, "masks", False):
        return
    if policy == "dead":
        raise UsageError(
            "Dead letters would hold items as they were before they are masked.",
            hint="leave out --on-error dead; on_error: drop of an operation takes away values that it cannot mask",
        )
    for operation in operations_of(function):
        _check_key(operation, target.names)
    if found := lossy_key(operations_of(function), target.names):
        name, mask = found
        raise UsageError(
            f"{name}, which is in the key of the table, is made of what {mask.describe()} makes alike: two items could "
            "become one.",
            hint=f"make {name} of something that is hashed, such as {{hash: {name}}}",
        )


def sealing_keys(function: Function | None) -> Pseudonyms | None:
    """The key with which a job seals where its pages begin; None where nothing is masked by a key."""
    found = (each.keys for each in operations_of(function) if isinstance(each, KeyedOperation))
    return next((keys for keys in found if keys is not None), None)


def sample_notes(function: Function | None, limit: int | None = None) -> list[str]:
    """What a dry run says about samples, and about a ``limit`` of items."""
    ends = [] if limit is None else [f"the job is done when {limit:,} items are sent, and reads no further"]
    return ends + [
        f"{'the source' if ends else 'the whole source'} is read, and about {operation.share} of it is written"
        for operation in operations_of(function)
        if isinstance(operation, Sample)
    ]


def _check_key(operation: Operation, key: tuple[str, ...]) -> None:
    match operation:
        case Mask(path=path) | Redact(path=path):
            named = [path.names[0]]
        case ShiftDates(paths=paths):
            named = [path.names[0] for path in paths]
        case Keep(paths=paths):
            missing = [name for name in key if (name,) not in [path.names for path in paths]]
            if missing:
                raise UsageError(
                    f"{operation.describe()} leaves out {missing[0]}, which is in the key of the table.",
                    hint=f"add {missing[0]}; {{hash: {missing[0]}}} before it hides what it says",
                )
            return
        case _:
            return
    for name in key:
        if name in named:
            raise UsageError(
                f"{operation.describe()}: {name} is in the key of the table, where two items could become one.",
                hint=f"write {{hash: {name}}}",
            )
