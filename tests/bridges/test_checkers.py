"""mypy and pyright accept every module that is written, as strictly as their users may run them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridges.live_tables import ITEMS, TABLES
from dynasmith import Project
from dynasmith.bridges.live_table import live_module
from dynasmith.bridges.writer import write_module

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
pytestmark = pytest.mark.engine


def json_items(value: Any) -> Any:
    """Items of boto3 in DynamoDB JSON."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {name: json_items(each) for name, each in value.items()}
    return [json_items(each) for each in value] if isinstance(value, list) else value


@pytest.fixture
def written(project: Project, tmp_path: Path) -> Path:
    """A folder with one module for each source."""
    sources = {
        "pynamo": ("bridges.pynamo_shop", {}, {}),
        "plain": ("bridges.plain_shop", {"Order": "customer,number"}, {}),
        "iso": (f"onetable:{HERE / 'onetable_iso.json'}", {}, {"": "app"}),
        "epoch": (f"onetable:{HERE / 'onetable_epoch.json'}", {}, {"": "app"}),
    }
    for name, (source, keys, tables) in sources.items():
        text = project.import_from(source, form="models", keys=keys, tables=tables).text
        (tmp_path / f"written_{name}.py").write_text(text, "utf-8")
    made = [({"name": name, **TABLES[name]}, json_items(ITEMS[name]), "a sample") for name in TABLES]
    (tmp_path / "written_live.py").write_text(write_module(live_module(made)), "utf-8")
    return tmp_path


def test_checkers_accept_what_is_written(written: Path) -> None:
    files = sorted(map(str, written.glob("*.py")))
    cache = ROOT / ".mypy_cache" / "users"  # `make check` has filled it
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", *files]
    environment = {"MYPYPATH": str(ROOT / "tests"), "PATH": "/usr/bin:/bin", "HOME": str(written)}
    told = subprocess.run(mypy, capture_output=True, text=True, check=False, cwd=written, env=environment)
    assert told.returncode == 0, told.stdout + told.stderr
    config = {
        "typeCheckingMode": "strict",
        "include": ["*.py"],
        "extraPaths": [str(ROOT / "tests"), str(ROOT / "src")],
        "pythonVersion": "3.11",
    }
    (written / "pyrightconfig.json").write_text(json.dumps(config), "utf-8")
    pyright = [sys.executable, "-m", "pyright", f"--pythonpath={sys.executable}", "--project", str(written)]
    told = subprocess.run(pyright, capture_output=True, text=True, check=False, cwd=written)
    assert told.returncode == 0, told.stdout + told.stderr
