"""Projects in folders, and pytest as their users run it: a process of its own, whose outcomes are read back."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """The files of a project; a project file is added where they have none."""
    for name, text in {"dynasmith.toml": 'definitions = ["tables.yaml"]\n', **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


PLAIN = ("-W", "error", "-rA", "--color=no", "--assert=plain")
"""Asserts are not rewritten: that costs seconds of each run where nothing may write bytecode."""


@dataclass(frozen=True)
class ChildRun:
    """What a run of pytest printed, and the outcome of each test by its id."""

    code: int
    text: str
    outcomes: Mapping[str, str]

    def failure(self, name: str) -> str:
        """The text under the heading of a test that failed."""
        heading = re.search(
            rf"^_+ (?:ERROR at \w+ of )?{re.escape(name)} _+\n(.*?)(?=^[_=-]{{4,}})", self.text, re.M | re.S
        )
        assert heading is not None, self.text
        return heading[1].strip()


def run_pytest(folder: Path, *words: str, shell: Mapping[str, str] | None = None) -> ChildRun:
    """Run pytest in a folder, warnings as errors, with these words and further variables of the shell."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *PLAIN, *words]
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "AWS_"))}
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300, env={**known, **(shell or {})}
    )
    found = re.findall(r"^(PASSED|FAILED|ERROR|SKIPPED) (\S+)", ran.stdout, re.M)
    return ChildRun(ran.returncode, ran.stdout + ran.stderr, {name: outcome for outcome, name in found})
