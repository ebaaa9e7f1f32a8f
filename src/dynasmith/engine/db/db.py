"""`Db`: items of model classes, one call a verb. `dynasmith.models` makes what is sent; here it is sent and judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, overload

from dynasmith.engine.db import batches, item_reads, item_writes, pivot
from dynasmith.engine.db.collection import Collection
from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.item_reads import key_of_arguments
from dynasmith.engine.db.pivot import SyncCounts
from dynasmith.engine.db.query import Query
from dynasmith.engine.db.query_state import QueryState
from dynasmith.engine.db.transaction import Transaction
from dynasmith.engine.db.transaction_get import transaction_get
from dynasmith.engine.db.upsert import upsert
from dynasmith.errors import ItemNotFound, UsageError
from dynasmith.limits import SCAN_MAX_SEGMENTS
from dynasmith.models.action import ModelAction
from dynasmith.models.condition import ModelCondition
from dynasmith.models.key_of import KeyOf, KeyValue
from dynasmith.models.metaclass import schema_of
from dynasmith.models.model import Model
from dynasmith.models.model_index import ModelIndex
from dynasmith.models.relation import ManyToMany, Relation

M = TypeVar("M", bound=Model)
A = TypeVar("A", bound=Model)
B = TypeVar("B", bound=Model)
C = TypeVar("C", bound=Model)
D = TypeVar("D", bound=Model)
E = TypeVar("E", bound=Model)
F = TypeVar("F", bound=Model)


class Db:
    """Items of model classes in the tables of an environment.

    It asks for no consent, protected environment or not: it is application code. Where the environment has an endpoint
    it never reaches AWS, and a dry one sends nothing but reads. Safe to use from several threads; instances are not.
    """

    def __init__(self, context: DbContext) -> None:
        self._context = context

    def in_table(self, model: type[Model], name: str) -> Db:
        """The same with the items of ``model`` in the table of that physical name: for tests that run side by side."""
        return Db(self._context.in_table(model, name))

    # --- writes

    def create(self, item: M, *, hooks: bool = False) -> M:
        """Write a new item; gives the same instance with its stamps. One call.

        Raises ItemExists, whose ``item`` is the one that is there; before the call ItemInvalid, and UsageError where
        this db only reads. Where it is interrupted, the item is either written whole or not at all.
        ``hooks`` runs the methods ``@before_create`` and ``@after_create`` of the class: what one before the call
        raises goes on, and nothing is sent; for one after it HookFailed is raised, and the item stands.
        """
        return item_writes.create(self._context, item, hooks=hooks)

    def put(self, item: M, *, where: ModelCondition | None = None) -> M:
        """Write the whole item over what is there. One call.

        An instance that was read keeps what its class does not know, and the time of its creation. Raises
        VersionConflict where the class has a version and the item has another, ConditionFailed where ``where`` does not
        hold, NotLoaded for an instance of which only a part was read, UsageError where this db only reads.
        """
        return item_writes.put(self._context, item, where)

    def save(self, item: M, *, where: ModelCondition | None = None, hooks: bool = False) -> M:
        """Write what changed since the instance was read; nothing changed sends nothing. One call, one UpdateItem.

        What the class does not know is left as it is. A changed key moves the item in one transaction. Raises
        VersionConflict where another writer was first (``current`` is the item now), ItemNotFound where the item is
        gone, ConditionFailed where ``where`` does not hold. Before the call it raises UsageError for an instance that
        was never read or where this db only reads, and TemplateIncomplete where a changed field is a part of a key
        whose other parts were not read. ``hooks`` runs ``@before_update`` and ``@after_update``, as `create` says,
        where something changed.
        """
        return item_writes.save(self._context, item, where, hooks=hooks)

    def update(
        self,
        what: M | KeyOf[M],
        *actions: ModelAction,
        where: ModelCondition | None = None,
        create_missing: bool = False,
        hooks: bool = False,
    ) -> M:
        """Change an item by actions, without reading it; gives the item as it is then. One call.

        ``what`` is an instance, which is brought up to date and keeps what is not saved yet, or a key. The version of
        an instance is compared, that of a key only raised. Keys of indexes that are made of a changed attribute
        are made again. Raises ItemNotFound, VersionConflict, ConditionFailed, and TemplateIncomplete or UsageError
        before the call. ``hooks`` runs ``@before_update`` and ``@after_update``, as `create` says; a key has none.

        With ``create_missing`` an item that is not there is created, by one call more: with the defaults of the class
        (of an instance: its values), the actions, the stamps and version 1. ``where`` concerns an item that is there.
        It then also raises NotLoaded for an instance of which only a part was read, and ItemExists for an item that was
        deleted and stays; ``hooks`` runs those of `create` where it creates.
        """
        if create_missing:
            return upsert(self._context, what, actions, where, hooks=hooks)
        return item_writes.update(self._context, what, actions, where, hooks=hooks)

    def delete(
        self,
        what: Model | KeyOf[Any],
        *,
        where: ModelCondition | None = None,
        hard: bool = False,
        hooks: bool = False,
    ) -> bool:
        """Delete an item; whether there was one. One call.

        Where the class has a ``deleted_at()`` field, the item stays with the time in it, and reads no longer give it;
        ``restore`` brings it back, ``hard`` deletes it for good. An item that was deleted before is none to delete.
        Raises VersionConflict for an instance whose item another writer changed, ConditionFailed where ``where`` does
        not hold; before the call UsageError for what is neither an instance nor a key, or where this db only reads.
        ``hooks`` runs ``@before_delete``, and ``@after_delete`` where there was an item; a key has none.
        """
        return item_writes.delete(self._context, what, where, hard=hard, hooks=hooks)

    def restore(self, what: M | KeyOf[M], *, hooks: bool = False) -> M:
        """Bring back an item that was deleted and stayed; gives it as it is then. One call.

        An item that is not deleted stays as it is. Raises ItemNotFound where there is none, VersionConflict for an
        instance whose item another writer changed; before the call UsageError where the class has no ``deleted_at()``
        field, or this db only reads. ``hooks`` runs ``@before_update`` and ``@after_update``; a key has none.
        """
        return item_writes.restore(self._context, what, hooks=hooks)

    def put_many(self, items: Iterable[Model]) -> int:
        """Put every item, of any classes; gives how many were written. One call for 25 items, read as they are sent.

        Each is a `put` that compares nothing. Of several with one key in one batch the last is written. What the
        service leaves unprocessed is sent again, ten times in about 25 s. A class with ``created_at()`` costs a read of
        25 keys for each batch: an item that is there keeps the time of its creation.

        Raises UsageError for a class with a version or a unique attribute, since a batch has no conditions, for what is
        not an instance, and where this db only reads; NotLoaded for an instance of which only a part was read;
        ServiceUnavailable where items remain unprocessed. At an error it stops: batches before are written, and of this
        one any number of items; ``written`` of the error, and its message, say how many. The same holds where it is
        interrupted, when nothing says so.
        """
        return batches.put_many(self._context, items)

    def delete_many(self, what: Iterable[Model | KeyOf[Any]], *, hard: bool = False) -> int:
        """Delete every item of instances or keys; gives how many deletes were done. One call for 25.

        Whether there was an item is not known. It is sent, ends and fails as `put_many` is and does. Raises UsageError
        for an instance of a class with a version (a key is not compared), a class with a unique attribute, and without
        ``hard`` one whose deleted items stay; ServiceUnavailable where items remain unprocessed.
        """
        return batches.delete_many(self._context, what, hard=hard)

    def transaction(self, *, token: str = "") -> Transaction:
        """Actions that are all done, or none: ``with db.transaction() as tx: tx.create(...)``. Nothing is sent here.

        ``token`` (up to 36 characters) makes a second transaction with the same token and the same content, within ten
        minutes, do nothing; with other content, time stamps included, it is refused. Where none is given one is made,
        so that a request whose answer was lost can be sent again. Raises UsageError for a longer one, and where this db
        only reads.
        """
        self._context.refuse_dry()
        return Transaction(self._context, token)

    # --- reads

    def get(
        self,
        model: type[M],
        *values: Any,
        include: Iterable[Relation[Any]] = (),
        consistent: bool = False,
        deleted: bool = False,
        **named: Any,
    ) -> M | None:
        """The item of that key, or None. One call. ``consistent`` sees every write before it, at twice the units.

        ``include`` are relations that are read too, as `Query.include` says. ``deleted`` gives the item also where it
        was deleted and stayed. Raises UsageError, before the call, for values that are not a key of the model.
        """
        wanted = key_of_arguments(model, values, named)
        return item_reads.get(self._context, wanted, include, consistent, deleted)

    def require(
        self,
        model: type[M],
        *values: Any,
        include: Iterable[Relation[Any]] = (),
        consistent: bool = False,
        deleted: bool = False,
        **named: Any,
    ) -> M:
        """The item of that key. One call, and those of `get` for ``include``.

        Raises ItemNotFound where there is none; before the call UsageError for values that are not a key of the model.
        """
        wanted = key_of_arguments(model, values, named)
        found = item_reads.get(self._context, wanted, include, consistent, deleted)
        if found is None:
            shown = ", ".join(f"{name}={value!r}" for name, value in wanted.values.items())
            raise ItemNotFound(
                f"{self._context.table(model)} has no {model.__name__} with {shown}.", hint="get() gives None"
            )
        return found

    def get_many(
        self,
        model: type[M],
        keys: Iterable[Any],
        *,
        include: Iterable[Relation[Any]] = (),
        consistent: bool = False,
        deleted: bool = False,
    ) -> list[M | None]:
        """The items of these keys in their order, None for each that is absent. One call for 100 different keys.

        A key is a value, a tuple of values, a mapping by field, or ``key(...)``. What the service leaves unprocessed is
        asked for again. ``include`` and ``deleted`` are those of `get`. Raises ServiceUnavailable where some remain
        unprocessed after the last retry; before the call UsageError for a value that is not a key of the
        model, and for one text.
        """
        return item_reads.get_many(self._context, model, keys, include, consistent=consistent, deleted=deleted)

    @overload
    def transaction_get(self, a: KeyOf[A], b: KeyOf[B], /) -> tuple[A | None, B | None]: ...
    @overload
    def transaction_get(self, a: KeyOf[A], b: KeyOf[B], c: KeyOf[C], /) -> tuple[A | None, B | None, C | None]: ...
    @overload
    def transaction_get(
        self, a: KeyOf[A], b: KeyOf[B], c: KeyOf[C], d: KeyOf[D], /
    ) -> tuple[A | None, B | None, C | None, D | None]: ...
    @overload
    def transaction_get(
        self, a: KeyOf[A], b: KeyOf[B], c: KeyOf[C], d: KeyOf[D], e: KeyOf[E], /
    ) -> tuple[A | None, B | None, C | None, D | None, E | None]: ...
    @overload
    def transaction_get(
        self, a: KeyOf[A], b: KeyOf[B], c: KeyOf[C], d: KeyOf[D], e: KeyOf[E], f: KeyOf[F], /
    ) -> tuple[A | None, B | None, C | None, D | None, E | None, F | None]: ...
    @overload
    def transaction_get(self, *keys: KeyOf[M]) -> tuple[M | None, ...]: ...
    def transaction_get(self, *keys: KeyOf[Any]) -> tuple[Any, ...]:
        """The items of up to 100 keys, of several classes and tables, as they are at one moment; None for each absent.

        One call, at twice the units of a consistent read. What met a write of one of them is sent again for about 20 s.
        Raises UsageError before the call for what is not a key, or too many.
        """
        return transaction_get(self._context, keys)

    def query(
        self, model: type[M], *conditions: ModelCondition, index: ModelIndex | None = None, deleted: bool = False
    ) -> Query[M]:
        """The items that conditions choose, by the key of the table or of an index; ``explain()`` says which.

        ``deleted`` gives also items that were deleted and stayed.
        Nothing is sent before items are asked for; there ScanNeeded is raised where no key fits. Raises UsageError for
        what is not a class.
        """
        schema_of(model)
        return Query(self._context, (model,), QueryState(conditions, index=index, deleted=deleted))

    def scan(self, model: type[M], *conditions: ModelCondition, segments: int = 1, deleted: bool = False) -> Query[M]:
        """The items that conditions choose, by reading the whole table, in no order. Costs the units of all items.

        ``segments`` reads the table in so many parts, up to 16 at once, each by a thread that is a page ahead; leaving
        the loop ends them, and an error of one ends all. ``deleted`` gives also items that were deleted and stayed.
        Raises UsageError for a number of segments that is not from 1 to 1,000,000.
        """
        schema_of(model)
        if not 1 <= segments <= SCAN_MAX_SEGMENTS:
            raise UsageError(f"{segments} is not a valid number of segments: it is from 1 to {SCAN_MAX_SEGMENTS}.")
        state = QueryState(conditions, is_scan=True, deleted=deleted, segments=segments)
        return Query(self._context, (model,), state)

    @overload
    def collection(self, a: type[A], /) -> Collection[A]: ...
    @overload
    def collection(self, a: type[A], b: type[B], /) -> Collection[A | B]: ...
    @overload
    def collection(self, a: type[A], b: type[B], c: type[C], /) -> Collection[A | B | C]: ...
    @overload
    def collection(self, a: type[A], b: type[B], c: type[C], d: type[D], /) -> Collection[A | B | C | D]: ...
    @overload
    def collection(
        self, a: type[A], b: type[B], c: type[C], d: type[D], e: type[E], /
    ) -> Collection[A | B | C | D | E]: ...
    @overload
    def collection(
        self, a: type[A], b: type[B], c: type[C], d: type[D], e: type[E], f: type[F], /
    ) -> Collection[A | B | C | D | E | F]: ...
    def collection(self, *models: type[Any]) -> Collection[Any]:
        """Several classes of one table, to read what a partition has of them by one query, in the order of its keys.

        Costs no call. Raises UsageError for classes of several tables, and for one that has no entity to tell it by.
        """
        return Collection(self._context, models)

    # --- pairs

    def attach(
        self, item: Model, relation: ManyToMany[M], others: Iterable[M | KeyOf[M] | KeyValue], /, **data: Any
    ) -> int:
        """Join an item to others by a `many_to_many` relation; how many pairs are new.

        ``others`` are instances, keys, or what `get_many` takes for keys; whether they exist is not asked. ``data`` are
        further fields of the class between. A pair that is there stays as it is. One call for 100 pairs, and one more
        for each 25 that are new; what is unprocessed is sent again. What was read for the relation is forgotten. Where
        it is interrupted, some pairs are made: the same call makes the rest. Raises UsageError for a relation of
        another class and where this db only reads, DefinitionError where a pair could be there twice,
        ServiceUnavailable where some remain unprocessed.
        """
        return pivot.attach(self._context, item, relation, others, data)

    def detach(self, item: Model, relation: ManyToMany[M], others: Iterable[M | KeyOf[M] | KeyValue], /) -> int:
        """Part an item from others, which stay; how many pairs there were. Calls and errors are those of `attach`.

        Raises UsageError, DefinitionError and ServiceUnavailable as it does.
        """
        return pivot.detach(self._context, item, relation, others)

    def sync(
        self, item: Model, relation: ManyToMany[M], others: Iterable[M | KeyOf[M] | KeyValue], /, **data: Any
    ) -> SyncCounts:
        """Join an item to just these others: pairs that are missing are made, then those that are too many removed.

        It reads every page of the pairs that the item has; by an index they may be a second old. Pairs that stay keep
        their data. Calls and errors are those of `attach` (UsageError, DefinitionError, ServiceUnavailable); where it
        is interrupted, the same call does the rest.
        """
        return pivot.sync(self._context, item, relation, others, data)
