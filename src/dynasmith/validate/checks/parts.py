"""The table and its global indexes as parts that have a throughput each, with their names and paths."""

from collections.abc import Iterator
from typing import NamedTuple

from dynasmith.plans.capacity import scaling_of
from dynasmith.plans.change import Dimension
from dynasmith.tables.table import Index, Scaling, Table, known

DIMENSIONS: tuple[Dimension, ...] = ("read", "write")


class ThroughputPart(NamedTuple):
    """The table, or one global index of it: the value, its name in a sentence, where it stands in a definition."""

    value: Table | Index
    name: str
    prefix: str

    def path(self, setting: str) -> str:
        """The path of a setting of this part."""
        return self.prefix + setting

    def scaling(self, dimension: Dimension) -> Scaling | None:
        """How this dimension is scaled, or None where it is not, or nothing says."""
        scaling = scaling_of(self.value, dimension)
        return scaling if isinstance(scaling, Scaling) else None


def part_of_table(table: Table) -> ThroughputPart:
    """The table itself as a part."""
    return ThroughputPart(table, "the table", "")


def part_of_index(index: Index) -> ThroughputPart:
    """A global index as a part."""
    return ThroughputPart(index, f"index {index.name}", f"global_secondary_indexes.{index.name}.")


def parts_of(table: Table) -> Iterator[ThroughputPart]:
    """The table, then its global indexes."""
    yield part_of_table(table)
    for index in known(table.indexes, ()):
        yield part_of_index(index)
