"""Items of model classes: where `Db` meets the project's environment."""

from __future__ import annotations

from dynasmith.aws.control.model_items import AwsModelItems
from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.db import Db
from dynasmith.engine.db.encryption import EncryptingItems
from dynasmith.project.world import World


def open_db(world: World) -> Db:
    """The items of a project's environment. Sends nothing."""
    items, only_reads = EncryptingItems(AwsModelItems(world.session), world.cipher), world.session.only_reads
    context = DbContext(items, world.clock, world.named, world.cipher, tables=world.model_tables, only_reads=only_reads)
    return Db(context)
