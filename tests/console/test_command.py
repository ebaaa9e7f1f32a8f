"""``dynasmith console``: the commands of its page, and who may change something, from the link to Ctrl-C."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import signal
import stat
import threading
import webbrowser
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from cli.story import Story, table
from dynasmith.cli.commands.console import is_local
from dynasmith.project.project import Project, world_of
from page_commands.page import commands

MAY, MAY_NOT = "changes allowed", "read only"


@dataclass
class Reader:
    """What a browser would do with the link that it is given: open it, read the first page; then somebody presses
    Ctrl-C."""

    pages: list[str] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    files: list[Path] = field(default_factory=list)

    def launch(self, address: str) -> bool:
        """In place of the browser, in the thread that waits for it."""
        path = Path(unquote(urlsplit(address).path))
        self.files.append(path)
        assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
        (link,) = re.findall(r'content="0;url=([^"]+)"', path.read_text("utf-8"))
        self.threads.append(threading.current_thread())
        self._read(link)
        return True

    def _read(self, link: str) -> None:
        try:
            parts = urlsplit(link)
            connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=60)
            connection.request("GET", parts.path)
            answer = connection.getresponse()
            answer.read()
            cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
            connection.request("GET", "/tables", headers={"Cookie": cookie})
            assert not self.files[-1].parent.exists()  # the link is used
            self.pages.append(connection.getresponse().read().decode())
            connection.close()
        finally:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """A browser for ``--open``."""
    found = Reader()
    monkeypatch.setattr(webbrowser, "open", found.launch)
    return found


def page_of(story: Story, reader: Reader, *words: str) -> str:
    """The first page of a console that was started so."""
    answer = story("console", *words, *([] if "--open" in words else ["--open"]))
    for thread in reader.threads:
        thread.join()
    assert answer.code == 0, answer.err
    assert "Traceback" not in answer.err
    return reader.pages[-1]


def test_the_commands_of_the_page_do_what_it_says(story: Story, reader: Reader) -> None:
    story.define(table())
    story.write(
        "dynasmith.toml",
        f'definitions = ["tables_config.json"]\n[environments.prod]\nendpoint = "{story.endpoint}"\nprotected = true\n',
    )
    found = [command.words[1:] for command in commands("docs/guide/console.md") if command.program == "dynasmith"]
    may = [MAY if MAY in page_of(story, reader, *words[1:]) else MAY_NOT for words in found]
    assert list(zip(map(shlex.join, found), may, strict=True)) == [
        ("console --open", MAY),
        ("console --read-only", MAY_NOT),
        ("console --env prod --allow-changes", MAY),
    ]


@pytest.mark.parametrize(
    ("words", "may"),
    [
        (["--env", "prod"], MAY_NOT),
        (["--env", "prod", "--read-only"], MAY_NOT),
        (["--env", "prod", "--allow-changes", "--dry-run"], MAY_NOT),
        (["--port", "0"], MAY),
    ],
    ids=" ".join,
)
def test_what_is_not_local_is_read_only(
    story: Story, reader: Reader, monkeypatch: pytest.MonkeyPatch, words: list[str], may: str
) -> None:
    story.define(table())
    story.write(
        "dynasmith.toml",
        f'definitions = ["tables_config.json"]\n[environments.prod]\nendpoint = "{story.endpoint}"\nprotected = true\n',
    )
    page = page_of(story, reader, *words)
    assert f"</svg>{may}</span>" in page


@pytest.mark.parametrize(
    ("endpoint", "local"),
    [
        ("", False),
        ("https://dynamodb.eu-west-1.amazonaws.com", False),
        ("https://vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com", False),
        ("http://127.0.0.1:8000", True),
        ("http://dynamodb:8000", True),
    ],
)
def test_aws_is_never_local(tmp_path: Path, endpoint: str, local: bool) -> None:
    with Project.load(tmp_path, env="aws", endpoint=endpoint, region="eu-west-1", variables={}) as project:
        assert is_local(world_of(project)) is local


def test_the_link_is_printed_alone(story: Story, reader: Reader) -> None:
    story.define(table())
    answer = story("console", "--open")
    assert answer.out.startswith("http://127.0.0.1:")
    assert len(answer.out.splitlines()) == 1
    document = story("console", "--open", "--json").json
    assert document == {"url": document["url"], "changes": True}
    assert "/link/" in document["url"]


def test_what_cannot_be_is_refused(story: Story) -> None:
    story.define(table())
    answer = story("console", "--read-only", "--allow-changes")
    assert (answer.code, answer.error) == (2, "--read-only and --allow-changes contradict each other.")
    taken = int(story.endpoint.rpartition(":")[2])
    answer = story("console", "--port", str(taken))
    assert answer.code == 2
    assert answer.error.startswith(f"Port {taken} of 127.0.0.1 cannot be used")
