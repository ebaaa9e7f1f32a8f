"""Completion: the scripts as a shell runs them, and what is completed where."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable

import click
import pytest
from click.shell_completion import ShellComplete

from cli.story import Story, table
from dynasmith.cli.commands.completion import VARIABLE
from dynasmith.cli.main import cli

Complete = Callable[[str], list[str]]


@pytest.fixture
def complete(story: Story) -> Complete:
    """What a shell offers for the last word of a command line."""
    story.define(table("orders"), table("order_lines"), table("users"), name="tables.json")
    story.write(
        "dynasmith.toml",
        'definitions = ["tables.json"]\n[environments.dev]\nendpoint = "http://127.0.0.1:1"\ntable_prefix = "dev-"\n',
    )

    def completed(line: str) -> list[str]:
        *words, last = line.split(" ")
        found = ShellComplete(cli, {}, "dynasmith", VARIABLE).get_completions(words, last)
        return [item.value for item in found]

    return completed


def test_what_is_completed(complete: Complete, story: Story) -> None:
    assert complete("desc") == ["describe"]
    assert complete("backup l") == ["list"]
    assert complete("describe or") == ["orders", "order_lines"]
    assert complete("--env dev describe u") == ["users"]
    assert complete("plan orders ord") == ["order_lines"]
    assert complete("copy orders us") == ["users"]
    assert complete("list --env d") == ["dev"]
    assert complete("copy a b --target-env a") == ["aws"]
    assert complete("query orders --form") == ["--format"]
    assert complete("query orders --format t") == ["table"]
    assert complete("help ex") == []
    assert complete("describe orders --config absent.json --env dev x") == []
    assert complete("describe --config absent.json ") == []
    assert complete("backfill orders --transform sh") == ["sh"]  # the shell completes the names of files
    assert complete("render terraform --out ta") == ["ta"]
    assert complete("populate orders ta") == ["ta"]
    assert complete("verify orders us") == ["users"]
    assert complete("verify orders kept/") == ["kept/"]
    assert complete("doctor --table us") == ["users"]
    assert complete("backup jobs ") == []
    story.write("tables.json", "{ broken")
    assert complete("describe or") == []
    story.write("dynasmith.toml", "broken")
    assert complete("describe or") == []
    assert complete("list --env l") == ["local"]


def test_a_job_is_completed_by_its_id(complete: Complete, story: Story) -> None:
    assert complete("jobs show ") == []
    assert story("ensure").code == 0
    assert story("copy", "orders", "users", "--yes").code == 0
    job = complete("jobs show copy")
    assert len(job) == 1
    assert complete("jobs resume ") == [*job, "last"]


def test_tables_of_an_engine_where_nothing_is_defined(story: Story) -> None:
    story.define(table("seen"))
    assert story("ensure").code == 0
    (story.folder / "tables_config.json").unlink()
    found = ShellComplete(cli, {}, "dynasmith", VARIABLE).get_completions(["describe"], "")
    assert [item.value for item in found] in (["seen"], [])  # an engine that is slow is not waited for


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_is_of_that_shell(story: Story, name: str) -> None:
    answer = story("completion", name)
    assert (answer.code, VARIABLE in answer.out, answer.err) == (0, True, "")
    assert story("completion", name, "--json").json["script"] == answer.out[:-1]
    assert story("completion", "tcsh").code == 2


def test_bash_completes_a_table(complete: Complete, story: Story) -> None:
    del complete
    script = story.write("completion.bash", story("completion", "bash").out)
    program = story.write("dynasmith", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dynasmith "$@"\n')
    program.chmod(0o755)
    lines = f"""
        compopt() {{ :; }}
        source {shlex.quote(str(script))}
        COMP_WORDS=(dynasmith describe or) COMP_CWORD=2
        _dynasmith_completion {shlex.quote(str(program))}
        compgen -W "${{COMPREPLY[*]}}" -- order
        complete -p dynasmith
    """
    found = subprocess.run(
        ["bash", "--norc", "-c", lines], capture_output=True, text=True, env=os.environ | {"PYTHONWARNINGS": "ignore"}
    )
    assert found.stdout.split("\n")[:2] == ["orders", "order_lines"], found.stderr
    assert "_dynasmith_completion" in found.stdout


def test_every_table_of_every_verb_is_completed() -> None:
    from cli.test_dry_run_of_verbs import commands
    from dynasmith.cli.completion import JOB, TABLE

    found = {
        name: parameter.type
        for name, command in commands().items()
        for parameter in command.params
        if isinstance(parameter, click.Argument) and parameter.name in ("table", "tables", "job", "jobs")
        if name != "backup jobs"  # which takes the id of a job of AWS Backup
    }
    assert len(found) > 30
    assert {name for name, kind in found.items() if kind not in (TABLE, JOB)} == set()
