"""The files of a folder: parsed and never run, checksums, and what is loaded when one is run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dynasmith.errors import UsageError
from dynasmith.files.migrations.folder import checksum, read_folder
from dynasmith.files.migrations.loader import loaded
from dynasmith.files.migrations.template import new_file

UP = "def up(m):\n    pass\n"


def put(folder: Path, name: str, text: str = UP) -> None:
    (folder / name).write_bytes(text.encode())


def test_listing_runs_nothing(tmp_path: Path) -> None:
    put(tmp_path, "0.0.1_x.py", f'"""What it is for.\n\nMore."""\nraise SystemExit(3)\n{UP}')
    [file] = read_folder(tmp_path).files.files
    assert (file.version, file.name, file.description, file.has_down) == ("0.0.1", "x", "What it is for.", False)


def test_modules_without_up_are_neighbours_and_with_one_are_named_migrations(tmp_path: Path) -> None:
    put(tmp_path, "helpers.py", "def note(): ...\n")
    put(tmp_path, "stamp.py", "from helpers import note as up\n")
    put(tmp_path, "latest.py", f'covers = "0.1.3"\n{UP}')
    put(tmp_path, "README.md", "# no code")
    files = read_folder(tmp_path).files
    assert [(each.name, each.covers) for each in files.named] == [("latest", "0.1.3"), ("stamp", "")]
    assert files.versioned == ()


def test_what_looks_like_a_version_is_noted_and_never_a_named_migration(tmp_path: Path) -> None:
    for name in ("v0.0.3.py", "1.0.py", "00.0.3_x.py", "0.0.3 (copy).py"):
        put(tmp_path, name)
    read = read_folder(tmp_path)
    assert read.files.files == ()
    assert len(read.notes) == 4
    assert all("looks like a version and is none" in note for note in read.notes)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"0.0.1_a.py": UP, "0.0.1_b.py": UP}, "0.0.1_a.py and 0.0.1_b.py are both version 0.0.1"),
        ({"0.0.1_a.py": "async def up(m): ...\n"}, "0.0.1_a.py:1: up is async"),
        ({"0.0.1_a.py": f"{UP}\nasync def down(m): ...\n"}, "0.0.1_a.py:4: down is async"),
        ({"0.0.1_a.py": "def up(m)\n"}, "0.0.1_a.py:1 is not valid Python"),
        ({"0.0.1_a.py": "x = 1\n"}, "0.0.1_a.py has no function up"),
        ({"0.0.1_a.py": f"x = {'-' * 200_000}1\n{UP}"}, "0.0.1_a.py is not valid Python"),
        ({"0.0.1_a.py": f"x = {'+'.join('1' * 20_000)}\n{UP}"}, "0.0.1_a.py is not valid Python"),
    ],
)
def test_broken_files_are_refused_together_and_named(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        put(tmp_path, name, text)
    put(tmp_path, "0.0.9_z.py", "def up(:\n")
    with pytest.raises(UsageError) as refused:
        read_folder(tmp_path)
    assert message in refused.value.message
    assert "0.0.9_z.py:1 is not valid Python" in refused.value.message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_is_not_a_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    (tmp_path / "0.0.1_a.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(UsageError, match=r"0\.0\.1_a\.py cannot be read: it is not a file\. pipe\.py cannot be read"):
        read_folder(tmp_path)


def test_a_checksum_is_that_of_the_text(tmp_path: Path) -> None:
    assert checksum(b"a\r\nb\r\n") == checksum(b"a\nb\n") == checksum(b"\xef\xbb\xbfa\nb\n")
    assert checksum(b"a\nb") != checksum(b"a\nb\n")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "migrations", "x")
    with pytest.raises(UsageError, match="migrations is not a folder of migrations"):
        read_folder(tmp_path / "migrations")


def test_there_may_be_no_folder(tmp_path: Path) -> None:
    assert read_folder(tmp_path / "absent").files.files == ()


def test_a_loaded_migration_finds_its_neighbours_and_they_shadow_nothing(tmp_path: Path) -> None:
    put(tmp_path, "json.py", "raise RuntimeError('it shadows a package')\n")
    put(tmp_path, "neighbour_of_mine.py", "WORD = 'here'\n")
    put(
        tmp_path,
        "0.0.1_x.py",
        "from __future__ import annotations\nimport json\nfrom dataclasses import dataclass\n"
        "import neighbour_of_mine\n@dataclass\nclass Row:\n    a: int\n"
        "def up(m):\n    return json.dumps([neighbour_of_mine.WORD, Row(1).a])\n",
    )
    [file] = [each for each in read_folder(tmp_path).files.files if each.version]
    path = list(sys.path)
    with loaded(tmp_path, file) as migration:
        up = migration.function("up")
        assert up is not None
        assert up(None) == '["here", 1]'
        assert migration.function("down") is None
    assert sys.path == path
    assert not [name for name in sys.modules if name.startswith("_dynasmith_migration_") or name == "neighbour_of_mine"]
    assert list(migration.imports) == ["neighbour_of_mine.py"]


def test_two_folders_with_neighbours_of_one_name_keep_them_apart(tmp_path: Path) -> None:
    words = []
    for word in ("one", "two"):
        folder = tmp_path / word
        folder.mkdir()
        put(folder, "neighbour_of_mine.py", f"WORD = {word!r}\n")
        put(folder, "0.0.1.py", "from neighbour_of_mine import WORD\ndef up(m): return WORD\n")
        [file] = [each for each in read_folder(folder).files.files if each.version]
        with loaded(folder, file) as migration:
            up = migration.function("up")
            assert up is not None
            words.append(up(None))
    assert words == ["one", "two"]


def test_a_file_that_changed_since_it_was_listed_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "0.0.1.py")
    [file] = read_folder(tmp_path).files.files
    put(tmp_path, "0.0.1.py", f"{UP}# more\n")
    with pytest.raises(UsageError, match="was changed while the command ran"), loaded(tmp_path, file):
        pass


def test_a_file_that_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    put(tmp_path, "0.0.1.py", f"import no_such_module_anywhere\n{UP}")
    [file] = read_folder(tmp_path).files.files
    with pytest.raises(UsageError, match=r"0\.0\.1\.py cannot be loaded: ModuleNotFoundError"), loaded(tmp_path, file):
        pass


def test_a_new_file_is_a_migration_and_overwrites_nothing(tmp_path: Path) -> None:
    path = new_file(tmp_path / "migrations", "0.0.1", "Split the name")
    assert path.name == "0.0.1_split_the_name.py"
    [file] = read_folder(path.parent).files.files
    assert file.description == "Split the name"
    with loaded(path.parent, file):
        pass
    with pytest.raises(UsageError, match="cannot be written"):
        new_file(path.parent, "0.0.1", "Split the name")
