"""The method of `Project` about what its caller must be allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dynasmith.project.verbs.argument_kinds import optional, text
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.world import World

if TYPE_CHECKING:
    from dynasmith.models import Model
    from dynasmith.project.verbs.lambda_policy import FunctionPolicy


class PermissionMethods:
    """What verbs must be allowed."""

    _world: World

    @checked(role=optional(text), account=optional(text))
    def permissions(
        self,
        verbs: Sequence[str] = (),
        *,
        role: str | None = None,
        tables: Sequence[str | type[Model]] = (),
        account: str | None = None,
    ) -> FunctionPolicy:
        """The IAM policy of who runs these verbs (``apply``, ``backup create``, or a row of the permissions page such
        as ``populate --by import``), or the verbs of a ``role``: ``reader``, ``deployer`` or ``mover``.

        It is for ``tables``, by default those that the project defines, in their Regions; the actions of settings are
        those of the keys that a definition has, and of all keys for a table without one. ``account`` is an account id,
        by default that of the environment, or every one. What it leaves open is in ``notes``.

        Nothing is sent to AWS. Raises UsageError for unknown verbs and roles, DefinitionError for a broken definition.
        """
        from dynasmith.project.verbs.permissions import verb_policy

        return verb_policy(self._world, verbs, role=role or "", tables=tables, account=account or "")
