"""The page about encrypted attributes does what it says."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Project

pytestmark = pytest.mark.engine
PAGE = (Path(__file__).parents[2] / "docs/guide/models-encryption.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_examples_run(ministack_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATIENTS_KEY", base64.b64encode(bytes(range(32))).decode())
    monkeypatch.setenv("NOTES_KEY", bytes(range(32)).hex())
    names: dict[str, Any] = {"__name__": "guide"}
    for block in blocks("python"):
        exec(compile(block, "docs/guide/models-encryption.md", "exec", dont_inherit=True), names)
    names["patients"](ministack_endpoint)


def test_the_project_files_are_read(tmp_path: Path) -> None:
    assert blocks("toml")
    for block in blocks("toml"):
        (tmp_path / "dynasmith.toml").write_text(block)
        Project.load(tmp_path / "dynasmith.toml").close()
