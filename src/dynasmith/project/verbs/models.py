"""Items of model classes: where `Db` meets the project's environment."""

from __future__ import annotations

from dynasmith.aws.control.model_items import AwsModelItems
from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.db import Db
from dynasmith.project.world import World


def open_db(world: World) -> Db:
    """The items of a project's environment. Sends nothing."""
    settings = world.settings

    def table_of(name: str) -> str:
        return name if settings.physical else f"{settings.prefix}{name}{settings.suffix}"

    return Db(DbContext(AwsModelItems(world.session), world.clock, table_of, only_reads=world.session.only_reads))
