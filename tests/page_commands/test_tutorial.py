"""The tutorial, as it is printed: its files are written, its commands run in order, and they print what it shows.

Ids of jobs and the port of the engine are another each time; everything else that a block shows must be there, in its
order.
"""

import re
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.story import Answer, clean_shell
from dynasmith.cli.main import run
from page_commands.page import ROOT

PAGE = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# ([\w./-]+)\n")
ID = re.compile(r"\b(\w+)-\d{8}T\d{6}-[0-9a-f]{6}\b")


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
    port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = []
    for kind, text in BLOCK.findall(PAGE):
        if kind == "console":
            for command, shown in steps(text):
                words = shlex.split(command)
                ran.append(words[1])
                if words[0] == "cd":
                    monkeypatch.chdir(words[1])
                    continue
                assert words[0] == "dynasmith"
                more = ["--port", port] if words[1] == "local" else []
                code = run([*words[1:], *more])
                printed = capsys.readouterr()
                answer = Answer(code, printed.out, printed.err)
                assert code == 0, (command, answer)
                assert missing(shown, f"{answer.out}\n{answer.err}", port) == [], (command, answer)
        else:
            name = FILE.match(text)
            assert name is not None, text
            file = Path(name[1])
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
    assert ran[:4] == ["init", "shop", "local", "plan"]
    assert {"put", "apply", "migrate", "backfill", "backup", "export", "verify"} <= set(ran)


def steps(block: str) -> list[tuple[str, list[str]]]:
    """The commands of a block, each with the lines that it prints."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def missing(shown: list[str], printed: str, port: str) -> list[str]:
    """The lines of a page that were not printed, in their order."""
    lines = iter([ID.sub(r"\1-ID", line.replace(f":{port}", ":8000")).rstrip() for line in printed.splitlines()])
    return [line for line in (ID.sub(r"\1-ID", each).rstrip() for each in shown) if line and line not in lines]
