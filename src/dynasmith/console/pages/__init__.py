"""The pages of the console: one file each, each with a value ``page``; a page is shown once it is in `PAGES`."""

from typing import Final

from dynasmith.console.page import ConsolePage
from dynasmith.console.pages import item, items, job, jobs, metrics, tables

PAGES: Final[tuple[ConsolePage, ...]] = (
    tables.page,
    items.tables_page,
    items.page,
    item.page,
    jobs.page,
    job.page,
    metrics.tables_page,
    metrics.page,
)
"""In the order in which a path is looked for."""
