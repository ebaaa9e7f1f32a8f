"""The pages of the site that are made from the code at each build, and are in no commit."""

from __future__ import annotations

from collections.abc import Mapping

from pages.command_pages import command_pages
from pages.error_pages import error_pages
from pages.python_pages import python_pages


def site_pages() -> Mapping[str, str]:
    """Each generated page: its place in the site, and its text in Markdown."""
    return {**command_pages(), **error_pages(), **python_pages()}
