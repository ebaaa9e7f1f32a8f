"""`export TABLE -`: data to standard output, words to standard error; a reader that leaves early ends it cleanly."""

import gzip
import json
import subprocess
import sys

import pytest

from item_stories.kit import ItemStory, person

COUNT = 40


def export(story: ItemStory, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "dynasmith", "export", "users", "-", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=story.folder,
    )


@pytest.fixture
def filled(story: ItemStory) -> ItemStory:
    story.people("users", COUNT)
    return story


def test_each_item_is_a_line_and_nothing_else(filled: ItemStory) -> None:
    out, err = export(filled).communicate(timeout=300)
    assert out, err
    found = [json.loads(line)["Item"] for line in out.splitlines()]
    assert sorted(item["pk"]["S"] for item in found) == sorted(person(number)["pk"]["S"] for number in range(COUNT))
    assert f"{COUNT} read = {COUNT} written." in err.decode()
    assert filled("jobs", "list").err == "No jobs.\n", "there is nothing to resume"
    filled.make("others")
    (filled.folder / "back.jsonl").write_bytes(out)
    assert filled("populate", "others", "back.jsonl", "--yes").code == 0
    assert filled.digest("others") == filled.digest("users")


def test_plain_and_packed(filled: ItemStory) -> None:
    out, _ = export(filled, "--format", "plain", "--compress", "gz").communicate(timeout=300)
    assert {json.loads(line)["pk"] for line in gzip.decompress(out).splitlines()} >= {"user-00000", "user-00039"}


def test_a_reader_that_leaves_early_is_no_error(filled: ItemStory) -> None:
    running = export(filled, "--batch-size", "1", "--segments", "1")
    assert running.stdout is not None
    assert running.stderr is not None
    assert json.loads(running.stdout.readline())["Item"]
    running.stdout.close()
    err = running.stderr.read().decode()
    running.stderr.close()
    assert (running.wait(timeout=300), "Error" in err, "Traceback" in err, "resume" in err) == (
        0,
        False,
        False,
        False,
    ), err


@pytest.mark.parametrize("words", [("--format", "csv"), ("--split-bytes", "5000"), ("--json",), ("--redact",)])
def test_what_a_stream_cannot_be_is_refused(filled: ItemStory, words: tuple[str, ...]) -> None:
    shown = filled("export", "users", "-", *words)
    assert (shown.code, '"Item"' in shown.out) == (2, False)
