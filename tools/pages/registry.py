"""Which committed page is written by what: only what has texts by hand between lists from the code. The other generated
pages are made when the site is built (`site_pages`)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pages.permissions import permissions_page

REFERENCE: Final = Path(__file__).parents[2] / "docs" / "reference"

PAGES: Final[Mapping[str, Callable[[], str]]] = {"permissions.md": permissions_page}
"""Files of ``REFERENCE`` and what makes their text."""
