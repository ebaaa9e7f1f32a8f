"""The tutorial, from the source. `make test-wheel` runs it from the wheel alone (tests/examples/test_install.py)."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.story import Answer, clean_shell
from dynasmith.cli.main import run
from page_commands.tutorial import run_tutorial


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """A free port in place of 8000, which may be somebody's; the engine on it ends with the test."""
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{port}")
    yield port
    run(["local", "stop", "--port", port])
    capsys.readouterr()


def test_the_tutorial_as_it_is_printed(
    port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dynasmith(folder: Path, words: list[str]) -> Answer:
        monkeypatch.chdir(folder)
        code = run(words)
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    run_tutorial(tmp_path, port, dynasmith)
