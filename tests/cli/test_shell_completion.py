"""The scripts of `dynasmith completion` in the shells themselves: a key is pressed, and the word is there."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.shells import SECONDS_MAX, Program, shell_or_skip, terminal
from cli.story import Story, table

TYPED = (
    # what is typed before the key, and what the program is then called with
    ("describe us", "describe users"),
    ("list --env de", "list --env dev"),
    ("jobs show cop", "jobs show JOB"),
    ("scan users --form", "scan users --format"),
    ("backfill users --transform sha", "backfill users --transform shape.yaml"),
    ("migra", "migrate"),
)
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], ""),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -u -D; "),
}


@pytest.fixture
def program(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """A project with tables, an environment and a job."""
    story.define(table("orders"), table("users"), name="tables.json")
    story.write("dynasmith.toml", f'definitions = ["tables.json"]\n[environments.dev]\nendpoint = "{story.endpoint}"\n')
    story.write("shape.yaml", "version: 1\noperations: []\n")
    assert story("ensure").code == 0
    assert story("copy", "orders", "users", "--yes").code == 0
    program = Program(tmp_path / "programs", monkeypatch)
    yield program
    program.close()


def job_of(story: Story) -> str:
    return str(story("jobs", "list", "--json").json[0]["id"])


@pytest.mark.parametrize("name", START)
def test_a_key_completes_the_word(name: str, story: Story, program: Program) -> None:
    words, before = START[name]
    shell_or_skip(name)
    script = story.write(f"completion.{name}", story("completion", name).out)
    job = job_of(story)
    with terminal(words, program) as shell:
        shell.send(f"{before}source {script}; echo rea''dy\n")
        shell.until("ready")
        for typed, called in TYPED:
            shell.send(f"dynasmith {typed}\t")
            program.wait()
            shell.send("\n")
            shell.until(f"called: {called.replace('JOB', job)}")


def test_fish_completes_the_word(story: Story, program: Program) -> None:
    fish = shell_or_skip("fish")
    script = story.write("completion.fish", story("completion", "fish").out)
    job = job_of(story)
    path = os.pathsep.join((str(program.folder), os.environ["PATH"]))
    lines = "; ".join(f"echo 'for: {typed}'; complete -C 'dynasmith {typed}'" for typed, _ in TYPED)
    ran = subprocess.run(
        [fish, "--no-config", "-c", f"source {script}; {lines}"],
        env={**os.environ, "PATH": path, "HOME": str(program.folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )
    found = {typed: answer.split() for typed, _, answer in (part.partition("\n") for part in ran.stdout.split("for: "))}
    for typed, called in TYPED:
        assert called.replace("JOB", job).split()[-1] in found[typed], (typed, ran)
