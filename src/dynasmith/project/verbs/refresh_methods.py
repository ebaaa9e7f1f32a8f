"""The method of `Project` that refreshes an environment from another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.verb_access import VerbAccess

if TYPE_CHECKING:
    from dynasmith.jobs.refresh_report import RefreshReport
    from dynasmith.plans.consent import Consent


class RefreshMethods(VerbAccess):
    """Verbs by recipes of the project file."""

    @checked()
    def refresh(
        self,
        recipe: str | None = None,
        *,
        source_env: str | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> RefreshReport:
        """Make tables of this environment a copy of those of ``source_env`` by the recipe ``[refresh.NAME]`` of the
        project file, without a name the one that is called like the environment: empty what it names, copy each table
        through its sample and its masks, do what it names after. One job; each part is a job of its own.

        A part that fails stops the parts that need it: the job is ``failed`` then, the report says why, and
        `Jobs.resume` does that part again. Needs the name of the environment as consent (``confirm``);
        ``allow_personal`` as in a copy. Raises before anything is done UsageError (no such recipe, the same environment
        on both sides, a protected one, a table that holds items from before), ConsentRequired, TableNotFound,
        DefinitionError, ProjectError, RunError; Locked where a refresh of the environment runs; CheckpointError for a
        ledger that cannot be read; Interrupted. Costs a read of each source, and the write units of what is emptied and
        copied. Stopped halfway it is resumed with `Jobs.resume`.
        """
        from dynasmith.project.verbs.refreshes.refresh import refresh

        return refresh(self._item_world(), recipe or "", source_env or "", consent=consent, listener=listener)
