"""`Collection`: items of several classes of one table that one partition holds, in the order of their keys."""

from __future__ import annotations

from typing import Generic, TypeVar

from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.query import Query
from dynasmith.engine.db.query_state import QueryState
from dynasmith.errors import UsageError
from dynasmith.models.condition import ModelCondition
from dynasmith.models.metaclass import schema_of
from dynasmith.models.model import Model
from dynasmith.models.model_index import ModelIndex

M = TypeVar("M", bound=Model)


class Collection(Generic[M]):
    """Classes of one table, whose items are read together. Making it costs no call."""

    def __init__(self, context: DbContext, models: tuple[type[M], ...]) -> None:
        self._context = context
        self._models = tuple(dict.fromkeys(models))
        _check(context, self._models)

    def query(self, *conditions: ModelCondition, index: ModelIndex | None = None, deleted: bool = False) -> Query[M]:
        """The items of these classes in a partition of the table or of an index, in the order of the sort key.

        Conditions have to fix the partition: on its key, or on the fields of one class that make it. Those on the sort
        key narrow it. The others hold for every item that is given, so that an item without the attribute is not.
        Items of other classes of the partition are read, and not given. ``deleted`` gives also items that were deleted
        and stayed. Nothing is sent before items are asked for. Raises ScanNeeded there where no partition is fixed.
        """
        return Query(self._context, self._models, QueryState(conditions, index=index, deleted=deleted))


def _check(context: DbContext, models: tuple[type[Model], ...]) -> None:
    """Raise UsageError for classes that are not entities of one table, DefinitionError for one that cannot be."""
    if not models:
        raise UsageError("A collection needs classes.", hint="db.collection(Buyer, Sale)")
    schemas = [schema_of(model) for model in models]
    first, table = schemas[0], context.table(models[0])
    seen: dict[str, str] = {}
    for model, schema in zip(models, schemas, strict=True):
        if context.table(model) != table:
            raise UsageError(
                f"{first.name} is in table {table}, and {schema.name} in {context.table(model)}.",
                hint="a collection is of one table; include() reads relations of others",
            )
        if [place.attribute for place in schema.key] != [place.attribute for place in first.key]:
            raise UsageError(f"{first.name} and {schema.name} say different things about the key of {table}.")
        if not schema.entity or schema.entity_attribute != first.entity_attribute:
            raise UsageError(
                f"Items of {schema.name} cannot be told from those of other classes of {table}.",
                hint=f'write class {model.__name__}(Model, table="...", entity="{model.__name__.lower()}")',
            )
        same = seen.setdefault(schema.entity, schema.name)
        if same != schema.name:
            raise UsageError(f"{same} and {schema.name} are both the entity {schema.entity} of {table}.")
