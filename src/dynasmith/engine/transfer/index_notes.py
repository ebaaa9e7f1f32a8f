"""What operations leave behind in the indexes of a target: names that its items do not have any more."""

from collections.abc import Sequence

from dynasmith.operations import Add, Join, Operation, Rename, Set, Split, Template
from dynasmith.tables.table import Index, LocalIndex, Table, known


def index_notes(table: Table, operations: Sequence[Operation]) -> list[str]:
    """A note for each attribute that operations rename and that an index of ``table`` has in its key or includes."""
    indexes: list[Index | LocalIndex] = [*known(table.indexes, ()), *known(table.local_indexes, ())]
    return [
        note
        for index in indexes
        for old, new in _renamed(operations).items()
        if old not in table.key.names and (note := _note(index, old, new))
    ]


def _note(index: Index | LocalIndex, old: str, new: str) -> str:
    if old in index.key.names:
        return (
            f"index {index.name} still has {old} in its key; items in which it is renamed to {new} are not in the index"
        )
    if old in index.projection.attributes:
        return f"index {index.name} still includes {old}; it is renamed to {new}, so change the projection of the index"
    return ""


def _renamed(operations: Sequence[Operation]) -> dict[str, str]:
    """Attributes under the name that they have in the end, without names that are there again then."""
    renamed: dict[str, str] = {}
    for operation in operations:
        match operation:
            case Rename(attribute=old, to=new, keep_old=False):
                renamed = {name: new if now == old else now for name, now in renamed.items()} | {old: new}
                renamed.pop(new, None)
            case (
                Rename(to=name) | Add(attribute=name) | Set(attribute=name) | Template(attribute=name) | Join(into=name)
            ):
                renamed.pop(name, None)
            case Split(into=names):
                for name in names:
                    renamed.pop(name, None)
    return renamed
