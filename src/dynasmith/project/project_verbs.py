"""`ProjectVerbs`: every verb as a method, of a project and of a table of it under another name."""

from __future__ import annotations

from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dynasmith.project.verbs.few_item_methods import FewItemMethods
from dynasmith.project.verbs.item_methods import ItemMethods
from dynasmith.project.verbs.metric_methods import MetricMethods
from dynasmith.project.verbs.model_methods import ModelMethods
from dynasmith.project.verbs.permission_methods import PermissionMethods
from dynasmith.project.verbs.refresh_methods import RefreshMethods
from dynasmith.project.verbs.replacement_methods import ReplacementMethods
from dynasmith.project.verbs.table_methods import TableMethods
from dynasmith.project.world import World

if TYPE_CHECKING:
    from dynasmith.plans.where import Where
    from dynasmith.project.verbs.backups.backups import Backups
    from dynasmith.project.verbs.dry_runs import DryRuns
    from dynasmith.project.verbs.jobs import Jobs
    from dynasmith.project.verbs.lambdas import Lambdas
    from dynasmith.project.verbs.migrations.migrations import Migrations
    from dynasmith.project.verbs.remote.remote_project import RemoteProject
    from dynasmith.project.verbs.render import Render


class ProjectVerbs(
    TableMethods,
    MetricMethods,
    PermissionMethods,
    FewItemMethods,
    ItemMethods,
    RefreshMethods,
    ReplacementMethods,
    ModelMethods,
):
    """Every verb as a method, and the groups ``jobs`` and ``dry_run``. A context manager."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections. Every method that needs one afterwards raises UsageError; closing again does nothing."""
        self._world.close()

    @property
    def environment(self) -> str:
        """The name of the environment."""
        return self._world.settings.environment

    @property
    def where(self) -> Where:
        """Environment, Region, and account or endpoint: what plans, questions and reports name. On AWS it costs one
        call (of STS) where the account is not known yet; one that cannot be found out is unknown."""
        return self._world.where

    @property
    def protected(self) -> bool:
        """Whether every verb that changes something asks for the environment's name."""
        return self._world.settings.protected

    @cached_property
    def jobs(self) -> Jobs:
        """Runs of long verbs: list, show, resume, pause, proceed, pace, cancel, undo, prune."""
        from dynasmith.project.verbs.jobs import Jobs

        return Jobs(self._world)

    @cached_property
    def backups(self) -> Backups:
        """Backups of tables: create, list, show, delete, prune, restore. Costs no call."""
        from dynasmith.project.verbs.backups.backups import Backups

        return Backups(self._world)

    @cached_property
    def migrations(self) -> Migrations:
        """Versioned migrations: status, list, up, down, to, mark, show and the like. Costs no call."""
        from dynasmith.project.verbs.migrations.migrations import Migrations

        return Migrations(self._world)

    def remote(self, function: str = "") -> RemoteProject:
        """Verbs that a Lambda function does next to the tables, by its name or ARN, else that of the environment
        (``remote``). Costs no call. Raises UsageError where none is named."""
        from dynasmith.project.verbs.argument_kinds import any_text
        from dynasmith.project.verbs.remote.remote_project import RemoteProject

        any_text("function", function)
        return RemoteProject(self._world, function)

    @cached_property
    def lambdas(self) -> Lambdas:
        """Lambda functions: the bundle of the project. Costs no call."""
        from dynasmith.project.verbs.lambdas import Lambdas

        return Lambdas(self._world)

    @cached_property
    def render(self) -> Render:
        """Tables in another form: live ones as models, defined ones as Terraform."""
        from dynasmith.project.verbs.render import Render

        return Render(self._world)

    @cached_property
    def dry_run(self) -> DryRuns:
        """What the verbs that move items would do: copy, export, populate, backfill, undo."""
        from dynasmith.project.verbs.dry_runs import DryRuns

        return DryRuns(self._world)

    @cached_property
    def dry(self) -> Self:
        """The same project for a dry run: its clients send nothing but reads, as ``dry_run_role_arn`` where the
        environment names one. Costs no call; close it, or this one, to end its connections."""
        return self if self._world.dry is self._world else self._over(self._world.dry)

    def _over(self, world: World) -> Self:
        return type(self)(world)
