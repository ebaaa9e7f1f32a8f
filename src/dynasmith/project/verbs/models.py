"""Items of model classes: where `Db` meets the project's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynasmith.aws.control.model_items import AwsModelItems
from dynasmith.engine.db.db import Db

if TYPE_CHECKING:
    from dynasmith.project.project import Project


def open_db(project: Project) -> Db:
    """The items of the project's environment. Sends nothing."""
    place = project.place

    def table_of(name: str) -> str:
        return name if place.physical else f"{place.prefix}{name}{place.suffix}"

    return Db(AwsModelItems(project.session), project.clock, table_of, only_reads=project.session.only_reads)
