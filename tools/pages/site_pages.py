"""The pages of the site that are made from the code at each build, and are in no commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pages.command_pages import command_pages
from pages.error_pages import error_pages
from pages.json_pages import json_pages
from pages.python_pages import python_pages

GENERATED: Final = frozenset({"commands", "errors", "json", "python"})
"""What is below docs/reference in the site alone: folders, and pages by their names without an ending. A link of a page
may lead there; the build of the site says where it leads nowhere."""


def site_pages() -> Mapping[str, str]:
    """Each generated page: its place in the site, and its text in Markdown."""
    return {**command_pages(), **error_pages(), **json_pages(), **python_pages()}
