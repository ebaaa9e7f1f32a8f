"""The site builds, and a warning is an error: no link leads nowhere, and no page is missing from the contents."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dynasmith.documentation import SITE, code_page, error_page
from dynasmith.validate.checks import CHECKS
from dynasmith.validate.item_checks import ITEM_CHECKS
from pages.error_pages import error_classes

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("built") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "pages.site", str(folder)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tools")},
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


def diagnoses() -> set[str]:
    """The codes of `diagnose`, as they stand in the code."""
    sources = (ROOT / "src/dynasmith/project/verbs").rglob("*.py")
    return {code for path in sources for code in re.findall(r'"(DG\d{3})"', path.read_text("utf-8"))}


def test_an_address_in_a_message_is_a_page_of_the_site(site: Path) -> None:
    codes = [*(check.code for check in CHECKS), *(check.code for check in ITEM_CHECKS), *sorted(diagnoses())]
    assert len(diagnoses()) > 20
    addresses = [*(error_page(kind.code) for kind in error_classes()), *map(code_page, codes)]
    dead = []
    for address in addresses:
        path, _, anchor = address.removeprefix(f"{SITE}/").partition("#")
        page = site / path
        if not page.is_file() or (anchor and f'id="{anchor}"' not in page.read_text("utf-8")):
            dead.append(address)
    assert dead == []
