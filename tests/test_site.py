"""The site builds, and a warning is an error: no link leads nowhere, and no page is missing from the contents."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "pages.site", str(tmp_path / "site")],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tools")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (built.returncode, built.stderr) == (0, "")
    assert "searchindex.js" in {path.name for path in (tmp_path / "site").iterdir()}
    for page in ("index", "guide/copy", "reference/commands/apply"):
        assert "<h1" in (tmp_path / "site" / f"{page}.html").read_text("utf-8"), page
