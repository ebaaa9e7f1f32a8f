"""`Db`: items of model classes, one call a verb. `dynasmith.models` makes what is sent; here it is sent and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from dynasmith.engine.db.batch_get import read_many
from dynasmith.engine.db.query import Query, QueryState
from dynasmith.errors import ConditionFailed, ItemExists, ItemNotFound, UsageError, VersionConflict
from dynasmith.models.action import ModelAction
from dynasmith.models.changes import unsaved_values
from dynasmith.models.condition import ModelCondition
from dynasmith.models.instance import LOADED, slot_of
from dynasmith.models.key_of import KeyOf, key
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.model_index import ModelIndex
from dynasmith.models.schema import ENTITY_ATTRIBUTE
from dynasmith.models.tree_equality import same_item, same_tree
from dynasmith.models.writes import ItemWrite, create_write, delete_write, put_write, save_write, update_write
from dynasmith.ports.clock import Clock
from dynasmith.ports.model_items import ModelItems

M = TypeVar("M", bound=Model)


class Db:
    """Items of model classes in the tables of an environment.

    It asks for no consent, protected environment or not: it is application code. Where the environment has an endpoint
    it never reaches AWS, and a dry one sends nothing but reads. Safe to use from several threads; instances are not.
    """

    def __init__(
        self,
        items: ModelItems,
        clock: Clock,
        table_of: Callable[[str], str],
        *,
        tables: Mapping[type, str] | None = None,
        only_reads: bool = False,
    ) -> None:
        self._items, self._clock, self._table_of = items, clock, table_of
        self._tables, self._only_reads = dict(tables or {}), only_reads

    def in_table(self, model: type[Model], name: str) -> Db:
        """The same with the items of ``model`` in the table of that physical name: for tests that run side by side."""
        schema_of(model)
        tables = {**self._tables, model: name}
        return Db(self._items, self._clock, self._table_of, tables=tables, only_reads=self._only_reads)

    # --- writes

    def create(self, item: M) -> M:
        """Write a new item; gives the same instance with its stamps. One call.

        Raises ItemExists, whose ``item`` is the one that is there; before the call ItemInvalid, and UsageError where
        this db only reads. Where it is interrupted, the item is either written whole or not at all.
        """
        write = create_write(item, self._clock.now())
        try:
            self._send(type(item), write)
        except ConditionFailed as failed:
            if not _is_ours(failed, write):
                raise self._exists(type(item), failed) from failed
        return self._written(item, write)

    def put(self, item: M, *, where: ModelCondition | None = None) -> M:
        """Write the whole item over what is there. One call.

        An instance that was read keeps what its class does not know, and the time of its creation. Raises
        VersionConflict where the class has a version and the item has another, ConditionFailed where ``where`` does not
        hold, NotLoaded for an instance of which only a part was read, UsageError where this db only reads.
        """
        write = put_write(item, where, self._clock.now())
        self._condition(type(item), write)
        return self._written(item, write)

    def save(self, item: M, *, where: ModelCondition | None = None) -> M:
        """Write what changed since the instance was read; nothing changed sends nothing. One call, one UpdateItem.

        What the class does not know is left as it is. A changed key moves the item in one transaction. Raises
        VersionConflict where another writer was first (``current`` is the item now), ItemNotFound where the item is
        gone, ConditionFailed where ``where`` does not hold. Before the call it raises UsageError for an instance that
        was never read or where this db only reads, and TemplateIncomplete where a changed field is a part of a key
        whose other parts were not read.
        """
        write = save_write(item, where, self._clock.now())
        if write is None:
            return item
        answer = self._condition(type(item), write)
        attributes = answer.get("Attributes")
        if attributes is not None and write.tree is not None:
            return self._refreshed(item, attributes)
        if attributes is not None:
            return self._partly_refreshed(item, write, attributes)
        return self._written(item, write)

    def update(self, what: M | KeyOf[M], *actions: ModelAction, where: ModelCondition | None = None) -> M:
        """Change an item by actions, without reading it; gives the item as it is then. One call.

        ``what`` is an instance, which is brought up to date and keeps what is not saved yet, or a key. The version of
        an instance is compared, that of a key only raised. Keys of indexes that are made of a changed attribute
        are made again. Raises ItemNotFound, VersionConflict, ConditionFailed, and TemplateIncomplete or UsageError
        before the call.
        """
        write = update_write(what, actions, where, self._clock.now())
        unsaved = {} if isinstance(what, KeyOf) else unsaved_values(codec_of(type(what)), what, actions)
        model: Any = what.model if isinstance(what, KeyOf) else type(what)
        attributes = self._condition(model, write)["Attributes"]
        if isinstance(what, KeyOf):
            read: M = codec_of(model).read(attributes)
            return read
        self._refreshed(what, attributes).__dict__.update(unsaved)
        return what

    def delete(self, what: Model | KeyOf[Any], *, where: ModelCondition | None = None) -> bool:
        """Delete an item; whether there was one. One call.

        Raises VersionConflict for an instance whose item another writer changed, ConditionFailed where ``where`` does
        not hold; before the call UsageError for what is neither an instance nor a key, or where this db only reads.
        """
        write = delete_write(what, where)
        model = what.model if isinstance(what, KeyOf) else type(what)
        return bool(self._condition(model, write).get("Attributes"))

    # --- reads

    def get(self, model: type[M], *values: Any, consistent: bool = False, **named: Any) -> M | None:
        """The item of that key, or None. One call. ``consistent`` sees every write before it, at twice the units.

        Raises UsageError, before the call, for values that are not a key of the model.
        """
        request = {"Key": self._key(model, values, named).tree, "ConsistentRead": consistent}
        tree = self._items.call("GetItem", self._table(model), request).get("Item")
        return self._read(model, tree) if tree else None

    def require(self, model: type[M], *values: Any, consistent: bool = False, **named: Any) -> M:
        """The item of that key. One call.

        Raises ItemNotFound where there is none; before the call UsageError for values that are not a key of the model.
        """
        found = self.get(model, *values, consistent=consistent, **named)
        if found is None:
            made = self._key(model, values, named)
            shown = ", ".join(f"{name}={value!r}" for name, value in made.values.items())
            raise ItemNotFound(f"{self._table(model)} has no {model.__name__} with {shown}.", hint="get() gives None")
        return found

    def get_many(self, model: type[M], keys: Iterable[Any], *, consistent: bool = False) -> list[M | None]:
        """The items of these keys in their order, None for each that is absent. One call for 100 different keys.

        A key is a value, a tuple of values, a mapping by field, or ``key(...)``. What the service leaves unprocessed is
        asked for again. Raises ServiceUnavailable where some remain unprocessed after the last retry; before the call
        UsageError for a value that is not a key of the model.
        """
        made = [_as_key(model, each) for each in keys]
        found = read_many(self._items, self._clock, self._table(model), [each.tree for each in made], consistent)
        return [None if tree is None else self._read(model, tree) for tree in found]

    def query(self, model: type[M], *conditions: ModelCondition, index: ModelIndex | None = None) -> Query[M]:
        """The items that conditions choose, by the key of the table or of an index; ``explain()`` says which.

        Nothing is sent before items are asked for. Raises ScanNeeded there where no key fits.
        """
        schema_of(model)
        return Query(self._items, model, self._table(model), QueryState(conditions, index=index))

    def scan(self, model: type[M], *conditions: ModelCondition) -> Query[M]:
        """The items that conditions choose, by reading the whole table, in no order. Costs the units of all items."""
        schema_of(model)
        return Query(self._items, model, self._table(model), QueryState(conditions, is_scan=True))

    # --- how

    def _table(self, model: type[Model]) -> str:
        for kind in model.__mro__:
            if kind in self._tables:
                return self._tables[kind]
        table = schema_of(model).table
        assert table is not None
        return self._table_of(table)

    def _key(self, model: type[M], values: tuple[Any, ...], named: Mapping[str, Any]) -> KeyOf[M]:
        if len(values) == 1 and isinstance(values[0], KeyOf) and not named:
            return _as_key(model, values[0])
        return key(model, *values, **named)

    def _read(self, model: type[M], tree: dict[str, Any]) -> M | None:
        """The instance of an item; None where it is another entity."""
        entity = schema_of(model).entity
        if entity and tree.get(ENTITY_ATTRIBUTE) != {"S": entity}:
            return None
        read: M = codec_of(model).read(tree)
        return read

    def _send(self, model: type[Model], write: ItemWrite) -> dict[str, Any]:
        if self._only_reads:
            raise UsageError("This db is dry and sends nothing but reads.", hint="project.db() writes")
        return self._items.call(write.operation, self._table(model), write.request)

    def _condition(self, model: type[Model], write: ItemWrite) -> dict[str, Any]:
        """Send a write whose condition may fail, and say what that means."""
        try:
            return self._send(model, write)
        except ConditionFailed as failed:
            if _is_ours(failed, write):
                return {"Attributes": failed.item}
            if write.operation == "TransactWriteItems" and failed.action == 0:  # something is under the new key
                raise self._exists(model, failed) from failed
            raise self._conflict(model, write, failed) from failed

    def _conflict(self, model: type[Model], write: ItemWrite, failed: ConditionFailed) -> Exception:
        tree, schema = failed.item, schema_of(model)
        current = None if tree is None else self._read(model, tree)
        facts = {"service_code": failed.service_code, "operation": failed.operation, "request_id": failed.request_id}
        shown = ", ".join(f"{name}={next(iter(value.values()))!r}" for name, value in write.key.items())
        error: ConditionFailed
        if tree is None and write.operation == "UpdateItem" and write.version is None:
            return ItemNotFound(f"{self._table(model)} has no {schema.name} with {shown}.", hint="create it, or put it")
        version = next(iter(schema.stamped("version")), None)
        if write.version is not None and version is not None and not _has(tree, version.attribute, write.version):
            what = "was deleted" if tree is None else "was changed by another writer"
            hint = "read .current, change that, and save it"
            error = VersionConflict(f"{schema.name} ({shown}) {what} since it was read.", hint=hint, **facts)
        else:
            error = ConditionFailed(
                f"The condition on {schema.name} ({shown}) does not hold.", hint=failed.hint, **facts
            )
        error.item = current
        return error

    def _exists(self, model: type[Model], failed: ConditionFailed) -> ItemExists:
        tree = failed.item or {}
        shown = ", ".join(f"{name}={value!r}" for name, value in codec_of(model).describe_key(tree).items())
        error = ItemExists(
            f"{self._table(model)} already has the {model.__name__} {shown}.",
            hint="save or update what is there, or put over it",
            service_code=failed.service_code,
            operation=failed.operation,
            request_id=failed.request_id,
        )
        error.item = self._read(model, tree) if tree else None
        return error

    def _written(self, item: M, write: ItemWrite) -> M:
        """The instance with its stamps, and with what was written as what was read."""
        item.__dict__.update(write.stamps)
        slot_of(type(item), LOADED).__set__(item, write.tree)
        return item

    def _refreshed(self, item: M, attributes: dict[str, Any]) -> M:
        """The instance as the item is now."""
        fresh = codec_of(type(item)).read(attributes)
        item.__dict__.clear()
        item.__dict__.update(fresh.__dict__)
        slot_of(type(item), LOADED).__set__(item, attributes)
        return item

    def _partly_refreshed(self, item: M, write: ItemWrite, attributes: dict[str, Any]) -> M:
        """An instance of which a part was read: that part as the item is now."""
        names = [
            field.attribute for field in codec_of(type(item)).schema.fields.values() if field.name in item.__dict__
        ]
        stamps = [codec_of(type(item)).schema.fields[name].attribute for name in write.stamps]
        fresh = codec_of(type(item)).read_part(attributes, [*names, *stamps])
        item.__dict__.update(fresh.__dict__)
        slot_of(type(item), LOADED).__set__(item, attributes)
        return item


def _as_key(model: type[M], given: Any) -> KeyOf[M]:
    if isinstance(given, KeyOf):
        if given.model is not model:
            raise UsageError(f"This is a key of {given.model.__name__}, and {model.__name__} is read.")
        return given
    if isinstance(given, Mapping):
        return key(model, **given)
    return key(model, *given) if isinstance(given, tuple) else key(model, given)


def _has(tree: dict[str, Any] | None, attribute: str, version: dict[str, Any]) -> bool:
    """Whether an item has that version; the empty one is none at all."""
    if tree is None:
        return False
    stored = tree.get(attribute)
    return same_tree(stored, version) if stored is not None and version else stored is None and not version


def _is_ours(failed: ConditionFailed, write: ItemWrite) -> bool:
    """Whether the condition failed because our own write, whose answer was lost, was there already."""
    sent_again = failed.sent_again
    return sent_again and write.tree is not None and failed.item is not None and same_item(failed.item, write.tree)
