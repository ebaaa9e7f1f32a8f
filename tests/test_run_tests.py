"""`make test` says both results of a test that fails beside others only, and fails for one that fails by itself. Its
forks run every test, whatever becomes of one of them.
"""

import os
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

FORKED = """
import os
import pytest
from forked_workers import pytest_runtestloop
from pathlib import Path

HOME = Path(__file__).parent

def pytest_addoption(parser):
    parser.addoption("--forks", type=int, default=0)

@pytest.fixture(scope="session")
def once():
    with (HOME / "begun").open("a") as file:
        file.write(f"{os.getpid()} ")
    yield
    with (HOME / "ended").open("a") as file:
        file.write(f"{os.getpid()} ")
"""
KINDS = """
import warnings
import pytest

def test_good(once, tmp_path):
    assert not list(tmp_path.iterdir())
    (tmp_path / "a").touch()

def test_skipped():
    pytest.skip("not here")

def test_bad():
    print("said by NAME")
    assert False

def test_warns():
    warnings.warn("take care of NAME")
"""
DYING = """
import os

def test_before():
    pass

def test_dies():
    os.kill(os.getpid(), 9)

def test_after():
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


def _forked(folder: Path, *texts: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text(FORKED)
    for number, text in enumerate(texts):
        (folder / f"test_{number}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "--forks", "2", "-rA", "-p", "no:xdist", "-p", "no:hypothesispytest"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_forks_run_every_test_once_and_say_what_a_worker_knows(tmp_path: Path) -> None:
    ran = _forked(tmp_path, *[KINDS.replace("NAME", str(number)) for number in range(5)])
    assert ran.returncode == 1, ran.stdout
    assert "5 failed, 10 passed, 5 skipped, 5 warnings" in ran.stdout
    assert ran.stdout.count("\nsaid by 3\n") == 1
    assert "UserWarning: take care of 3" in ran.stdout
    begun = (tmp_path / "begun").read_text().split()
    ended = (tmp_path / "ended").read_text().split()
    assert sorted(begun) == sorted(ended)
    assert 1 <= len(begun) <= 2
    assert str(os.getpid()) not in begun


def test_a_test_whose_fork_dies_fails_and_the_others_run(tmp_path: Path) -> None:
    ran = _forked(tmp_path, DYING, "def test_other():\n    pass\n")
    assert ran.returncode == 1, ran.stdout
    assert "1 failed, 3 passed" in ran.stdout
    assert "its process ended with -9" in ran.stdout


@pytest.mark.parametrize(
    ("text", "code"),
    [("import pytest\ndef test_it():\n    pytest.exit('that is enough')\n", 2), ("def test_it(:\n", 2), ("", 5)],
    ids=["an exit", "a syntax error", "no test"],
)
def test_forks_end_as_one_process_does(tmp_path: Path, text: str, code: int) -> None:
    assert _forked(tmp_path, text).returncode == code


def test_the_longest_files_are_there() -> None:
    tests = Path(__file__).parent
    assert [name for name in LONGEST if not (tests / name).is_file()] == []
