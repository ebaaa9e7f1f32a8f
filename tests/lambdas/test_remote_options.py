"""``--remote``, ``--no-remote`` and ``--continue`` of every verb of migrations, with the handler in this process."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from dynasmith import Project, UsageError
from dynasmith.aws.control.functions import LambdaFunction
from dynasmith.cli.commands.migrate import command
from dynasmith.lambdas import handler
from dynasmith.ports.functions import InvocationOutcome
from item_stories.kit import ItemStory
from lambdas.conftest import FakeContext, InProcess
from lambdas.test_handler import COUNTED, counter
from migrations.conftest import ADD

BACK = """

def down(m):
    m.once("back", lambda: None)
"""
ARN = "arn:aws:lambda:us-east-1:111122223333:function:migrations"


@pytest.fixture
def invoked(in_process: InProcess, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What every function was invoked with; each is the handler, in this process."""
    requests: list[Any] = []

    def invoke(function: LambdaFunction, body: bytes) -> InvocationOutcome:
        requests.append({"function": function.name, **json.loads(body)})
        return InvocationOutcome(kind="answered", body=msgspec.json.encode(handler(json.loads(body), FakeContext())))

    monkeypatch.setattr(LambdaFunction, "invoke", invoke)
    story = in_process.story
    story.people("users", 3)
    story.write("migrations/0.0.1_counted.py", COUNTED + BACK)
    story.write("migrations/0.0.2_country.py", ADD)
    story.write("migrations/stamp.py", COUNTED)
    story.write("migrations/latest.py", ADD)
    return requests


WORDS = {
    "status": "", "list": "", "outstanding": "", "verify": "", "preflight": "", "up": "--yes", "show": "0.0.1",
    "down": "--yes", "to": "0.0.2 --yes", "repeat": "--yes", "rollback": "--yes", "all": "--yes", "run": "stamp --yes",
    "reset": "--yes",
}  # fmt: skip


def test_every_verb_of_migrations_runs_in_a_function_or_here(invoked: list[Any], story: ItemStory) -> None:
    there = {name for name, each in command.commands.items() if any("--remote" in p.opts for p in each.params)}
    assert there == set(WORDS)
    for verb, words in WORDS.items():
        invoked.clear()
        answer = story("migrate", verb, *words.split(), "--remote", ARN)
        assert answer.code in (0, 3), (verb, answer.err)
        assert {request["function"] for request in invoked} == {ARN}
        assert invoked[0]["command"] == f"migrate.{verb}"
        assert invoked[0]["files"].keys() == {"0.0.1", "0.0.2", "stamp", "latest"}


def test_an_environment_names_its_function(invoked: list[Any], story: ItemStory) -> None:
    project = (story.folder / "dynasmith.toml").read_text(encoding="utf-8")
    story.write("dynasmith.toml", f'{project}\n[environments.local]\nremote = "other"\n')
    assert story("migrate", "status").code == 0
    assert [request["function"] for request in invoked] == ["other"]
    assert story("migrate", "status", "--remote", ARN).code == 0
    assert invoked[-1]["function"] == ARN
    invoked.clear()
    assert story("migrate", "status", "--no-remote").code == 0
    assert invoked == []
    both = story("migrate", "status", "--no-remote", "--remote", ARN)
    assert (both.code, both.error) == (2, "Both --remote and --no-remote were given.")
    alone = story("migrate", "up", "--no-remote", "--continue", "run-1")
    assert (alone.code, alone.error) == (2, "--continue does nothing without a function.")
    wrong = story("migrate", "up", "--remote", "not a function")
    assert (wrong.code, wrong.error) == (2, "'not a function' is not a function of Lambda.")


def test_an_interrupted_run_goes_on_with_its_answer(
    invoked: list[Any], story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the function works: it ends, and the command of the hint gets what came of it."""
    invoke = LambdaFunction.invoke

    def interrupted(function: LambdaFunction, body: bytes) -> InvocationOutcome:
        invoke(function, body)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(LambdaFunction, "invoke", interrupted)
        answer = story("migrate", "up", "--yes", "--remote", ARN)
    assert answer.code == 130
    words = answer.hint.split()
    assert words[:3] == ["dynasmith", "migrate", "up"]
    assert words[-2] == "--continue"
    again = story(*words[1:], "--yes")
    assert again.code == 0, again.err
    assert "0.0.1 counted is applied" in again.err
    assert counter(story) == 1
    assert story("migrate", "status").out == "0.0.1\n"


def test_a_dry_run_stays_one_in_the_function(invoked: list[Any], story: ItemStory) -> None:
    answer = story("migrate", "all", "--dry-run", "--remote", ARN)
    assert answer.code == 0, answer.err
    assert invoked[0]["dry_run"] is True
    assert "0.0.1" in answer.out
    assert counter(story) == 0
    assert story.wrote() == []


def test_the_same_in_python(invoked: list[Any], story: ItemStory) -> None:
    with Project.load(directory=str(story.folder)) as project:
        with pytest.raises(UsageError, match="names no function"):
            project.remote()
        remote = project.remote(ARN)
        assert remote.function == ARN
        from dynasmith import Consent

        assert remote.migrations.outstanding() == ("0.0.1", "0.0.2")
        rehearsal = remote.migrations.rehearse("all")
        assert [each.key for each in rehearsal.migrations] == ["0.0.1", "0.0.2"]
        [first] = remote.migrations.run("up", consent=Consent(yes=True))
        assert (first.version, first.state) == ("0.0.1", "applied")
        assert remote.migrations.status().current == "0.0.1"
    assert {request["environment"] for request in invoked} == {"local"}
