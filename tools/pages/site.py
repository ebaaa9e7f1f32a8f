"""Build the site: ``python -m pages.site FOLDER`` with ``tools`` and ``tests`` on the path (`make docs`).

A warning is an error. The tests are there for their cases, which are the examples of the codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pages.json_pages import schema_files
from pages.staging import ROOT, stage


def build(output: Path) -> int:
    """Build the site into ``output``; the exit code of Sphinx. Every page is read each time: a page that Sphinx knows
    already is not warned about again."""
    sources = output.absolute().with_name(".site-sources")
    stage(sources)
    options = ["--quiet", "--fail-on-warning", "--nitpicky", "--fresh-env", "--builder=html"]
    write_schemas(output)
    folders = [f"--conf-dir={ROOT / 'docs'}", f"--doctree-dir={sources.with_name('.site-doctrees')}"]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *options, *folders, str(sources), str(output)], check=False
    ).returncode


def write_schemas(output: Path) -> None:
    """The schemas, at the addresses that they say themselves."""
    for place, text in schema_files().items():
        path = output / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1])))
