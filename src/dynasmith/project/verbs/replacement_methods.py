"""The methods of `Project` that replace a table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.argument_kinds import text
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.verb_access import VerbAccess

if TYPE_CHECKING:
    from dynasmith.jobs.replacement_report import Replacement
    from dynasmith.plans.consent import Consent
    from dynasmith.project.verbs.replacements.replacements import Replacements


class ReplacementMethods(VerbAccess):
    """A table is replaced by another one while it is in use."""

    @checked(table=text)
    def replace(
        self,
        table: str,
        *,
        new_name: str | None = None,
        transform: str | None = None,
        reverse: str | None = None,
        source_key: Mapping[str, str] | None = None,
        restart_stream: bool = False,
        until: Literal["following", "verified"] = "verified",
        max_read_units: float | None = None,
        max_write_units: float | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Replacement:
        """Make a new table of the items of ``table`` while others write to it: create it as ``table`` is defined now,
        under ``new_name`` (default: ``orders-v2`` for ``orders``), copy every item, follow every change, and compare
        until both are equal. The old table stays as it is and in use.

        ``transform`` is ``module:function`` or an operations file; an item that it makes must hold the key of the item
        that it is made of, under the same name, or under the one that ``source_key`` gives (``{"id": "old_id"}``). It
        must make the same of the same item each time. ``reverse`` is its inverse, by which the old table follows the
        new one after a cut-over; without it there is no way back, unless there is no transform. With
        ``restart_stream`` a stream that shows too little for a transform is turned off, on with both images, and at the
        end off and on as it was: each time its readers lose what they had not read, and the stream has another ARN.

        ``max_read_units`` and ``max_write_units`` a second are the limits of the copy, the former also of comparisons,
        for each table. One job; the copy is a job of its own. It ends at ``until``, and is ``waiting`` then: changes of
        the next 24 hours are in the stream, and `Jobs.resume` goes on with them.

        Needs the consent `yes`. Raises before anything is done UsageError (a transform that drops the key or fails on
        a sample, a stream that shows too little or has two readers), TableExists, TableNotFound, ConsentRequired,
        DefinitionError; then Locked where another replacement of the table is not over, RunError where the safety
        point or the journal cannot be made or the stream was not read for 20 hours, CheckpointError where one of
        the tables is another one now, Interrupted. Costs a strong scan and the writes of the copy, a strong read and
        the writes of each item that changes, and strong reads of every item of both tables four times. Stopped
        halfway it is resumed with `Jobs.resume`.
        """
        from dynasmith.project.verbs.item_options import transfer_options
        from dynasmith.project.verbs.replacements.replace import planned_replacement, replace

        items = self._item_world()
        spec = planned_replacement(
            items,
            table,
            new_name=new_name or "",
            transform=transform,
            reverse=reverse,
            source_key=source_key,
            restart_stream=restart_stream,
            until=until,
            options=transfer_options(max_read_units=max_read_units, max_write_units=max_write_units),
        )
        return replace(items, spec, consent=consent, listener=listener)

    @cached_property
    def replacements(self) -> Replacements:
        """Replacements that have begun: status, verify. Costs no call."""
        from dynasmith.project.verbs.replacements.replacements import Replacements

        return Replacements(self._world)
