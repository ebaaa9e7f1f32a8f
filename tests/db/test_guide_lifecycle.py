"""The page of the guide about items over time does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.engine
PAGE = (Path(__file__).parents[2] / "docs/guide/models-lifecycle.md").read_text("utf-8")


def test_the_examples_of_the_page_run(ministack_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a job keeps its record in the folder of the program
    names: dict[str, Any] = {"__name__": "guide"}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        exec(compile(block, "docs/guide/models-lifecycle.md", "exec", dont_inherit=True), names)
    for example in re.findall(r"^def (\w+)\(endpoint: str\)", PAGE, re.MULTILINE):
        names[example](ministack_endpoint)
