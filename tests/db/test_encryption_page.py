"""The page about encrypted attributes does what it says."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dynasmith import Project, connect
from dynasmith.operations import parse_operations

pytestmark = pytest.mark.engine
PAGE = (Path(__file__).parents[2] / "docs/guide/models-encryption.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_examples_run(ministack_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATIENTS_KEY", base64.b64encode(bytes(range(32))).decode())
    monkeypatch.setenv("NOTES_KEY", bytes(range(32)).hex())
    names: dict[str, Any] = {"__name__": "guide"}
    for block in blocks("python"):
        exec(compile(block, "docs/guide/models-encryption.md", "exec", dont_inherit=True), names)
    names["patients"](ministack_endpoint)
    with connect(endpoint=ministack_endpoint, region="us-east-1", folder=tmp_path, crypto=names["KEYS"]) as project:
        names["encrypt"](project)
        assert project.check_backfill("patients", parse_operations(yaml.safe_load(blocks("yaml")[0]))).clean


def test_the_project_files_are_read(tmp_path: Path) -> None:
    assert blocks("toml")
    for block in blocks("toml"):
        (tmp_path / "dynasmith.toml").write_text(block)
        Project.load(tmp_path / "dynasmith.toml").close()
