"""README: its five commands run as printed, and its Python blocks run in the folder that they made."""

import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECONDS_MAX = 300


def commands() -> list[list[str]]:
    """The commands of the block that begins with `dynasmith init`, without comments; `&& cd` is where the rest runs."""
    (block,) = (block for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL) if "dynasmith init" in block)
    lines = [line.removeprefix("$ ").partition("#")[0].partition("&&")[0] for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line.strip()]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS_MAX, stdin=subprocess.DEVNULL
    )


def dynasmith(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(folder, sys.executable, "-m", "dynasmith", *words)


@pytest.fixture
def shop(tmp_path: Path, shell: pytest.MonkeyPatch) -> Iterator[tuple[Path, list[list[str]], str]]:
    """The project of the first command, on a port of this test; the commands that follow, and that port."""
    del shell
    first, *rest = commands()
    assert first[:3] == ["dynasmith", "init", "shop"]
    made = dynasmith(tmp_path, *first[1:])
    assert made.returncode == 0, made.stderr
    port = str(free_port())
    project = tmp_path / "shop" / "dynasmith.toml"
    project.write_text(project.read_text(encoding="utf-8").replace(":8000", f":{port}"), encoding="utf-8")
    yield tmp_path / "shop", rest, port
    dynasmith(tmp_path / "shop", "local", "stop", "--port", port)


def test_the_commands_run_as_printed_and_then_the_python_blocks(shop: tuple[Path, list[list[str]], str]) -> None:
    folder, rest, port = shop
    more = {"local": ["--port", port], "apply": ["--yes"]}  # 8000 may be somebody's; nobody answers the question here
    assert [words[1] for words in rest] == ["local", "plan", "apply", "check"]
    for words in rest:
        ran = dynasmith(folder, *words[1:], *more.get(words[1], []))
        assert ran.returncode == 0, (words, ran.stdout, ran.stderr)
        if words[1] == "plan":
            (printed,) = re.findall(r"`plan` prints:\n\n```text\n(.*?)```", README, re.DOTALL)
            printed = printed.replace(":8000", f":{port}")
            assert [line for line in printed.splitlines() if line.strip() and line not in ran.stdout] == []
    first, second = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    for _ in range(2):  # it runs again
        ran = run(folder, sys.executable, "-c", first)
        assert (ran.returncode, ran.stdout.splitlines()[1:]) == (0, ["1"]), ran.stderr
    ran = run(folder, sys.executable, "-c", second)
    assert (ran.returncode, ran.stdout) == (0, "[Decimal('13.5')]\n"), ran.stderr
