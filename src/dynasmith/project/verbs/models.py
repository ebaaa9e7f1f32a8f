"""Items of model classes: where `Db` meets the project's environment."""

from __future__ import annotations

from dynasmith.aws.control.model_items import AwsModelItems
from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.db import Db
from dynasmith.engine.db.encryption import EncryptingItems
from dynasmith.errors import UsageError
from dynasmith.models.metaclass import schema_of
from dynasmith.models.model import Model
from dynasmith.project.world import World


def open_db(world: World) -> Db:
    """The items of a project's environment. Sends nothing."""
    items, only_reads = EncryptingItems(AwsModelItems(world.session), world.cipher), world.session.only_reads
    context = DbContext(items, world.clock, world.named, world.cipher, tables=world.model_tables, only_reads=only_reads)
    return Db(context)


def count_entity(world: World, model: type[Model], index: str | None) -> int | None:
    """How many items a class has in a table that has others too; None where every item of it is of the class.

    Claims of unique values are others too. An index has none, since they have no attributes of an index.
    """
    schema = schema_of(model)
    if schema.entity is None and (index is not None or not schema.unique):
        return None
    if index is not None:
        raise UsageError(
            f"{model.__name__} is one class of its table, and an index counts the items of all.",
            hint=f"count {model.__name__} without index, or the index by the name of the table",
        )
    return open_db(world).scan(model).count()
