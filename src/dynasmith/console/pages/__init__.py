"""The pages of the console: one file each, each with a value ``page``; a page is shown once it is in `PAGES`."""

from typing import Final

from dynasmith.console.page import ConsolePage
from dynasmith.console.pages import apply, history, item, items, job, jobs, metrics, plan, replacements, table, tables

PAGES: Final[tuple[ConsolePage, ...]] = (
    tables.page,
    table.page,
    plan.page,
    apply.page,
    items.tables_page,
    items.page,
    item.page,
    jobs.page,
    job.page,
    metrics.tables_page,
    metrics.page,
    replacements.list_page,
    replacements.page,
    history.page,
)
"""In the order in which a path is looked for."""
