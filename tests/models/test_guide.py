"""The examples of the guide run as they stand there, and what they say is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dynasmith.models import tables_of
from dynasmith.tables.table import Recovery

PAGE = (Path(__file__).parents[2] / "docs/guide/models.md").read_text("utf-8")


def test_the_examples_of_the_guide_run() -> None:
    names: dict[str, Any] = {"__name__": "guide"}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "docs/guide/models.md", "exec", dont_inherit=True), names)
    (table,) = tables_of(names["Order"])
    assert (table.name, table.recovery, table.time_to_live) == ("orders", Recovery(), "expires")
    index = table.index("by_customer")
    assert index is not None
    assert index.projection.attributes == ("status", "total")
