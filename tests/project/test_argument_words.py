# ruff: noqa: E501  # one case a line
"""Errors name arguments to Python and options to a shell; each argument that they can name exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dynasmith
from dynasmith import Consent, Project
from dynasmith.errors import ConsentRequired, SeveralFailed, UsageError
from dynasmith.jobs.options import Database
from dynasmith.project.verbs.argument_words import RENAMED, in_arguments, speak_python

SOURCE = Path(dynasmith.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z]")
DOORS = (
    "cli",
    "console",
    "items/condition/condition_words.py",
    "project/redaction.py",
    "iac",
    "local",
    "strict",
    "files/bundles",
    "files/javascript.py",
    "aws/control/verb_actions.py",
    "lambdas",
)
"""What speaks to a shell only, or writes command lines."""
OF_COMMANDS = {"endpoint_url", "port"}
OF_COMMANDS |= {"maximum_retry_attempts", "bisect_batch_on_function_error", "parallelization_factor"}
"""Options that stand in commands, which are put together of parts, and settings that a definition has."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("use --mode overwrite", 'use mode="overwrite"'),
        ("remove --processes", "remove processes="),
        ("give --segments 4, or less", "give segments=4, or less"),
        ("--create-target creates it", "create_target=True creates it"),
        ("dynasmith jobs resume ID --region eu-west-1; or --yes", "dynasmith jobs resume ID --region eu-west-1; or consent=Consent(yes=True)"),
        ("use --confirm prod-orders to skip the question", 'use consent=Consent(confirm=["prod-orders"]) to skip the question'),
        ("`migrate mark` it, or --accept-changed 0.0.1", '`migrate mark` it, or accept_changed=["0.0.1"]'),
        ("--where \"status = 'old'\", --keys FILE, or --all", "where=\"status = 'old'\", keys=FILE, or all=True"),
        ("use --since, or --from and --to", "use since=, or start= and end="),
        ("--source-table users, or --query and --order", 'Database(table="users"), or Database(query=...) and Database(order=...)'),
        ("run it there: --region us-east-1", 'run it there: region="us-east-1"'),
        ("leave --index out", "leave index= out"),
        ("a long dash -- like this, and a-b--c", "a long dash -- like this, and a-b--c"),
    ],
)  # fmt: skip
def test_an_option_becomes_its_argument(text: str, expected: str) -> None:
    assert in_arguments(text) == expected
    assert in_arguments(expected) == expected


def test_what_is_collected_speaks_too() -> None:
    inner = UsageError("--at is early.", hint="add --table NAME")
    error = SeveralFailed({"a": inner}, done=1)
    speak_python(error)
    assert (inner.message, inner.hint, str(inner)) == ("at= is early.", "add table=NAME", "at= is early.")


def test_consents_are_one_argument() -> None:
    error = ConsentRequired("Consent is required.", hint="add --prune --yes --confirm t1")
    speak_python(error)
    assert error.hint == 'add consent=Consent(prune=True, yes=True, confirm=["t1"])'


def _texts() -> Iterator[tuple[str, str]]:
    """The literals of the library that may be said, with where they stand."""
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE).as_posix()
        if name.startswith(DOORS):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        left_out = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}  # docstrings
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                left_out |= {id(each) for each in node.values}
                yield (
                    name,
                    "".join(
                        str(getattr(each, "value", "X")) if isinstance(each, ast.Constant) else "X"
                        for each in node.values
                    ),
                )
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
                yield name, node.value


def _arguments() -> set[str]:
    """The names of the arguments of every public method, and of what is put together for one."""
    found = {*Consent.__struct_fields__, *Database.__struct_fields__}
    for path in (SOURCE / "project").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found |= {each.arg for each in (*node.args.args, *node.args.kwonlyargs)}
    return found


def test_every_argument_that_a_sentence_may_name_is_one() -> None:
    known = _arguments()
    named = {}
    for where, text in _texts():
        if OPTION.search(text):
            said = in_arguments(text)
            for argument in re.findall(r"\b([a-z_]+)=(?=$|[^ =a-z]|\"| )", said):
                named[argument] = (where, text)
    assert len(named) > 40
    unknown = {name: named[name] for name in named.keys() - known - OF_COMMANDS}
    assert unknown == {}, "give the option its argument in RENAMED, or write a whole command: dynasmith VERB ..."
    renamed = {name for said in RENAMED.values() for name in re.findall(r"([a-z_]+)=", said)}
    assert renamed <= known


def test_a_project_names_arguments_and_the_command_line_options(tmp_path: Path) -> None:
    with Project.load(directory=tmp_path, env="local") as project, pytest.raises(UsageError) as caught:
        project.delete_items("orders")
    assert "--" not in caught.value.message + caught.value.hint
    assert "all=True" in caught.value.hint
