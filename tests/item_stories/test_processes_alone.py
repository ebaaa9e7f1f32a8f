"""Processes of a transform beside a script, a terminal and a reader of JSON: none of them is disturbed."""

import os
import signal
import subprocess
import sys

import pytest

from item_stories.killing import SECONDS_MAX, job_of
from item_stories.kit import ItemStory

SCRIPT = """
from dynasmith import Consent, Project
from moves import tagged

def own(item, ctx):
    return item | {"own": 1}

print("begin")
with Project.load(consent=Consent(yes=True)) as project:
    report = project.copy("users", "users_v2", transform=TRANSFORM, processes=2)
    print(report.counts.written)
"""
MOVES = """
def tagged(item, ctx):
    print("a word of mine")
    item["tag"] = 1
    return item
"""


def script(story: ItemStory, text: str) -> "subprocess.CompletedProcess[str]":
    story.write("job.py", text)
    words = [sys.executable, "job.py"]
    return subprocess.run(words, cwd=story.folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)


def test_a_script_without_a_guard_runs_once(story: ItemStory) -> None:
    story.people("users", 20)
    story.make("users_v2")
    story.write("moves.py", MOVES)
    done = script(story, SCRIPT.replace("TRANSFORM", "tagged"))
    assert (done.returncode, done.stdout) == (0, "begin\n20\n"), done.stderr
    assert {item["tag"]["N"] for item in story.items("users_v2")} == {"1"}
    assert len(story("jobs", "list", "--json").json) == 1


def test_a_function_of_a_script_without_a_guard_is_refused_in_one_sentence(story: ItemStory) -> None:
    story.people("users", 20)
    story.make("users_v2")
    story.write("moves.py", MOVES)
    done = script(story, SCRIPT.replace("TRANSFORM", "own"))
    assert done.returncode == 1
    assert "The script begins its job again when a process of the transform loads it." in done.stderr
    assert len(story("jobs", "list", "--json").json) == 1
    head, _, tail = SCRIPT.replace("TRANSFORM", "own").partition('print("begin")')
    guarded = f'{head}if __name__ == "__main__":\n    print("begin"){tail.replace(chr(10), chr(10) + "    ")}'
    done = script(story, guarded)
    assert (done.returncode, done.stdout) == (0, "begin\n20\n"), done.stderr
    assert {item["own"]["N"] for item in story.items("users_v2")} == {"1"}


@pytest.mark.parametrize("where", [(), ("--processes", "2")])
def test_what_a_transform_prints_is_no_part_of_the_document(story: ItemStory, where: tuple[str, ...]) -> None:
    story.people("users", 20)
    story.make("users_v2")
    story.write("moves.py", MOVES)
    words = ("copy", "users", "users_v2", "--transform", "moves:tagged", "--yes", "--json", *where)
    done = subprocess.run(
        [sys.executable, "-m", "dynasmith", *words],
        cwd=story.folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (done.stdout.startswith("{"), "a word of mine" in done.stdout) == (True, False)
    assert done.stderr.count("a word of mine") == 20
    proved = story("verify", "users", "users_v2", "--transform", "moves:tagged", "--json")
    assert (proved.code, proved.json["equal"], proved.err.count("a word of mine")) == (0, True, 20)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no groups of processes to send a signal to")
def test_a_ctrl_c_while_processes_start_is_the_parents_alone(story: ItemStory) -> None:
    story.people("users", 20)
    story.make("users_v2")
    story.write("moves.py", "import time\ntime.sleep(1)\n" + MOVES)
    words = ("copy", "users", "users_v2", "--transform", "moves:tagged", "--yes", "--processes", "2")
    process = subprocess.Popen(
        [sys.executable, "-m", "dynasmith", *words],
        cwd=story.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        job = job_of(process)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=SECONDS_MAX)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert (process.returncode, "Traceback" in said, f"jobs resume {job}" in said) == (130, False, True), said
