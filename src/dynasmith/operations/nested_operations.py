"""The operations of a transform that may be made of several."""

from __future__ import annotations

from collections.abc import Iterator

from dynasmith.items.transform import Function
from dynasmith.operations.chain import Chain
from dynasmith.operations.document import Operations
from dynasmith.operations.operation import Operation
from dynasmith.operations.personal_counter import PersonalCounter


def operations_of(function: Function | None) -> Iterator[Operation]:
    """The operations of a transform in their order; functions among them have none."""
    match function:
        case Operations():
            yield from function.operations
        case Chain():
            for part in function.functions:
                yield from operations_of(part)
        case PersonalCounter():
            yield from operations_of(function.function)
