"""The version stands in one place, every other one follows it, and `make release` sets them all or none."""

import importlib.metadata
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

import release
from dynasmith.cli.main import cli
from dynasmith.version import __version__

ROOT = Path(__file__).parents[1]


def test_every_place_names_this_version() -> None:
    assert set(release.versions(ROOT)) == set(release.PLACES)
    for place, found in release.versions(ROOT).items():
        assert found == {__version__}, place
    assert importlib.metadata.version("dynasmith") == __version__
    assert CliRunner().invoke(cli, ["--version"]).output.strip().endswith(__version__)
    assert "release = version = __version__" in (ROOT / "docs" / "conf.py").read_text("utf-8")
    newest = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)[0]
    assert newest == "Unreleased"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in [*release.PLACES, "CHANGELOG.md"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_release_sets_every_place_and_names_its_news(copy: Path) -> None:
    before = (copy / "CHANGELOG.md").read_text("utf-8")
    following = release.prepare(copy, "9.0.0", date(2026, 12, 1))
    assert {version for found in release.versions(copy).values() for version in found} == {"9.0.0"}
    after = (copy / "CHANGELOG.md").read_text("utf-8")
    assert after == before.replace("## Unreleased\n", "## Unreleased\n\n## 9.0.0 - 2026-12-01\n", 1)
    assert "git tag --annotate v9.0.0 --message 'dynasmith 9.0.0'" in following
    with pytest.raises(release.Refused, match="no lines under"):
        release.prepare(copy, "9.0.1", date(2026, 12, 2))


@pytest.mark.parametrize(
    ("version", "says"),
    [("9.0", "not a version"), ("v9.0.0", "not a version"), ("0.0.1", "is below"), (f"{__version__}rc1", "is below")],
)
def test_what_cannot_be_released_changes_nothing(copy: Path, version: str, says: str) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    with pytest.raises(release.Refused, match=says):
        release.prepare(copy, version, date(2026, 12, 1))
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
