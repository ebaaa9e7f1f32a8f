"""Which shards of a stream are read next, and how far each was read: children after their parents."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from dynasmith.ports.streams import Shard


class ShardPosition(Struct, frozen=True, omit_defaults=True):
    """How far a shard was read: after a sequence number (empty: from its oldest record), or to its end."""

    after: str = ""
    ended: bool = False


def readable_shards(shards: Sequence[Shard], positions: Mapping[str, ShardPosition]) -> list[Shard]:
    """The shards that may be read now: not read to the end, and their parent was, or is not there any more."""
    there = {shard.id for shard in shards}

    def ended(shard: str) -> bool:
        return shard in positions and positions[shard].ended

    return [
        shard
        for shard in shards
        if not ended(shard.id) and (not shard.parent or shard.parent not in there or ended(shard.parent))
    ]
