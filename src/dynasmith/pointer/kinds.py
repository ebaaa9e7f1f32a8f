"""`pointer_at`: the pointer that a text names."""

from typing import Final

from dynasmith.errors import UsageError
from dynasmith.pointer.command import CommandPointer
from dynasmith.pointer.file import FilePointer
from dynasmith.pointer.parameter import ParameterPointer, boto_call
from dynasmith.pointer.place import Pointer, SsmCall

KINDS: Final = ("ssm", "file", "hook")


def pointer_at(place: str, ssm: SsmCall | None = None) -> Pointer:
    """The pointer that a text names. ``ssm`` makes calls of Systems Manager (boto3's own where it is not given).

    Raises UsageError for a text that names none. Nothing is read.
    """
    kind, _, rest = place.partition(":")
    if kind not in KINDS or not rest.strip():
        raise UsageError(f"{place!r} is not a pointer.", hint="write ssm:/shop/orders, file:orders.txt or hook:COMMAND")
    match kind:
        case "ssm":
            return ParameterPointer(rest, ssm or boto_call)
        case "file":
            return FilePointer(rest)
        case _:
            return CommandPointer(rest)
