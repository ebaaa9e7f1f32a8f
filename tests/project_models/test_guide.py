"""The page about models in a project does what it says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dynasmith import DefinitionError, Project, connect

pytestmark = pytest.mark.engine
PAGE = (Path(__file__).parents[2] / "docs/guide/models-projects.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_examples_of_the_page_run(ministack_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guide_of_projects.py").write_text("\n\n".join(blocks("python")), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import guide_of_projects  # type: ignore[import-not-found]  # it is written just above

    examples = re.findall(r"^def (\w+)\(endpoint: str\)", "\n".join(blocks("python")), re.MULTILINE)
    assert examples[0] == "first"
    for name in examples:
        getattr(guide_of_projects, name)(ministack_endpoint)


def test_the_files_of_the_page_are_read(tmp_path: Path) -> None:
    assert tomllib.loads(blocks("toml")[0])["models"] == ["app.models", "app.billing:Invoice"]
    names: dict[str, Any] = {"__name__": "app.models"}
    exec(compile(blocks("python")[0], "page", "exec", dont_inherit=True), names)
    (tmp_path / "tables.yaml").write_text(blocks("yaml")[0], "utf-8")
    with Project.load(tmp_path / "tables.yaml", endpoint="http://127.0.0.1:9", models=[names["User"]]) as project:
        (table,) = project.tables()
        assert table.key == connect(endpoint="http://127.0.0.1:9", models=[names["User"]]).tables()[0].key
    text = "tables:\n  - name: users\n    tags: {team: b}\n"
    (tmp_path / "tables.yaml").write_text(text, "utf-8")
    names = {"__name__": "app.models"}
    tagged = blocks("python")[0].replace('table="users"', 'table="users", settings={"tags": {"team": "a"}}')
    exec(compile(tagged, "page", "exec", dont_inherit=True), names)
    with (
        Project.load(tmp_path / "tables.yaml", endpoint="http://127.0.0.1:9", models=[names["User"]]) as project,
        pytest.raises(DefinitionError) as error,
    ):
        project.tables()
    assert blocks("text")[0].strip() in str(error.value)
