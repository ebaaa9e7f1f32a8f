"""Where the documentation is: the one place that makes addresses of its pages, for messages and for reports."""

from typing import Final

SITE: Final = "https://dynasmith.readthedocs.io/en/latest"
"""The site that `make docs` builds. Moving it is a change of this line."""

FINDINGS: Final = f"{SITE}/reference/findings/index.html"
"""The page that lists the codes of `validate`."""


def error_page(code: str) -> str:
    """The address of the page of an error's code: what happened, and what to do."""
    return f"{SITE}/reference/errors/{code}.html"


def code_page(code: str) -> str:
    """The address of the page of a code: of a finding of `validate` (DSnnn), of a cause that `diagnose` finds (DGnnn),
    or of a mistake of a definition (Dnnn)."""
    folder = {"DS": "findings", "DG": "diagnoses"}.get(code[:2], "definition-mistakes")
    return f"{SITE}/reference/{folder}/{code}.html"
