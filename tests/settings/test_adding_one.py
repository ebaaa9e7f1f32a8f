"""The recipe of CONTRIBUTING.md, followed: two files and three lines add a setting to a copy of the package, and it is
read, planned, applied, described and documented. What is missing of it is named by mypy."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dynasmith.strict import StrictServer
from dynasmith.tables.settings.base import Setting

ROOT = Path(__file__).parents[2]
ADDED = Path(__file__).parent / "added"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package that nothing is added to yet."""
    package = tmp_path / "src/dynasmith"
    shutil.copytree(ROOT / "src/dynasmith", package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def add_line(path: Path, before: str, line: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, line + before), "utf-8")


def add_setting(package: Path) -> None:
    """Two files, and three lines: the field of `Table`, and the setting's line in each of the two registries."""
    shutil.copy(ADDED / "owner_table.py", package / "tables/settings/owner.py")
    shutil.copy(ADDED / "owner_aws.py", package / "aws/settings/owner.py")
    add_line(
        package / "tables/table.py",
        "    items: tuple[dict[str, Any], ...]",
        "    owner: str | UnsetType | None = UNSET\n",
    )
    for registry, kind in (
        ("tables/settings/__init__.py", "OwnerSetting"),
        ("aws/settings/__init__.py", "ServiceOwner"),
    ):
        file = package / registry
        last = re.findall(r"    \w+\(\),\n\)", file.read_text("utf-8"))[-1]
        add_line(file, last, f"    {kind}(),\n")
        add_line(
            file, "\nfrom typing import", f"\nfrom dynasmith.{registry.split('/')[0]}.settings.owner import {kind}"
        )


def test_an_added_setting_works_everywhere(copy: Path, tmp_path: Path, strict: StrictServer) -> None:
    add_setting(copy)
    ran = subprocess.run(
        [sys.executable, str(ADDED / "used.py"), strict.endpoint],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{copy.parent}:{ROOT / 'tools'}", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "used\n"), ran.stderr


@pytest.mark.parametrize("missing", sorted(Setting.__abstractmethods__))
def test_a_setting_that_leaves_a_question_open_cannot_be_made(missing: str) -> None:
    answers = dict.fromkeys(Setting.__abstractmethods__ - {missing})
    with pytest.raises(TypeError, match=rf"Can't instantiate abstract class Half .*\b{missing}\b"):
        type("Half", (Setting,), answers)()


def test_mypy_says_so_before_anything_runs(copy: Path, tmp_path: Path) -> None:
    (copy / "__init__.py").write_text('"""Without the public face, which is all of the package."""\n', "utf-8")
    (copy / "tables/settings/empty.py").write_text(
        '"""A setting that answers nothing."""\n\n'
        "from dynasmith.tables.settings.base import Setting, SettingCall, SettingChange\n\n\n"
        "class Empty(Setting[str, SettingChange, SettingCall]):\n    pass\n\n\n"
        "REGISTERED = Empty()\n",
        "utf-8",
    )
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--explicit-package-bases"),
            *("--cache-dir", str(tmp_path / "cache"), "src/dynasmith/tables/settings/empty.py"),
        ],
        cwd=tmp_path,
        env={"MYPYPATH": "src", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in ran.stdout.splitlines() if "empty.py" in line and "error:" in line]
    assert len(errors) == 1, ran.stdout
    assert 'Cannot instantiate abstract class "Empty" with abstract attributes' in errors[0]
