"""mypy and pyright refuse each line of ``refused.py`` that is marked, and no other."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REFUSED = HERE / "refused.py"


def mypy(cache: Path) -> AbstractSet[int]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", str(REFUSED)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 1, told.stdout + told.stderr
    return {int(line) for line in re.findall(r"refused\.py:(\d+): error:", told.stdout)}


def pyright(_: Path) -> AbstractSet[int]:
    command = [sys.executable, "-m", "pyright", "--outputjson", f"--pythonpath={sys.executable}", str(REFUSED)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 1, told.stdout + told.stderr
    found = json.loads(told.stdout)["generalDiagnostics"]
    return {each["range"]["start"]["line"] + 1 for each in found if each["severity"] == "error"}


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_every_marked_line_is_refused_and_no_other(checker: Callable[[Path], AbstractSet[int]], tmp_path: Path) -> None:
    lines = REFUSED.read_text("utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, start=1) if line.endswith("# refused")}
    assert len(marked) > 50
    cache = HERE.parents[1] / ".mypy_cache" / "users"  # `make check` has filled it
    refused = checker(cache if cache.is_dir() else tmp_path)
    assert [lines[number - 1] for number in sorted(marked ^ refused)] == []
