"""Where the documentation is: the one place that makes addresses of its pages, for messages and for reports."""

from typing import Final

SITE: Final = "https://dynasmith.readthedocs.io/en/latest"
"""The site that `make docs` builds. Moving it is a change of this line."""

FINDINGS: Final = f"{SITE}/reference/findings.html"
"""The page of the codes of `validate`."""


def error_page(code: str) -> str:
    """The address of the page of an error's code: what happened, and what to do."""
    return f"{SITE}/reference/errors/{code}.html"


def finding_page(code: str) -> str:
    """The address of the section of a finding's code: of `validate` (DSnnn), or of `diagnose` (DGnnn)."""
    page = "diagnoses" if code.startswith("DG") else "findings"
    return f"{SITE}/reference/{page}.html#{code.lower()}"
