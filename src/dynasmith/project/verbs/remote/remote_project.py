"""`RemoteProject`: the verbs that a function does next to the tables, as `project.remote(FUNCTION)`."""

from __future__ import annotations

from functools import cached_property

from dynasmith.aws.control.functions import LambdaFunction
from dynasmith.errors import UsageError
from dynasmith.project.verbs.remote.remote_migrations import RemoteMigrations
from dynasmith.project.world import World


class RemoteProject:
    """A project whose verbs run in a function of Lambda that has the same files. Costs no call.

    Made from ``project.dry`` its verbs are dry runs there too.
    """

    def __init__(self, world: World, function: str = "") -> None:
        name = function or world.settings.remote
        if not name:
            raise UsageError(
                f"Environment {world.settings.environment} names no function.",
                hint='give its name or ARN, or write remote = "ARN" into the environment of the project file',
            )
        self._world = world
        self._function = LambdaFunction(world.session, name)

    @property
    def function(self) -> str:
        """The function, as it was named."""
        return self._function.name

    @cached_property
    def migrations(self) -> RemoteMigrations:
        """Versioned migrations: status, list, up, down, to and the like."""
        return RemoteMigrations(self._world, self._function)
