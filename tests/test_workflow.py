"""The workflow of the project itself: what it runs are verbs of make, on every Python that the package names."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from examples.workflows import workflow_of
from fresh_python import interpreter

ROOT = Path(__file__).parents[1]
WORKFLOW = workflow_of(ROOT / ".github" / "workflows" / "ci.yaml")
PYTHONS = WORKFLOW["jobs"]["test"]["strategy"]["matrix"]["python"]


def test_it_tests_every_python_that_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if re.search(r":: 3\.\d+$", line)]
    assert named == PYTHONS
    assert project["requires-python"] == f">={PYTHONS[0]}"


def test_each_of_its_lines_is_a_verb_of_make() -> None:
    verbs = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    lines = [step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step]
    made = {line.removeprefix("make ") for line in lines if line.startswith("make ")}
    assert made <= verbs
    assert made >= {"check", "test", "docs", "wheel", "test-wheel", "coverage"}
    assert [line for line in lines if not line.startswith("make ")] == ["git diff --exit-code"]
    for job in WORKFLOW["jobs"].values():
        assert all(re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step)


@pytest.mark.parametrize("version", PYTHONS)
def test_the_package_can_be_read_by_each_python(version: str) -> None:
    """Its syntax and the modules of the standard library; `make test-wheel` installs and runs it there."""
    code = "import ast, pathlib, sys; [ast.parse(p.read_bytes()) for p in pathlib.Path(sys.argv[1]).rglob('*.py')]"
    words = [interpreter(version), "-W", "error", "-c", code, str(ROOT / "src" / "dynasmith" / "tables")]
    assert subprocess.run(words, capture_output=True, text=True, check=False).stderr == ""


def test_the_hooks_of_pre_commit_run_what_make_check_runs() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\ncheck:")[2].partition("\nclean:")[0]
    for hook in local["hooks"]:
        assert hook["entry"].startswith(".venv/bin/"), hook
        words = hook["entry"].removeprefix(".venv/bin/")
        assert re.search(rf"\$\(BIN\)/{words}( \.)?$", recipe, re.MULTILINE), hook
