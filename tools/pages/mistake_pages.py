"""reference/definition-mistakes/: a page for each code of a mistake in a definition file, with a file that makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynasmith.tables.findings import FORM_CODES
from dynasmith.tables.render import yaml_text
from dynasmith.tables.rules import RULES
from dynasmith.tables.rules.rule import DefinitionRule
from pages.finding_pages import contents
from pages.mistake_examples import FORM_EXAMPLES, mistakes_of
from tables.test_rules import CASES

_HEAD: Final = """\
# Mistakes of definitions

Every mistake of every file is told at once, as `file:line: path message (hint)`, before any call; the command ends with
exit code 2, and nothing is done. A code never changes its meaning and is never used again; `error.findings` of
[the JSON](../json/values.md#definitionmistake) has it.

Codes up to D016 are mistakes of form. Those from D020 on are rules of the service, which hold before any call; quotas
that an account can have raised are defaults: `[limits]` of the project file.
"""
_LANGUAGES: Final = {"yaml": "yaml", "toml": "toml", "py": "python"}
_LONG: Final = re.compile(r"(.)\1{39,}")


def mistake_pages() -> Mapping[str, str]:
    """The pages by their place, and their list."""
    rows = [f"| [{code}]({code}.md) | {title} |" for code, title in FORM_CODES.items()]
    rows += [f"| [{rule.code}]({rule.code}.md) | {_title(rule)} |" for rule in RULES]
    codes = [*FORM_CODES, *(rule.code for rule in RULES)]
    index = "\n".join([_HEAD, "| code | mistake |", "|---|---|", *rows, contents(codes)])
    pages = {code: _form_page(code, title) for code, title in FORM_CODES.items()}
    pages |= {rule.code: _rule_page(rule) for rule in RULES}
    folder = "reference/definition-mistakes"
    return {f"{folder}/index.md": index, **{f"{folder}/{code}.md": text for code, text in pages.items()}}


def _title(rule: DefinitionRule) -> str:
    return rule.title + (" (a warning)" if rule.severity == "warning" else "")


def _form_page(code: str, title: str) -> str:
    return "\n".join([f"# {code}: {title}", "", *_example(FORM_EXAMPLES[code]), ""])


def _rule_page(rule: DefinitionRule) -> str:
    lines = [f"# {rule.code}: {_title(rule)}", "", rule.why, "", f"**What to do**: {rule.fix}.", ""]
    lines += [f"Source: {rule.source}.", "", *_example(rule_example(rule.code)), ""]
    return "\n".join(lines)


def rule_example(code: str) -> Mapping[str, str]:
    """The definition of the tests that breaks a rule, and nothing else, as a file."""
    return {"tables.yaml": yaml_text({"tables": [dict[str, Any](CASES[code][0][0])]})}


def _example(files: Mapping[str, str]) -> Iterator[str]:
    yield from ("## Example", "")
    for name, text in files.items():
        yield from (f"`{name}`:", "", f"```{_LANGUAGES[name.rpartition('.')[2]]}", _short(text).rstrip("\n"), "```", "")
    yield from ("It is told as:", "", "```text", *(_short(sentence) for _, sentence in mistakes_of(files)), "```", "")


def _short(text: str) -> str:
    """A text in which what is long on purpose is cut."""
    return _LONG.sub(lambda found: f"{found[1] * 10}...", text)
