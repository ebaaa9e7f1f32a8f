"""What an index really holds beside the keys: two spellings of one projection compare equal."""

from collections.abc import Collection

from dynasmith.tables.table import Index, Key, LocalIndex, Projection, ProjectionKind


def projected(index: Index | LocalIndex, table_key: Key) -> Projection:
    """The projection without the key attributes, which every index holds; INCLUDE of nothing else is KEYS_ONLY."""
    projection = index.projection
    if projection.kind is not ProjectionKind.INCLUDE:
        return projection
    own: Collection[str] = {*table_key.names, *index.key.names}
    names = tuple(name for name in projection.attributes if name not in own)
    return (
        Projection(kind=ProjectionKind.INCLUDE, attributes=names)
        if names
        else Projection(kind=ProjectionKind.KEYS_ONLY)
    )


def same_index(one: Index | LocalIndex, other: Index | LocalIndex, table_key: Key) -> bool:
    """Whether two indexes have the same key and hold the same attributes."""
    return one.key == other.key and projected(one, table_key) == projected(other, table_key)
