"""Two projects in one process, each with its own module of one name: each gets its own."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.project.verbs.transforms import load_transform

MODULE = "def told(item, ctx):\n    return {{'pk': '{name}'}}\n"


def test_each_project_has_its_own_module(tmp_path: Path) -> None:
    ctx = Context(datetime.now(UTC), "job", KeySchema.of("pk"))
    found: list[Any] = []
    for name in ("one", "two", "one"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "moves_of_mine.py").write_text(MODULE.format(name=name), encoding="utf-8")
        found.append(load_transform("moves_of_mine:told", str(folder))({}, ctx))
    assert found == [{"pk": "one"}, {"pk": "two"}, {"pk": "one"}]
