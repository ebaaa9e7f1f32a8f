"""The pages of the site that are made from the code at each build, and are in no commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pages.command_pages import command_pages
from pages.definition import definition_page
from pages.error_pages import error_pages
from pages.finding_pages import diagnosis_pages, finding_pages
from pages.generated_code import generated_code_page
from pages.json_pages import json_pages
from pages.mistake_pages import mistake_pages
from pages.model_reference import model_reference_page
from pages.python_pages import python_pages
from pages.strict_rules import strict_rules_page

_PAGES: Final = {
    "definition": definition_page,
    "generated-code": generated_code_page,
    "models": model_reference_page,
    "strict-rules": strict_rules_page,
}
_FOLDERS: Final = {
    "commands": command_pages,
    "definition-mistakes": mistake_pages,
    "diagnoses": diagnosis_pages,
    "errors": error_pages,
    "findings": finding_pages,
    "json": json_pages,
    "python": python_pages,
}
GENERATED: Final = frozenset(_PAGES) | frozenset(_FOLDERS)
"""What is below docs/reference in the site alone: folders, and pages by their names without an ending. A link of a page
may lead there; the build of the site says where it leads nowhere."""


def is_generated(target: str) -> bool:
    """Whether a path of the repository (``docs/reference/json/index.md``) is a page that is made at the build."""
    folder, _, name = target.partition("docs/reference/")
    return not folder and name.partition("/")[0].removesuffix(".md") in GENERATED


def site_pages() -> Mapping[str, str]:
    """Each generated page: its place in the site, and its text in Markdown."""
    pages = {f"reference/{name}.md": page() for name, page in _PAGES.items()}
    for folder in _FOLDERS.values():
        pages |= folder()
    return pages
