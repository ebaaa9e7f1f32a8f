"""The methods of `Project` that only model classes have: their items, and tables of their own for tests."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from dynasmith.plans.consent import Consent
from dynasmith.project.verbs.arguments import checked, model
from dynasmith.project.world import World

if TYPE_CHECKING:
    from dynasmith.engine.db.db import Db
    from dynasmith.models import Model


class ModelMethods:
    """Verbs of model classes. They need the extra ``models``."""

    _world: World

    @checked()
    def db(self, *, dry: bool = False) -> Db:
        """Items of model classes: create, get, save, query and the like. Needs the extra ``models``. Costs no call.

        It is application code and asks for no consent, in a protected environment neither. ``dry`` sends nothing but
        reads. Closed with the project. Raises UsageError for an argument of the wrong kind.
        """
        from dynasmith.project.verbs.models import open_db

        return open_db(self._world.dry if dry else self._world)

    @checked(models=model)
    def temporary_table(self, *models: type[Model], consent: Consent | None = None) -> AbstractContextManager[Db]:
        """A `Db` whose classes have tables of their own for as long as the block runs, also where it raises.

        ``with project.temporary_table(User) as db``. Each table gets a unique name, ``users_temporary_TIME_ID``, the
        key, the indexes, TTL and the stream of the class, and on-demand billing; it is deleted when the block ends. A
        kill leaves it: `Project.list` shows it, and nothing else deletes it.

        Needs no consent at an endpoint; on AWS `yes`, and in a protected environment its name, else ConsentRequired is
        raised before anything is created. Raises UsageError in a project that only reads, RunError where a table could
        not be created, or not be deleted: then it is named. Costs the calls of creation and deletion.
        """
        from dynasmith.project.verbs.temporary_table import temporary_tables

        return temporary_tables(self._world, models, consent)
