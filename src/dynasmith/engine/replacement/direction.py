"""The two directions of a replacement: from the old table to the new one, and back."""

from dataclasses import dataclass
from typing import Final

from dynasmith.engine.replacement.inverse_mapping import InverseMapping
from dynasmith.engine.replacement.inverse_tables import InverseTables
from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.owned_tables import OwnedTables
from dynasmith.engine.transfer.replacement_world import ReplacementWorld
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.jobs.spec import Replace
from dynasmith.ports.model_items import ModelItems

LOG_SEGMENTS: Final = 4
"""Parts of the journal of a replacement: of each direction what its capture read, and what its drain writes."""


@dataclass(frozen=True, slots=True)
class Direction:
    """From the table whose stream is read (``source``) to the one that is made equal (``target``). ``is_back``: from
    the new table to the old one. ``stream_arn`` is that of the stream when it was read last."""

    is_back: bool
    source: TableEnd
    target: TableEnd
    mapping: ItemMapping
    stream_arn: str

    @property
    def marks_segment(self) -> int:
        """The part of the journal that its capture keeps."""
        return int(self.is_back)

    @property
    def writes_segment(self) -> int:
        """The part of the journal that its drain keeps."""
        return 2 + int(self.is_back)

    def tables(self, items: ModelItems) -> OwnedTables | InverseTables:
        """The two tables, as its drain reads and writes them."""
        kind: type[OwnedTables | InverseTables] = InverseTables if self.is_back else OwnedTables
        return kind(items, self.source.name, self.target.name, self.mapping)


def forward(spec: Replace, world: ReplacementWorld) -> Direction:
    """From the old table to the new one."""
    source, target = world.source(), world.target()
    mapping = ItemMapping(source.key, target.key, world.transform(spec), spec.owners)
    return Direction(is_back=False, source=source, target=target, mapping=mapping, stream_arn=spec.progress.stream_arn)


def backward(spec: Replace, world: ReplacementWorld) -> Direction:
    """From the new table to the old one; asked only where there is an inverse."""
    there = forward(spec, world)
    mapping = InverseMapping(there.mapping, world.inverse(spec))
    arn = spec.progress.target_stream_arn
    return Direction(is_back=True, source=there.target, target=there.source, mapping=mapping, stream_arn=arn)
