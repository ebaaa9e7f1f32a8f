"""On a terminal a person is asked, and watches the steps."""

import os
import subprocess
import sys
import threading

import pytest

from cli.story import Story, table

pty = pytest.importorskip("pty", reason="this system has no pseudo terminals")


def _typed(story: Story, answers: str, *words: str) -> tuple[int, str]:
    """Exit code and what stood on the terminal, when a person types these answers."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from dynasmith.cli.main import main; main()", *words],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        cwd=story.folder,
    )
    os.close(theirs)
    watch = threading.Timer(300, process.kill)
    watch.start()
    os.write(ours, answers.encode())
    seen = b""
    try:
        while piece := os.read(ours, 4096):
            seen += piece
    except OSError:
        pass  # the other end is closed: Linux says EIO
    finally:
        code = process.wait()
        watch.cancel()
        os.close(ours)
    return code, seen.decode(errors="replace")


def test_yes_is_typed(story: Story) -> None:
    story.define(table(tags={"a": "b"}))
    code, seen = _typed(story, "y\n", "apply")
    assert code == 0, seen
    assert "Apply the plan to environment local (us-east-1, " in seen
    assert "orders" in seen
    assert story.live() == ["orders"]


def test_anything_else_is_a_no(story: Story) -> None:
    story.define(table())
    code, seen = _typed(story, "\n", "apply")
    assert code == 4, seen
    assert "Cancelled; nothing changed." in seen
    assert story.live() == []


def test_a_name_is_typed(story: Story) -> None:
    story.define(table())
    assert story("ensure").code == 0
    assert _typed(story, "order\n", "delete", "orders")[0] == 4
    assert story.live() == ["orders"]
    code, seen = _typed(story, "orders\n", "delete", "orders")
    assert code == 0, seen
    assert story.live() == []


def test_the_end_of_input_is_a_no(story: Story) -> None:
    story.define(table())
    code, seen = _typed(story, "\x04", "apply")
    assert code in (4, 130), seen
    assert "Traceback" not in seen
    assert story.live() == []
