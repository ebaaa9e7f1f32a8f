"""The examples of relations run: those of the guide, and those that type checkers look at."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Project, connect
from dynasmith.models import tables_of
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parents[2]
PAGE = "docs/guide/models-relations.md"


@pytest.fixture(scope="module")
def apart(ministack_endpoint: str) -> Iterator[Callable[..., Project]]:
    """`connect` to an endpoint of its own, in a Region in which no other test has tables of these names."""
    with StrictServer(ministack_endpoint) as server:

        def connected(**options: Any) -> Project:
            own: dict[str, Any] = {"endpoint": server.endpoint, "region": "eu-west-1", "clock": server.clock}
            return connect(**options | own)

        yield connected


def test_the_examples_of_the_guide_run(apart: Callable[..., Project]) -> None:
    names: dict[str, Any] = {"__name__": "guide"}
    for block in re.findall(r"^```python\n(.*?)^```", (ROOT / PAGE).read_text("utf-8"), re.DOTALL | re.MULTILINE):
        exec(compile(block, PAGE, "exec", dont_inherit=True), names)
    names["connect"] = apart
    names["shop"]("")
    names["collection"]("")
    names["pairs"]("")


def test_the_typed_examples_run(apart: Callable[..., Project]) -> None:
    names = runpy.run_path(str(ROOT / "tests/typing/models_relations.py"))
    classes = [each for each in names.values() if isinstance(each, type) and each.__module__ == names["__name__"]]
    with apart(tables=tables_of(*classes)) as project:
        project.ensure()
        for name in ("relations", "collections", "transactions", "pairs"):
            names[name](project.db())
