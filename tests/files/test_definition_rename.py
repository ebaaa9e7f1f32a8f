"""Another name for a table in its definition files: the name changes in every place, and nothing else does."""

import shutil
import subprocess
from pathlib import Path

import pytest

from dynasmith.errors import UsageError
from dynasmith.files.definition_rename import DefinitionRename, table_rename, write_rename
from dynasmith.files.definitions import load_definitions
from dynasmith.files.text_diff import unified_diff

YAML = """\
# the tables of the shop
tables:
  - name: users   # who buys
    key_schema: [{attribute_name: id, key_type: HASH}]
    attributes:
      - {name: id, type: S}
    description: users
  - {name: "orders", attributes: [{name: users, type: S}], key_schema: [{attribute_name: users, key_type: HASH}]}
environments:
  prod:
    tables:
      - deletion_protection: true
        name: 'users'
"""
JSON = """\ufeff{"environments": {"prod": {"tables": [{"name" : "users", "deletion_protection": true}]}},\r
\t"tables": [{"attributes": [{"name": "id", "type": "S"}],
   "name":\r\n      "users", "key_schema": [{"attribute_name": "id", "key_type": "HASH"}]}]}"""
TOML = """\
[[tables]]
"name" = 'users' # who buys
attributes = [ {name = "id", type = "S"} ]
key_schema = [ {attribute_name = "id", key_type = "HASH"} ]
[[environments.prod.tables]]
name="users"
deletion_protection = true
"""


def renamed(*paths: Path, old: str = "users", new: str = "users-v2", **variables: str) -> DefinitionRename:
    """The change for these files."""
    return table_rename([str(path) for path in paths], old, new, variables)


def file(folder: Path, text: str, name: str = "tables.yaml") -> Path:
    """A file with exactly this text."""
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text", "pairs"),
    [
        ("tables.yaml", YAML, [("name: users ", "name: users-v2 "), ("'users'", "'users-v2'")]),
        ("tables", YAML, [("name: users ", "name: users-v2 "), ("'users'", "'users-v2'")]),
        ("tables.yaml", YAML.replace("\n", "\r\n"), [("name: users ", "name: users-v2 "), ("'users'", "'users-v2'")]),
        ("tables.json", JSON, [('"users"', '"users-v2"')]),
        ("tables.toml", TOML, [("'users'", "'users-v2'"), ('"users"', '"users-v2"')]),
    ],
)
def test_a_name_changes_in_every_place_and_nothing_else_does(
    tmp_path: Path, name: str, text: str, pairs: list[tuple[str, str]]
) -> None:
    path = file(tmp_path, text, name)
    path.chmod(0o640)
    found = renamed(path)
    assert found.by_hand == ()
    write_rename(found)
    wanted = text
    for before, after in pairs:
        wanted = wanted.replace(before, after)
    assert path.read_bytes().decode() == wanted
    assert path.stat().st_mode & 0o777 == 0o640
    assert "users-v2" in [table.name for table in load_definitions([path], "prod").tables]
    assert renamed(path) == DefinitionRename()
    write_rename(renamed(path, old="users-v2", new="users"))
    assert path.read_bytes().decode() == text


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("${STAGE}-users", "${STAGE}-users-v2"),
        ("${STAGE:-dev}-users", "${STAGE:-dev}-users-v2"),
        ("'${STAGE}-users'", "'${STAGE}-users-v2'"),
        ("&base dev-users", "&base dev-users-v2"),
        ("${USERS}", ""),
        ("dev-${WORD}", ""),
        ("*base", ""),
        (">-\n      dev-users", ""),
    ],
)
def test_a_name_with_variables_keeps_them_and_what_cannot_be_changed_is_named(
    tmp_path: Path, written: str, after: str
) -> None:
    text = f"x-name: &base dev-users\ntables:\n  - name: {written}\n    key_schema: []\n"
    path = file(tmp_path, text if "*" in written else text.partition("\n")[2])
    known = {"STAGE": "dev", "USERS": "dev-users", "WORD": "users"}
    found = renamed(path, old="dev-users", new="dev-users-v2", **known)
    if after:
        assert [each.after for each in found.files] == [path.read_text().replace(written, after)]
    else:
        assert found.files == ()
        line = 3 if "*" in written else 2
        assert [each.startswith(f"{path}:{line}: ") for each in found.by_hand] == [True]
        assert "dev-users-v2" in found.by_hand[0]


@pytest.mark.parametrize(("new", "written"), [("123", '"123"'), ("1e5", '"1e5"'), ("null", '"null"'), ("a.b", "a.b")])
def test_a_new_name_that_yaml_reads_as_something_else_is_quoted(tmp_path: Path, new: str, written: str) -> None:
    path = file(tmp_path, "tables: [{name: users, key_schema: []}]\n")
    assert renamed(path, new=new).files[0].after == f"tables: [{{name: {written}, key_schema: []}}]\n"


def test_a_name_that_is_taken_and_files_that_cannot_be_read(tmp_path: Path) -> None:
    both = file(tmp_path, "tables:\n- name: users\n- name: users-v2\n")
    broken = file(tmp_path, "tables: [", "broken.yaml")
    found = renamed(both, broken, tmp_path / "absent.json", tmp_path / "no*.yaml")
    assert found == DefinitionRename(by_hand=(f"{both}:3 defines users-v2 already: remove users at {both}:2.",))


def test_a_table_of_one_environment_is_not_that_of_another_one(tmp_path: Path) -> None:
    path = file(tmp_path, "tables: []\nenvironments:\n  a: {tables: [{name: users}]}\n  b: {tables: [{name: users}]}\n")
    found = table_rename([str(path)], "users", "users-v2", {}, "b")
    assert found.files[0].after == path.read_text()[::-1].replace("sresu", "2v-sresu", 1)[::-1]
    assert table_rename([str(path)], "users", "users-v2", {}, "c") == DefinitionRename()


def test_what_was_changed_meanwhile_is_not_overwritten_and_the_rest_is_found_again(tmp_path: Path) -> None:
    tables = file(tmp_path, "tables:\n- name: users\n")
    prod = file(tmp_path, "environments: {prod: {tables: [{name: users}]}}\n", "prod.yaml")
    found = renamed(tables, prod)
    prod.write_text(prod.read_text() + "# more\n")
    with pytest.raises(UsageError, match=r"prod\.yaml was changed meanwhile"):
        write_rename(found)
    assert tables.read_text() == "tables:\n- name: users-v2\n"
    write_rename(renamed(tables, prod))
    assert prod.read_text() == "environments: {prod: {tables: [{name: users-v2}]}}\n# more\n"


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_diff_is_one_that_git_applies(tmp_path: Path) -> None:
    path = file(tmp_path, JSON.replace('"users", "key', '"users", \r\n"key'), "tables.json")
    change = renamed(path).files[0]
    diff = unified_diff("tables.json", change.before, change.after)
    subprocess.run(["git", "apply", "-p0", "-"], cwd=tmp_path, input=diff.encode(), check=True)
    assert path.read_bytes().decode() == change.after
    assert unified_diff("a", "x", "x") == ""
