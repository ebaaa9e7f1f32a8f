"""The page "Test tables and migrations": its blocks are a project's own tests, and they pass as printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dynasmith.testing import plugin
from testing.child_run import run_pytest, write
from testing.faulty_projects import GOOD

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "testing.md").read_text(encoding="utf-8")


STAR = "from dynasmith.testing.migration_tests import *"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_blocks_of_the_page_pass_as_printed(tmp_path: Path) -> None:
    python = [text for text in blocks("python") if not text.startswith(STAR)]  # test_ready_made runs that one
    assert len(python) == len(blocks("python")) - 1
    fixtures = [text for text in python if "@pytest.fixture" in text]
    tests = {f"test_block_{number}.py": text for number, text in enumerate(python) if text not in fixtures}
    options = "".join(text.replace("[pytest]\n", "") for text in blocks("ini")).replace("0.0.3 0.1.0", "0.0.3")
    more = {"migrations/0.0.3_free.py": 'def up(m):\n    m.once("free", lambda: None)\n'}
    (script,) = (name for name, text in tests.items() if "def try_it" in text)
    tests[script] += "\n\ndef test_the_script(request):\n    assert try_it(request.path.parent)\n"
    project = {**GOOD, **more, **tests, "conftest.py": "\n".join(fixtures), "pytest.ini": f"[pytest]\n{options}"}
    ran = run_pytest(write(tmp_path, project))
    own = sum(len(re.findall(r"^def test_", text, re.MULTILINE)) for text in tests.values())
    assert f"{own + 4} passed" in ran.text, ran.text
    assert ran.outcomes["pytest.ini::test_up_down_up"] == "PASSED"


def test_the_page_names_every_fixture_and_option() -> None:
    fixtures = {name for name in plugin.__all__ if not name.startswith("pytest_")} - {"strict_autoscaling_upstream"}
    printed = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert fixtures <= printed
    parser = pytest.Parser(_ispytest=True)
    plugin.pytest_addoption(parser)
    assert set(parser._inidict) <= printed
