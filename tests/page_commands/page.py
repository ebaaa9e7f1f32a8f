"""The commands of a page: those of its fenced blocks of a shell, in their order, and which of them were run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Final

from cli.story import Answer, Story

ROOT: Final = Path(__file__).parents[2]
_BLOCK: Final = re.compile(r"^ *```(console|bash|sh|shell)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_FILE: Final = re.compile(r"^```\w+\n# ([\w./-]+\.\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_JOB: Final = re.compile(r"(apply|copy|backfill|populate|export|delete-items)-\d{8}T\d{6}-[0-9a-f]{6}")
_EXIT: Final = re.compile(r"\bexit (\d+)")


@dataclass(frozen=True)
class PageCommand:
    """One command of a page. ``exits`` are the codes that it may end with: 0, and what its comment says (`exit 3`)."""

    text: str
    words: tuple[str, ...]
    exits: frozenset[int]
    out: str = ""
    """The file that its output is redirected into."""

    @property
    def program(self) -> str:
        """What is run."""
        return self.words[0]


def pages() -> list[Path]:
    """Every page of the repository that may hold commands."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
    return sorted(found)


def name_of(page: Path) -> str:
    """How a page is named in the list: from the root of the repository."""
    return page.relative_to(ROOT).as_posix()


def commands(page: str) -> list[PageCommand]:
    """The commands of a page. In a console block they begin with a dollar; other lines are what was printed."""
    found = []
    for kind, block in _BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        lines = re.sub(r"\\\n\s*", "", dedent(block)).splitlines()
        if kind == "console":
            lines = [line[2:] for line in _joined(lines) if line.startswith("$ ")]
        for line in lines:
            for part in line.split(" && "):
                found += list(_command(part))
    return found


def _joined(lines: list[str]) -> Iterator[str]:
    """Lines, with those that go on in a quoted text put together."""
    left = ""
    for line in lines:
        left += line if not left else f"\n{line}"
        if not left.startswith("$ ") or left.count("'") % 2 == 0:
            yield left
            left = ""


def _command(text: str) -> Iterator[PageCommand]:
    words = shlex.split(text, comments=True)
    if not words:
        return
    comment = text.partition("  #")[2]
    exits = frozenset({0, *(int(code) for code in _EXIT.findall(comment))})
    out = ""
    if ">" in words:
        place = words.index(">")
        words, out = words[:place], words[place + 1]
    yield PageCommand(text, tuple(words), exits, out)


def files_of(page: str) -> Mapping[str, str]:
    """The files of a page: each block whose first line is a comment with nothing but a path."""
    return dict(_FILE.findall((ROOT / page).read_text(encoding="utf-8")))


@dataclass
class PageRun:
    """A page whose commands of dynasmith are run in a story."""

    page: str
    story: Story
    left: list[PageCommand] = field(default_factory=list)
    skipped: list[PageCommand] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.left = [each for each in commands(self.page) if each.program == "dynasmith"]
        for name, text in files_of(self.page).items():
            self.story.write(name, text)

    def __iter__(self) -> Iterator[PageCommand]:
        """The commands that were not run yet."""
        while self.left:
            yield self.left[0]

    def run(self, *more: str, code: int | None = None, replaced: Mapping[str, str] | None = None) -> Answer:
        """Run the next command as it stands, with what nobody can answer here: ``--yes``, ids of the jobs of this story
        in place of those of the page, and ``replaced`` words. Fails where it does not end as the page says."""
        command = self.left.pop(0)
        words = [(replaced or {}).get(word, word) for word in map(self._with_job, command.words[1:])]
        if "--dry-run" not in words and "--yes" not in words:
            more = (*more, "--yes")
        answer = self.story(*words, *more)
        wanted = command.exits if code is None else {code}
        assert answer.code in wanted, (self.page, command.text, answer.code, answer.out, answer.err)
        if command.out:
            self.story.write(command.out, answer.out)
        self.answers[command.text.partition("  #")[0].strip()] = answer
        return answer

    def skip(self) -> None:
        """The next command is in the list of those that cannot run here."""
        self.skipped.append(self.left.pop(0))

    def _with_job(self, word: str) -> str:
        found = _JOB.fullmatch(word)
        if found is None:
            return word
        jobs = [each["id"] for each in self.story("jobs", "list", "--json").json if each["verb"] == found[1]]
        assert jobs, f"{self.page}: no job of {found[1]} was begun"
        return str(jobs[-1])
