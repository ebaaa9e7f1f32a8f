"""The tutorial, as it is printed: its files are written, its commands run in order, and they print what it shows.

Ids of jobs and the port of the engine are another each time; everything else that a block shows must be there, in its
order.
"""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cli.story import Answer
from page_commands.page import ROOT

PAGE: Final = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_FILE: Final = re.compile(r"# ([\w./-]+)\n")
_ID: Final = re.compile(r"\b(\w+)-\d{8}T\d{6}-[0-9a-f]{6}\b")


def run_tutorial(folder: Path, port: str, dynasmith: Callable[[Path, list[str]], Answer]) -> None:
    """Do what the page says in an empty ``folder``, with the engine on ``port``. ``dynasmith`` runs the command with
    these words in a folder."""
    ran = []
    for kind, text in _BLOCK.findall(PAGE):
        if kind != "console":
            name = _FILE.match(text)
            assert name is not None, text
            file = folder / name[1]
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            continue
        for command, shown in _steps(text):
            program, *words = shlex.split(command)
            ran.append(words[0])
            if program == "cd":
                folder = folder / words[0]
                continue
            assert program == "dynasmith"
            answer = dynasmith(folder, [*words, *(["--port", port] if words[0] == "local" else [])])
            assert answer.code == 0, (command, answer)
            assert _missing(shown, f"{answer.out}\n{answer.err}", port) == [], (command, answer)
    assert ran[:4] == ["init", "shop", "local", "plan"]
    assert {"put", "apply", "migrate", "backfill", "backup", "export", "verify"} <= set(ran)


def _steps(block: str) -> list[tuple[str, list[str]]]:
    """The commands of a block, each with the lines that it prints."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def _missing(shown: list[str], printed: str, port: str) -> list[str]:
    """The lines of a page that were not printed, in their order."""
    lines = iter([_ID.sub(r"\1-ID", line.replace(f":{port}", ":8000")).rstrip() for line in printed.splitlines()])
    return [line for line in (_ID.sub(r"\1-ID", each).rstrip() for each in shown) if line and line not in lines]
