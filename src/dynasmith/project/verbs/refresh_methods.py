"""The methods of `Project` by recipes of the project file: refresh and erase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.argument_kinds import text
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.verb_access import VerbAccess

if TYPE_CHECKING:
    from dynasmith.jobs.erasure_report import ErasureReport
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

    @checked(recipe=text)
    def erase(
        self,
        recipe: str,
        value: str,
        *,
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        share: float = 0.5,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> ErasureReport:
        """Delete everything about one person from the tables of the recipe ``[erase.NAME]`` of the project file, and
        read each table again until nothing is found. ``value`` is the person's, as the recipe names it.

        One job without an undo journal: its record holds keyed hashes, no value and no key. A table that fails is
        ``failed`` in the report, with its reason; the same call goes on with the job, and `Jobs.resume` cannot, because
        the value is kept nowhere. The report names backups, streams and exports that may still hold the person. Needs
        the name of the recipe as consent (``confirm``), that of a protected environment too, and a key in
        ``[crypto]``. Raises UsageError (no such recipe, an empty value, one that is not of the type of a key),
        ConsentRequired, TableNotFound, ProjectError, Locked, CheckpointError, RunError and Interrupted. Costs strongly
        consistent reads of what is found, or of the whole table twice where the recipe says ``where`` alone, and the
        write units of what is deleted; ``max_read_units`` and ``max_write_units`` are capacity units a second in each
        table, without them it takes ``share`` of what is provisioned.
        """
        from dynasmith.project.verbs.erasures.erase import erase
        from dynasmith.project.verbs.item_options import transfer_options

        options = transfer_options(max_read_units=max_read_units, max_write_units=max_write_units, share=share)
        return erase(self._item_world(), recipe, value, options=options, consent=consent, listener=listener)
