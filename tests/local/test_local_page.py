"""The guide's examples run."""

import re
from pathlib import Path

import pytest

from dynasmith import local
from dynasmith.errors import ProjectError

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "local.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 2


@pytest.mark.engine
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_guide_runs(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        exec(compile(example, "local.md", "exec"), {})
    finally:
        local.stop(folder=tmp_path / "scratch")
    assert "http://127.0.0.1:" in capsys.readouterr().out


def test_the_rules_file_of_the_guide_is_one(tmp_path: Path) -> None:
    from dynasmith.local.front import rules_off

    rules = tmp_path / "rules.toml"
    rules.write_text(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0])
    assert rules_off(rules) == ("ttl-once-an-hour",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.toml", "off = " + "[" * 100_000),
        ("deep.json", '{"off": ' + "[" * 100_000),
        ("long.toml", "off = " + "9" * 5_000),
        ("other.toml", "on = []"),
    ],
    ids=["deep TOML", "deep JSON", "long number", "another key"],
)
def test_a_rules_file_that_is_none_is_said(tmp_path: Path, name: str, text: str) -> None:
    from dynasmith.local.front import rules_off

    (tmp_path / name).write_text(text)
    with pytest.raises(ProjectError, match=name):
        rules_off(tmp_path / name)
