"""The part of the guide about reading and writing items does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.engine
PAGE = (Path(__file__).parents[2] / "docs/guide/models.md").read_text("utf-8")


def test_the_examples_of_the_guide_run(ministack_endpoint: str) -> None:
    names: dict[str, Any] = {"__name__": "guide"}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        exec(compile(block, "docs/guide/models.md", "exec", dont_inherit=True), names)
    names["create"](ministack_endpoint)
    names["orders"](ministack_endpoint)
