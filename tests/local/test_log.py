"""`local logs`: the last lines, and those that come."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from dynasmith.cli.main import run
from dynasmith.local import log_lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "engine.log").write_text("one\ntwo\nthree\n")
    return tmp_path


def test_the_last_lines(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert list(log_lines(folder, last=2, follow=False)) == ["two", "three"]
    assert run(["local", "logs", "--folder", str(folder), "--lines", "1"]) == 0
    assert capfd.readouterr().out == "three\n"
    assert run(["local", "logs", "--folder", str(folder), "--json", "--follow"]) == 2


def test_where_there_is_none(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["local", "logs", "--folder", str(tmp_path)]) == 1
    assert f"There is no log {tmp_path / 'engine.log'}." in capfd.readouterr().err


def test_lines_that_come_and_a_log_that_begins_anew(folder: Path) -> None:
    log = folder / "engine.log"
    steps: Iterator[str] = iter(["fo", "ur\nfive\n", "CUT"])

    def pause(_seconds: float) -> None:
        text = next(steps)
        if text == "CUT":
            log.write_text("new\n")
            return
        with log.open("a") as file:
            file.write(text)

    assert list(islice(log_lines(folder, last=1, follow=True, pause=pause), 4)) == ["three", "four", "five", "new"]
