"""reference/errors/: a page for each error code, from the class and from its line in docs/reference/errors.md."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from cli.error_examples import COMMANDS, SERVICE, answered
from dynasmith import errors
from dynasmith.errors import DynasmithError

_TABLE: Final = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
_LINE: Final = re.compile(r"^\| (?:&nbsp;)*`(\w+)` \| `([\w-]+)` \| \d+ \| (.+) \| (.+) \|$", re.MULTILINE)
_SERVICE: Final = re.compile(r"^\| (.+) \| (`.+) \|$", re.MULTILINE)
_EXITS: Final = {
    1: "something did not work while running",
    2: "wrong usage, or a broken definition: nothing was done",
    4: "consent is missing: nothing was done",
    5: "another run holds the lock",
    130: "interrupted, and resumable",
}
_UNEXPECTED: Final = (
    "An error that dynasmith did not foresee, or a refusal of the operating system such as a full disk",
    "run the same command with `--debug`, which shows where, and report it",
)


def error_pages() -> Mapping[str, str]:
    """The pages by their place. Their contents are a toctree below the table of all errors, added to that page."""
    text = _TABLE.read_text(encoding="utf-8")
    lines = {name: (happened, to_do) for name, _, happened, to_do in _LINE.findall(text)}
    services = _SERVICE.findall(text.partition("## From the service's errors")[2])
    return {f"reference/errors/{kind.code}.md": _page(kind, lines, services) for kind in error_classes()}


@cache
def error_classes() -> tuple[type[DynasmithError], ...]:
    """Every class of the tree, in the order of the file: to find that order takes most of a second."""
    found = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, DynasmithError)]
    return tuple(sorted(found, key=lambda kind: inspect.getsourcelines(kind)[1]))


def with_contents(text: str) -> str:
    """The text of the table of errors with each code as a link, and the pages as its contents."""
    for kind in error_classes():
        text = re.sub(rf"(`{kind.__name__}` \| )`{kind.code}` \|", rf"\1[`{kind.code}`]({kind.code}.md) |", text)
    pages = [kind.code for kind in error_classes()]
    return "\n".join([text.rstrip("\n"), "", "```{toctree}", ":hidden:", "", *pages, "```", ""])


def _page(kind: type[DynasmithError], lines: Mapping[str, tuple[str, str]], services: list[tuple[str, str]]) -> str:
    happened, to_do = lines.get(kind.__name__, _UNEXPECTED)
    parts = [f"# {kind.code}", "", f"{_moved(happened)}.", "", f"**What to do**: {_moved(to_do)}.", ""]
    parts += ["| | |", "|---|---|", *_facts(kind), ""]
    said = [words for words, here in services if f"`{kind.__name__}`" in here]
    if said:
        parts += ["The service's own words for it:", "", *(f"- {words}" for words in said), ""]
    parts += examples(kind.code)
    return "\n".join(parts)


def examples(code: str) -> Iterator[str]:
    """The examples of a code that a test raises: commands with what they print, or an answer of the service."""
    commands = [example for example in COMMANDS if example.code == code]
    if commands or code in SERVICE:
        yield from ("## Example", "")
    for each in commands:
        yield from ([each.given, ""] if each.given else [])
        yield from ("```console", f"$ dynasmith {each.command}", each.prints, "```", "")
    if code in SERVICE:
        operation, error = answered(code)
        yield from (f"Printed by a command that calls {operation}:", "", "```text", f"Error: {error.message}")
        yield from ([f"Hint: {error.hint}"] if error.hint else [])
        yield from ("```", "")


def _facts(kind: type[DynasmithError]) -> Iterator[str]:
    yield f"| exit code | {kind.exit}: {_EXITS[kind.exit]} |"
    yield f'| with `--json` | `{{"error": {{"code": "{kind.code}", ...}}}}` |'
    yield f"| in Python | `dynasmith.{kind.__name__}`: {_sentence(kind)} |"
    above = [base for base in kind.__mro__[1:] if issubclass(base, DynasmithError)]
    if above:
        yield f"| caught as well by | {', '.join(f'[`{base.__name__}`]({base.code}.md)' for base in above)} |"
    below = [each for each in error_classes() if kind in each.__bases__]
    if below:
        yield f"| kinds of it | {', '.join(f'[`{each.__name__}`]({each.code}.md)' for each in below)} |"


def _sentence(kind: type[DynasmithError]) -> str:
    text = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    return text.replace("``", "`").replace("|", "\\|")


def _moved(text: str) -> str:
    """A cell of the table, which is one folder above: its links lead from here."""
    return text.replace("](../", "](../../")
