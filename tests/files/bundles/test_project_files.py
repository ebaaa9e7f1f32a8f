"""Which files of a folder go into a bundle: what git does not ignore, in a repository or not, without records."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from dynasmith.errors import RunError, UsageError
from dynasmith.files.bundles.project_files import project_files

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    for name in (
        "dynasmith.toml", "tables/orders.yaml", "migrations/0.0.1_a.py", "migrations/__pycache__/a.pyc", "helper.py",
        "node_modules/x/index.js", ".dynasmith/jobs/1/items.jsonl", "big.csv", "data/private/one.json", ".env",
    ):  # fmt: skip
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text("x")
    (made / ".gitignore").write_text("*.csv\n/data/private/\n")
    return made


EXPECTED = ["dynasmith.toml", "helper.py", "migrations/0.0.1_a.py", "tables/orders.yaml"]


@needs_git
def test_what_git_ignores_stays_out_without_a_repository(folder: Path) -> None:
    assert list(project_files(folder).files) == EXPECTED
    assert not (folder / ".git").exists()


@needs_git
def test_what_git_ignores_stays_out_in_a_repository(folder: Path) -> None:
    git(folder.parent, "init")
    (folder.parent / ".gitignore").write_text("helper.py\n")
    git(folder.parent, "add", "shop/tables")
    found = project_files(folder)
    assert list(found.files) == [name for name in EXPECTED if name != "helper.py"]
    assert {each.name: each.reason for each in found.left_out} == {
        ".dynasmith/": "it has records of jobs, which may hold items",
        ".env": "its name is that of a secret",
    }


@needs_git
def test_a_file_of_a_commit_that_is_deleted_is_not_missed(folder: Path) -> None:
    git(folder, "init")
    git(folder, "add", "-A", "-f")
    (folder / "helper.py").unlink()
    assert "helper.py" not in project_files(folder).files


@needs_git
def test_a_repository_inside_has_its_own_rules(folder: Path) -> None:
    inner = folder / "shared"
    inner.mkdir()
    git(inner, "init")
    (inner / "one.py").write_text("")
    (inner / "two.log").write_text("")
    (inner / ".gitignore").write_text("*.log\n")
    assert [name for name in project_files(folder).files if name.startswith("shared/")] == ["shared/one.py"]


@needs_git
def test_a_hook_of_git_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert list(project_files(folder).files) == EXPECTED


def test_without_git_a_rule_that_nobody_reads_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="git is not installed here") as error:
        project_files(folder)
    assert ".gitignore" in error.value.message
    (folder / ".gitignore").unlink()
    assert "big.csv" in project_files(folder).files
    assert not {name for name in project_files(folder).files if "node_modules" in name or "__pycache__" in name}


@needs_git
def test_a_repository_that_git_cannot_read_is_an_error(folder: Path) -> None:
    (folder.parent / ".git").write_text("gitdir: /nowhere/at/all\n")
    with pytest.raises(RunError, match="git cannot list the files of"):
        project_files(folder)


def test_links_stay_inside_the_project(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "credentials_of_someone").write_text("x")
    (folder / "inside.py").symlink_to(folder / "helper.py")
    (folder / "out.py").symlink_to(outside / "credentials_of_someone")
    (folder / "folder").symlink_to(outside)
    (folder / "nowhere.py").symlink_to(tmp_path / "not-there")
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "harmless.txt").symlink_to(folder / ".env")
    found = project_files(folder)
    assert "inside.py" in found.files
    reasons = {each.name: each.reason for each in found.left_out}
    assert reasons["out.py"] == reasons["folder"] == "it is a link that leads out of the project"
    assert reasons["nowhere.py"] == reasons["circle"] == "it is a link that leads nowhere"
    assert reasons["harmless.txt"] == "its name is that of a secret"


def test_records_keys_and_earlier_bundles_stay_out(folder: Path) -> None:
    for name in ("kept/jobs/1.json", "signing", "old.zip"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(os.urandom(32))
    with zipfile.ZipFile(folder / "old.zip", "w") as archive:
        archive.writestr("dynasmith/version.py", "")
    with zipfile.ZipFile(folder / "data.zip", "w") as archive:
        archive.writestr("items.json", "")
    found = project_files(folder, records=(folder / "kept",), keys=(folder / "signing",))
    left = {each.name: each.reason for each in found.left_out}
    assert left["kept/"] == "it has records of jobs, which may hold items"
    assert left["signing"] == "it is a key of [crypto]"
    assert left["old.zip"] == "it is a bundle"
    assert "data.zip" in found.files
    assert "data.zip" not in project_files(folder, out=folder / "data.zip").files
