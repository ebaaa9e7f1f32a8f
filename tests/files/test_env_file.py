"""env_file: what it says, what is refused, when it is read."""

from pathlib import Path

import pytest

from dynasmith.errors import ProjectError
from dynasmith.files.env_file import read_env_file
from dynasmith.files.project import environment_of, load_project

TEXT = """\
# a comment
PLAIN=one two # not three
export EXPORTED=yes
EMPTY=
HASH=a#b
SINGLE='it is $NOT \\n'   # quoted
DOUBLE="line\\nnext \\"x\\" #"
SHELL=file
AGAIN=1
AGAIN=2
  INDENTED = spaced
"""


def test_the_forms_of_a_line(tmp_path: Path) -> None:
    (tmp_path / "x.env").write_text("\ufeff" + TEXT, encoding="utf-8")
    assert read_env_file(tmp_path / "x.env", {"SHELL": "mine"}) == {
        "PLAIN": "one two",
        "EXPORTED": "yes",
        "EMPTY": "",
        "HASH": "a#b",
        "SINGLE": "it is $NOT \\n",
        "DOUBLE": 'line\nnext "x" #',
        "AGAIN": "2",
        "INDENTED": "spaced",
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"A=1\nsecret-token\n", ":2: this line is not NAME=value."),
        (b"1A=secret-token", ":1: this line is not NAME=value."),
        (b"A='secret-token", ":1: the quotes of A are not closed."),
        (b'A="secret-token" more', ":1: the quotes of A are not closed."),
        (b"A=\xff\xfe", "cannot be read: it is not UTF-8."),
    ],
)
def test_what_is_not_a_file_of_variables_is_refused_unseen(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "x.env").write_bytes(content)
    with pytest.raises(ProjectError) as refused:
        read_env_file(tmp_path / "x.env", {})
    assert sentence in refused.value.message
    assert "secret-token" not in refused.value.message + refused.value.hint


def test_it_is_read_only_where_it_is_named(tmp_path: Path) -> None:
    section = '[environments.x]\nendpoint = "http://127.0.0.1:9"\nregion = "${THE_REGION}"\n'
    (tmp_path / ".env").write_text("THE_REGION=eu-west-1\n")
    (tmp_path / "dynasmith.toml").write_text(section)
    with pytest.raises(ProjectError, match="THE_REGION"):
        environment_of(load_project(directory=tmp_path, variables={}), "x", {})
    (tmp_path / "dynasmith.toml").write_text('env_file = ".env"\n' + section)
    assert environment_of(load_project(directory=tmp_path, variables={}), "x", {}).region == "eu-west-1"
    shell = {"THE_REGION": "us-west-2"}
    assert environment_of(load_project(directory=tmp_path, variables=shell), "x", shell).region == "us-west-2"
    (tmp_path / ".env").unlink()
    with pytest.raises(ProjectError, match=r"The env_file .*\.env of the project cannot be read: No such file"):
        load_project(directory=tmp_path, variables={})
    load_project(directory=tmp_path, variables={"AWS_LAMBDA_FUNCTION_NAME": "f"})
    (tmp_path / "dynasmith.toml").write_text('env_file = "${HOME}/.env"\n' + section)
    with pytest.raises(ProjectError, match="env_file is read before variables are known"):
        load_project(directory=tmp_path, variables={})
