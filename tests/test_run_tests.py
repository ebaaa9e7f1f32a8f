"""`make test` says both results of a test that fails beside others only, and fails for one that fails by itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from longest_files import LONGEST

SCRIPT = Path(__file__).parent.parent / "tools" / "run_tests.py"

ONCE = """
from pathlib import Path

def test_once() -> None:
    flag = Path(__file__).with_name("flag")
    seen = flag.exists()
    flag.touch()
    assert seen

def test_other() -> None:
    pass
"""


def _run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(text)
    command = [sys.executable, str(SCRIPT), "-p", "no:xdist", "-p", "no:hypothesispytest"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_what_fails_once_is_named(tmp_path: Path) -> None:
    ran = _run(tmp_path, ONCE)
    assert ran.returncode == 0, ran.stdout
    assert "1 failed, 1 passed" in ran.stdout
    assert "Failed beside other tests and passed by themselves" in ran.stdout
    assert ran.stdout.rstrip().endswith("test_it.py::test_once")


@pytest.mark.parametrize(
    "text",
    ["def test_it():\n    assert False\n", "def test_it(:\n", "import pytest\npytest.exit('stopped')\n", ""],
    ids=["a failure", "a syntax error", "an exit", "no test"],
)
def test_what_fails_fails(tmp_path: Path, text: str) -> None:
    assert _run(tmp_path, text).returncode != 0


def test_many_failures_are_no_accident(tmp_path: Path) -> None:
    ran = _run(tmp_path, "".join(f"def test_{number}():\n    assert False\n" for number in range(11)))
    assert ran.returncode == 1
    assert "Tried again" not in ran.stdout


def test_the_longest_files_are_there() -> None:
    tests = Path(__file__).parent
    assert [name for name in LONGEST if not (tests / name).is_file()] == []
