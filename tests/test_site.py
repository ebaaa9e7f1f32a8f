"""The site builds, and a warning is an error: no link leads nowhere, and no page is missing from the contents."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dynasmith.cli.json_types.schema import output_names, output_schema
from dynasmith.documentation import FINDINGS, SITE, code_page, error_page
from dynasmith.project.verbs.diagnosis.causes import CAUSES
from dynasmith.tables.findings import FORM_CODES
from dynasmith.tables.rules import RULES
from pages.error_pages import error_classes
from pages.finding_pages import EVERY_CHECK

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("built") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "pages.site", str(folder)],
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'tools'}{os.pathsep}{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (built.returncode, built.stderr) == (0, "")
    return folder


def test_the_site_has_its_parts_and_a_search(site: Path) -> None:
    assert "searchindex.js" in {path.name for path in site.iterdir()}
    for page in ("index", "guide/copy", "reference/commands/apply", "reference/python/project"):
        assert "<h1" in (site / f"{page}.html").read_text("utf-8"), page


def test_an_address_in_a_message_is_a_page_of_the_site(site: Path) -> None:
    codes = [*(each.code for each in EVERY_CHECK), *(each.code for each in CAUSES), *(each.code for each in RULES)]
    addresses = [FINDINGS, *(error_page(kind.code) for kind in error_classes()), *map(code_page, (*codes, *FORM_CODES))]
    addresses += [output_schema(name)["$id"] for name in output_names()]
    assert [each for each in addresses if not (site / each.removeprefix(f"{SITE}/")).is_file()] == []
