"""The way back of a rewrite, from the two images that a backfill's journal keeps."""

from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Rewrite
from dynasmith.items.value import decode_value, same_value
from dynasmith.items.wire import RawItem, attributes


def undo_of(before: RawItem | bytes, after: RawItem | bytes, schema: KeySchema) -> Rewrite | None:
    """The rewrite that takes ``after`` back to ``before``; None where they are equal.

    It touches only the attributes in which the two differ, and holds only while these are as in ``after``: what others
    wrote elsewhere survives, and what others changed since is not overwritten. Raises ItemInvalid where an image is
    damaged, ValueError where the two are not of one key: the journal is then not to be trusted.
    """
    old, new = attributes(before), attributes(after)
    changed = [
        name
        for name in sorted(old.keys() | new.keys())
        if name not in old or name not in new or not same_value(decode_value(old[name]), decode_value(new[name]))
    ]
    moved = [name for name in schema.names if name in changed or name not in old]
    if moved:
        raise ValueError(f"the images before and after differ in the key attribute {', '.join(moved)}")
    if not changed:
        return None
    return Rewrite(
        before=after if isinstance(after, RawItem) else RawItem(after),
        after=before if isinstance(before, RawItem) else RawItem(before),
        assigned={name: bytes(old[name]) for name in changed if name in old},
        removed=tuple(name for name in changed if name not in old),
        expected={name: bytes(new[name]) if name in new else None for name in changed},
    )
