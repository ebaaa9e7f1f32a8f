"""The example of a project that tests its tables and migrations: its own tests pass, and its script."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testing.child_run import run_pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "tested-project"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example, so that nothing is written into it."""
    return shutil.copytree(EXAMPLE, tmp_path / "shop", ignore=shutil.ignore_patterns(".*", "__pycache__"))


def test_its_tests_pass_in_two_processes(project: Path) -> None:
    ran = run_pytest(project, "-n", "2")
    assert ran.code == 0, ran.text
    own = sum(file.read_text("utf-8").count("\ndef test_") for file in (project / "tests").glob("test_*.py"))
    assert f"{own + 4} passed" in ran.text, ran.text


def test_its_script_runs(project: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "try_migrations.py"], cwd=project, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "Migration: PASS (" in ran.stdout
    assert "Verification: PASS" in ran.stdout
