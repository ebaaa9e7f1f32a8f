"""What a batch left undone, held against what was sent: a reply that names anything else is not the answer to it.

What comes back is compared and dropped. What is sent again are the bytes that were sent first: a server that spells an
item otherwise, or changes it, must not decide what is written.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from dynasmith.aws.data.exchange import BrokenReply
from dynasmith.aws.data.replies import BatchGetReply, BatchWriteReply
from dynasmith.aws.data.request_bodies import text
from dynasmith.errors import ItemInvalid
from dynasmith.items.canonical import canonical
from dynasmith.items.wire import RawItem, attributes

Entry = TypeVar("Entry")
Item = RawItem | bytes


def items_left(reply: BatchWriteReply, table: str, sent: Sequence[Item]) -> Sequence[Item]:
    """The items of ``sent`` that were not put, as they were sent; all were puts into ``table``, with distinct keys.

    Raises BrokenReply where the reply names an item that was not sent, one twice, a delete, or another table. Costs
    nothing where nothing is left, else about 10 us an item of the batch.
    """
    back: list[Item] = []
    for entry in _of_table(reply.unprocessed, table, "UnprocessedItems") or ():
        if entry.put is None or entry.delete is not None:
            raise BrokenReply("its UnprocessedItems hold a request that is not a put")
        back.append(entry.put.item)
    return _matched(back, sent, "UnprocessedItems")


def requests_left(reply: BatchWriteReply, table: str, puts: Sequence[Item], deletes: Sequence[Item]) -> Sequence[Item]:
    """The items of ``puts`` and keys of ``deletes`` that were not done, as they were sent. Raises as `items_left`."""
    put_back: list[Item] = []
    deleted_back: list[Item] = []
    for entry in _of_table(reply.unprocessed, table, "UnprocessedItems") or ():
        if (entry.put is None) == (entry.delete is None):
            raise BrokenReply("its UnprocessedItems hold what is not one put or one delete")
        if entry.put is not None:
            put_back.append(entry.put.item)
        elif entry.delete is not None:
            deleted_back.append(entry.delete.key)
    left = _matched(put_back, puts, "UnprocessedItems")
    return [*left, *_matched(deleted_back, deletes, "UnprocessedItems")]


def found_and_left(reply: BatchGetReply, table: str, sent: Sequence[Item]) -> tuple[Sequence[RawItem], Sequence[Item]]:
    """(the items found, the keys of ``sent`` that were not read, as they were sent); ``sent`` are distinct keys.

    Raises BrokenReply where the reply names a key that was not sent, one twice, or another table, and where it says
    nothing of the table: then nothing says that the other keys have no item. About 10 us an item.
    """
    found = _of_table(reply.responses, table, "Responses")
    left = _of_table(reply.unprocessed, table, "UnprocessedKeys")
    unread = _matched(left.keys if left is not None else (), sent, "UnprocessedKeys")
    if found is None and len(unread) < len(sent):
        raise BrokenReply(f"its Responses lack the table {table}")
    names = tuple(attributes(sent[0])) if sent else ()
    read = _matched([_key_part(item, names) for item in found or ()], sent, "Responses")
    if len({id(key) for key in (*read, *unread)}) < len(read) + len(unread):
        raise BrokenReply("its Responses hold an item whose key is in its UnprocessedKeys")
    return found or (), unread


def has_key(item: Item, key: Item) -> bool:
    """Whether ``item`` is one of that key (an item of the key attributes alone)."""
    try:
        return bool(_matched([_key_part(item, tuple(attributes(key)))], [key], ""))
    except BrokenReply:
        return False


def _of_table(entries: Mapping[str, Entry], table: str, member: str) -> Entry | None:
    """The entry of the one table that was asked; a table that was named by its ARN may come back by its name."""
    if not entries:
        return None
    if len(entries) > 1 or next(iter(entries)) not in (table, table.rpartition("/")[2]):
        raise BrokenReply(f"its {member} name a table that is not in the request: {', '.join(sorted(entries))[:200]}")
    return next(iter(entries.values()))


def _key_part(item: Item, names: Sequence[str]) -> bytes:
    """The key attributes of an item."""
    try:
        parts = attributes(item)
    except ItemInvalid as cause:
        raise BrokenReply(f"it holds what is not an item: {cause.message}") from cause
    if any(name not in parts for name in names):
        raise BrokenReply("it holds an item that lacks an attribute of its key")
    return b"{%b}" % b",".join([b"%b:%b" % (text(name), bytes(parts[name])) for name in names])


def _matched(back: Sequence[Item], sent: Sequence[Item], member: str) -> Sequence[Item]:
    """Those of ``sent`` that came back, by their value, in the order in which they were sent."""
    if not back:
        return ()
    try:
        places = {canonical(item): place for place, item in enumerate(sent)}
        found = [places.get(canonical(item)) for item in back]
    except ItemInvalid as cause:
        raise BrokenReply(f"its {member} hold what is not an item: {cause.message}") from cause
    known = {place for place in found if place is not None}
    if None in found:
        raise BrokenReply(f"its {member} name {found.count(None)} of {len(back)} that were not in the request")
    if len(known) < len(found):
        raise BrokenReply(f"its {member} name one item or key of the request twice")
    return [sent[place] for place in sorted(known)]
