"""Many items put or deleted in batches of 25, read from an iterator as they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from dynasmith.engine.db.batch_get import read_many
from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.instances import written
from dynasmith.engine.db.transaction_parts import item_identity
from dynasmith.errors import DynasmithError, ServiceUnavailable, Throttled, UsageError
from dynasmith.limits import BATCH_WRITE_MAX_ITEMS
from dynasmith.models.item_write import ItemWrite, target_of
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.value_codec import Tree
from dynasmith.models.visibility import is_visible
from dynasmith.models.writes import put_write

ROUNDS_MAX: Final = 10
"""How often what is left unprocessed is sent, with waits that double from 50 ms: about 25 s, and the time for which the
client itself tries a call that is throttled whole."""
_FIRST_SECONDS: Final = 0.05


@dataclass(slots=True)
class BatchEntry:
    """One item of a batch. ``write`` is that of a put, None for a delete; ``item`` the instance as it was given."""

    model: type[Model]
    table: str
    key: Tree
    item: Model | None = None
    write: ItemWrite | None = None

    @property
    def request(self) -> dict[str, Any]:
        """Its part of a BatchWriteItem."""
        if self.write is None:
            return {"DeleteRequest": {"Key": self.key}}
        return {"PutRequest": {"Item": self.write.tree}}


def put_many(context: DbContext, items: Iterable[Model]) -> int:
    """Put every item; how many were written. See `Db.put_many`."""

    def entry(item: Model) -> BatchEntry:
        if not isinstance(item, Model):
            raise UsageError(f"{item!r} is not an instance of a model.")
        _refuse_conditions(type(item), "put")
        write = put_write(item, None, context.clock.now())
        return BatchEntry(type(item), context.table(type(item)), write.key, item, write)

    return _write_many(context, items, entry)


def delete_many(context: DbContext, what: Iterable[Model | KeyOf[Any]], *, hard: bool) -> int:
    """Delete every item; how many deletes were sent. See `Db.delete_many`."""

    def entry(each: Model | KeyOf[Any]) -> BatchEntry:
        model, tree, _ = target_of(each)
        _refuse_conditions(model, "delete", by_key=isinstance(each, KeyOf))
        if schema_of(model).deleted and not hard:
            raise UsageError(
                f"Deleted items of {model.__qualname__} stay in the table, and a batch can only remove them.",
                hint="delete each with delete(), or remove them with delete_many(..., hard=True)",
            )
        return BatchEntry(model, context.table(model), tree)

    return _write_many(context, what, entry)


def _refuse_conditions(model: type[Model], verb: str, *, by_key: bool = False) -> None:
    """Raise UsageError for a class whose writes have conditions: a batch has none."""
    schema = schema_of(model)
    version = [] if by_key else [field.name for field in schema.stamped("version")]
    unique = [field.name for field in schema.unique]
    for names, what in ((version, "a version"), (unique, "a unique attribute")):
        if names:
            raise UsageError(
                f"{model.__qualname__} has {what}, {names[0]}, and a batch has no conditions to compare it.",
                hint=f"{verb} each with {verb}(), or in transactions",
            )


def _write_many(context: DbContext, given: Iterable[Any], entry: Callable[[Any], BatchEntry]) -> int:
    context.refuse_dry()
    count = 0
    pending: dict[str, BatchEntry] = {}
    items = iter(given)
    while True:
        with _counted(count):
            for each in items:
                made = entry(each)
                identity = item_identity(made.table, made.key)
                pending.pop(identity, None)  # the last one of a key wins, as it would one after the other
                pending[identity] = made
                if len(pending) == BATCH_WRITE_MAX_ITEMS:
                    break
        if not pending:
            return count
        with _counted(count):
            _keep_creation(context, [each for each in pending.values() if each.write is not None])
        count += _send(context, pending, count)
        pending = {}


@contextmanager
def _counted(count: int) -> Iterator[None]:
    """Let an error say how many items were written before it."""
    try:
        yield
    except DynasmithError as error:
        error.written = count
        error.message = f"{error.message} {_written(count)}"
        raise
    except Exception as error:
        error.add_note(_written(count))
        raise


def _written(count: int) -> str:
    return f"{count} item{'' if count == 1 else 's'} of the batch {'was' if count == 1 else 'were'} written before."


def _keep_creation(context: DbContext, entries: Sequence[BatchEntry]) -> None:
    """Give items that are put over others the time of creation of these, where the instances have none."""
    by_model: dict[type[Model], list[BatchEntry]] = {}
    for each in entries:
        stamps = {field.name for field in schema_of(each.model).stamped("created")}
        if each.write is not None and stamps & each.write.stamps.keys():
            by_model.setdefault(each.model, []).append(each)
    for model, some in by_model.items():
        found = read_many(context, model, [each.key for each in some], True)
        for each, tree in zip(some, found, strict=True):
            if tree is not None and is_visible(schema_of(model), tree):
                each.write = _created_as(each, tree)


def _created_as(entry: BatchEntry, tree: Mapping[str, Any]) -> ItemWrite:
    write, codec = entry.write, codec_of(entry.model)
    assert write is not None
    assert write.tree is not None
    stamps = dict(write.stamps)
    for field in codec.schema.stamped("created"):
        if field.name in stamps and tree.get(field.attribute) is not None:
            stamps[field.name] = field.decode(tree[field.attribute])
    item = codec.copy_with(codec.read(write.tree), stamps)
    return ItemWrite("PutItem", write.request, write.key, codec.write(item), stamps)


def _send(context: DbContext, pending: dict[str, BatchEntry], count: int) -> int:
    """Send a batch until nothing of it is left; how many items it has. Instances are brought up to date."""
    left, size = dict(pending), len(pending)
    for attempt in range(ROUNDS_MAX):
        if attempt:
            context.clock.sleep(_FIRST_SECONDS * 2 ** (attempt - 1))
        unprocessed = _round(context, left, count + size - len(left))
        for identity in left.keys() - unprocessed:
            done = left.pop(identity)
            if done.item is not None and done.write is not None:
                written(done.item, done.write)
        if not left:
            return size
    tables = ", ".join(dict.fromkeys(each.table for each in left.values()))
    error = ServiceUnavailable(
        f"{tables} did not take {len(left)} of the items of a batch. {_written(count + size - len(left))}",
        hint="it is throttled; go on later with the items that are not written",
        operation="dynamodb:BatchWriteItem",
    )
    error.written = count + size - len(left)
    raise error


def _round(context: DbContext, left: Mapping[str, BatchEntry], count: int) -> set[str]:
    """Send what is left once; the identities of what the service did not process."""
    requests: dict[str, list[dict[str, Any]]] = {}
    for each in left.values():
        requests.setdefault(each.table, []).append(each.request)
    with _counted(count):
        try:
            answer = context.items.call("BatchWriteItem", ", ".join(requests), {"RequestItems": requests})
        except Throttled:  # all of it was left
            return set(left)
    back = set()
    for table, entries in answer["UnprocessedItems"].items():
        one = next(each for each in left.values() if _is_named(each.table, table))
        for entry in entries:
            tree = entry["PutRequest"]["Item"] if "PutRequest" in entry else entry["DeleteRequest"]["Key"]
            back.add(item_identity(one.table, {name: tree[name] for name in one.key}))
    return back


def _is_named(table: str, named: str) -> bool:
    """Whether a reply speaks of that table: one that was named by its ARN may come back by its name."""
    return table.rpartition("/")[2] == named.rpartition("/")[2]
