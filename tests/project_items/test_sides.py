"""How a person says a side, a file, a transform; all without a call."""

import sys
from pathlib import Path
from typing import Any

import pytest

from dynasmith.errors import UsageError
from dynasmith.items.ctx import Context
from dynasmith.items.user_function import with_ctx
from dynasmith.jobs.side import Side, side_of
from dynasmith.project.verbs.file_names import absolute, file_names, is_file
from dynasmith.project.verbs.transforms import UNNAMED, load_transform, name_of

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/users"


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("users", False),
        ("users.v2", False),
        (ARN, False),
        ("-", False),
        ("./users", True),
        ("/tmp/users", True),
        ("../users", True),
        ("~/users", True),
        ("users.json", True),
        ("USERS.JSONL", True),
        ("users.csv", True),
        ("users.jsonl.gz", True),
        ("users.dump.zst", True),
    ],
)
def test_a_file_is_told_from_a_table_by_its_look(said: str, file: bool) -> None:
    assert is_file(said) is file


def test_a_folder_with_a_manifest_is_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    assert not is_file("out")
    (tmp_path / "out" / "manifest.json").touch()
    assert is_file("out")
    assert absolute("out") == str(tmp_path / "out")
    assert absolute("-") == "-"


def test_an_arn_says_its_region_unless_the_environment_has_an_endpoint() -> None:
    assert side_of(ARN, isolated=False) == Side(table="users", region="eu-west-1")
    assert side_of(ARN, isolated=True) == Side(table="users")
    assert side_of(Side(table=ARN, region="us-east-1"), isolated=False).region == "us-east-1"
    assert not side_of("users", isolated=False).elsewhere
    for wrong in ("arn:aws:dynamodb:eu-west-1", "arn:aws:s3:::bucket/x"):
        with pytest.raises(UsageError, match="is not the ARN of a table"):
            side_of(wrong, isolated=False)


def test_names_of_files_are_told_from_items() -> None:
    assert file_names("a.json") == ["a.json"]
    assert file_names([Path("a.json"), "b.json"]) == ["a.json", "b.json"]
    assert file_names([{"pk": "a"}]) is None
    assert file_names(list) is None
    assert file_names(iter(["a"])) is None


def named(item: Any) -> Any:
    return item


def test_a_function_is_remembered_by_a_name_that_another_process_finds() -> None:
    assert name_of(named) == f"{__name__}:named"
    assert name_of(lambda item: item) == UNNAMED
    assert name_of(None) == ""
    with pytest.raises(UsageError, match="has no importable name"):
        load_transform(UNNAMED, ".")


def test_ctx_is_given_to_who_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx: Context = object()  # type: ignore[assignment]  # handed through, never looked at
    assert with_ctx(named)({"pk": "a"}, ctx) == {"pk": "a"}
    assert with_ctx(lambda item, ctx: [item, ctx])({"pk": "a"}, ctx) == [{"pk": "a"}, ctx]
    assert with_ctx(lambda item, *, more=1: {**item, "more": more})({}, ctx) == {"more": 1}
    with pytest.raises(UsageError, match="does not take an item"):
        with_ctx(lambda: None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "broken_moves.py").write_text("raise RuntimeError('half done')\n")
    with pytest.raises(UsageError, match="The module broken_moves raised RuntimeError: half done"):
        load_transform("broken_moves:f", str(tmp_path))
