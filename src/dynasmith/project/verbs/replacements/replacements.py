"""`Replacements`: what is done with a replacement that has begun."""

from __future__ import annotations

from dynasmith.errors import RunError
from dynasmith.jobs.choice import chosen, is_whole_id
from dynasmith.jobs.replacement_progress import ReplacementGoal
from dynasmith.jobs.replacement_report import Replacement
from dynasmith.jobs.spec import Replace
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.argument_kinds import number, optional, text
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.job_lookup import JobLookup
from dynasmith.project.verbs.replacements.check import check_back, check_cutover
from dynasmith.project.verbs.replacements.definition_patch import with_definition
from dynasmith.project.verbs.replacements.pointer_choice import chosen_pointer
from dynasmith.project.verbs.replacements.replace import go_on, replacement_of, shown


class Replacements(JobLookup):
    """Replacements of tables, by their jobs: an id, its beginning, or ``last``. `Project.replace` begins one, and
    `Jobs.resume` goes on with one."""

    @checked()
    def status(self, job: str) -> Replacement:
        """How far a replacement is, as its last run kept it; with the counts of its copy. Reads the ledger alone.

        Raises JobNotFound where there is no such job, UsageError where several begin so or it replaces no table.
        """
        return with_definition(self._items, shown(self._items, self._replacement(job)), write=False)

    @checked()
    def verify(self, job: str, *, max_read_units: float | None = None, listener: Listener = silent) -> Replacement:
        """Compare every item of both tables, make equal what differs, and go on until two comparisons in a row find
        nothing; whatever was lost of the stream meanwhile. ``max_read_units`` a second of each table are read from now
        on; None is what the replacement began with: by default half of provisioned capacity, and what an on-demand
        table bears.

        Costs strong reads of every item of both tables, four times. One that is stopped or killed begins again.
        Raises Locked while another process follows the table, RunError for a job that is over or does not exist,
        UsageError for one that replaces no table.
        """
        job_id = self._replacement(job)
        new_in_use = replacement_of(self._items, job_id)[1].progress.new_in_use
        goal: ReplacementGoal = "following back" if new_in_use else "verified"
        return go_on(self._items, job_id, goal, heals=True, max_read_units=max_read_units, listener=listener)

    @checked()
    def cutover(
        self,
        job: str,
        *,
        pointer: str | None = None,
        fence: str = "policy",
        max_fence_seconds: float = 120.0,
        max_read_units: float | None = None,
        accept_conflicts: bool = False,
        write: bool = False,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Replacement:
        """Switch the application to the new table: compare both once more, stop writes of the old one, bring over the
        last changes, and switch the ``pointer`` (``file:PATH``, ``ssm:/NAME`` or
        ``hook:COMMAND``; see `dynasmith.pointer`); None is that of the project file.

        ``fence`` is ``policy`` (a statement in the resource policy of the old table, which stays there afterwards),
        ``hook:COMMAND``, or ``none`` where nobody writes. Where writes would be stopped for longer than
        ``max_fence_seconds`` (45 at least), nothing is switched and they go on. From then on the old table follows the
        new one, where the replacement has an inverse or no transform: `back` leads back. ``max_read_units`` is the
        limit of the comparison, as for `verify`. ``accept_conflicts`` is for a second cut-over, after `back`: items of
        the new table that others wrote meanwhile get what the old one says.

        ``write`` gives the definition the name of the new table once the pointer is switched, in its file; without it,
        or where a part must be changed by hand (a model class), the report's ``definition`` says what to change. After
        a switch that left that undone, a repeat with ``write`` does nothing else.

        Needs the consent `yes`. Raises ConsentRequired, UsageError (a pointer that is none, a fence or a time that
        cannot be), ChangeConflict where the pointer names another table, NoEffect where writes pass the fence,
        AccessDenied where this caller may not write the old table, which would prove nothing, or could not take the
        fence off, RunError where there can be no fence, keys cannot be made equal or it took too long, Locked,
        Interrupted. Killed anywhere it is gone on with by `Jobs.resume`.
        """
        job_id = self._replacement(job)
        spec = replacement_of(self._items, job_id)[1]
        if write and spec.progress.new_in_use:
            return with_definition(self._items, shown(self._items, job_id), write=True)
        pointer = chosen_pointer(self._items, spec, pointer)
        check_cutover(spec, pointer, fence, max_fence_seconds, self._items)
        text = f"Stop writes of {spec.source.table} and switch to {spec.target.table} in {{where}}?"
        if not spec.goes_back:
            text += " There is no way back."
        self._items.granted(consent, spec.source, spec.source.table, text)
        report = go_on(
            self._items,
            job_id,
            "following back",
            max_read_units=max_read_units,
            listener=listener,
            pointer=pointer,
            fence=fence,
            max_fence_seconds=max_fence_seconds,
            accepts_conflicts=accept_conflicts,
            writes_definition=write,
        )
        return with_definition(self._items, report)

    @checked(fence=optional(text), max_fence_seconds=optional(number()))
    def back(
        self,
        job: str,
        *,
        fence: str | None = None,
        max_fence_seconds: float | None = None,
        max_read_units: float | None = None,
        accept_conflicts: bool = False,
        write: bool = False,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Replacement:
        """Switch the application back to the old table, which has followed the new one since the cut-over: compare
        both, stop writes of the new one, bring over the last changes, and switch the pointer of the cut-over. The new
        table follows the old one then, as before the cut-over, which can be done again.

        ``fence`` and ``max_fence_seconds`` are those of the cut-over where they are not given. With
        ``accept_conflicts`` items of the old table that others wrote after the cut-over get what the new table says.
        ``max_read_units`` is the limit of the comparison, and ``write`` gives the definition the name of the old table
        again, both as for `cutover`.

        Costs what a cut-over costs. Needs the consent `yes`. Raises RunError where there is no way back, where items
        of the old table were written after the cut-over, where a key cannot be made equal or it took too long;
        ConsentRequired, UsageError, ChangeConflict, NoEffect, Locked, Interrupted as `cutover`. Killed anywhere it is
        gone on with by `Jobs.resume`.
        """
        job_id = self._replacement(job)
        spec = replacement_of(self._items, job_id)[1]
        if write and spec.progress.been_back and not spec.progress.new_in_use:
            return with_definition(self._items, shown(self._items, job_id), write=True)
        progress = spec.progress
        asked = progress.fence if fence is None else fence
        seconds = progress.max_fence_seconds if max_fence_seconds is None else max_fence_seconds
        check_back(spec, asked, seconds, self._items)
        text = f"Stop writes of {spec.target.table} and switch back to {spec.source.table} in {{where}}?"
        self._items.granted(consent, spec.target, spec.target.table, text)
        report = go_on(
            self._items,
            job_id,
            "back",
            max_read_units=max_read_units,
            listener=listener,
            fence=asked,
            max_fence_seconds=seconds,
            accepts_conflicts=accept_conflicts,
            writes_definition=write,
        )
        return with_definition(self._items, report)

    @checked()
    def finish(
        self,
        job: str,
        *,
        accept_conflicts: bool = False,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> Replacement:
        """End a replacement after its cut-over: apply to the new table what its definition says beside (time to live,
        triggers), and turn the stream of the old one off where it was off. The old table stays, and fenced.

        Needs the consent `yes`. Raises RunError where items of the old table were written after the cut-over, unless
        ``accept_conflicts``, and before a cut-over; ConsentRequired, UsageError, Locked, Interrupted.
        """
        job_id = self._replacement(job)
        spec = replacement_of(self._items, job_id)[1]
        if spec.progress.state != "following back":
            raise RunError(
                f"The replacement of {spec.source.table} is {spec.progress.state}.",
                hint="dynasmith replace cutover comes first, and dynasmith replace abort ends it without",
            )
        self._items.granted(
            consent, spec.target, spec.target.table, f"Finish {spec.target.table} in {{where}} as it is defined?"
        )
        report = go_on(self._items, job_id, "finished", listener=listener, accepts_conflicts=accept_conflicts)
        return with_definition(self._items, report)

    @checked()
    def abort(self, job: str, *, consent: Consent | None = None, listener: Listener = silent) -> Replacement:
        """End a replacement before its cut-over: writes go on, and the stream of the old table is as it was. Both
        tables stay; the new one is deleted like any other.

        Needs the consent `yes`. Raises RunError after a cut-over, ConsentRequired, UsageError, Locked, Interrupted.
        """
        job_id = self._replacement(job)
        spec = replacement_of(self._items, job_id)[1]
        text = f"End the replacement of {spec.source.table} in {{where}}? {spec.target.table} stays as it is."
        self._items.granted(consent, spec.source, spec.source.table, text)
        return go_on(self._items, job_id, "aborted", listener=listener)

    def _replacement(self, job: str) -> str:
        """The id of the replacement that is meant; ``last`` is the one that began last, whatever jobs it has itself."""
        return (
            job if is_whole_id(job) else chosen(job, [each for each in self.list() if isinstance(each.spec, Replace)])
        )
