"""`Replacements`: what is done with a replacement that has begun."""

from __future__ import annotations

from dynasmith.jobs.choice import chosen, is_whole_id
from dynasmith.jobs.replacement_report import Replacement
from dynasmith.jobs.spec import Replace
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.job_lookup import JobLookup
from dynasmith.project.verbs.replacements.replace import go_on, shown


class Replacements(JobLookup):
    """Replacements of tables, by their jobs: an id, its beginning, or ``last``. `Project.replace` begins one, and
    `Jobs.resume` goes on with one."""

    @checked()
    def status(self, job: str) -> Replacement:
        """How far a replacement is, as its last run kept it; with the counts of its copy. Reads the ledger alone.

        Raises RunError where there is no such job, UsageError where several begin so or it replaces no table.
        """
        return shown(self._items, self._replacement(job))

    @checked()
    def verify(self, job: str, *, listener: Listener = silent) -> Replacement:
        """Compare every item of both tables, make equal what differs, and go on until two comparisons in a row find
        nothing; whatever was lost of the stream meanwhile.

        Costs strong reads of every item of both tables, four times. Raises Locked while another process follows the
        table, RunError for a job that is over or does not exist, UsageError for one that replaces no table.
        """
        return go_on(self._items, self._replacement(job), heals=True, listener=listener)

    def _replacement(self, job: str) -> str:
        """The id of the replacement that is meant; ``last`` is the one that began last, whatever jobs it has itself."""
        return (
            job if is_whole_id(job) else chosen(job, [each for each in self.list() if isinstance(each.spec, Replace)])
        )
