"""Each document that a command of a story printed with ``--json`` is held against the schema of its verb."""

import json
from collections.abc import Iterator, Sequence
from functools import cache

import click
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from dynasmith.cli.json_types.schema import ERROR, output_schema
from dynasmith.cli.main import VERBS, cli


def check_document(words: Sequence[str], code: int, out: str) -> None:
    """Fail where the document is not as its schema says, or an error is of another exit code."""
    if "--json" not in words or {"--help", "-h"} & set(words):
        return
    name = verb_of(words)
    if name in ("demo", "worker") or not out:
        assert not out or name == "demo", words
        return
    document = json.loads(out)
    is_error = isinstance(document, dict) and document.keys() == {ERROR}
    if is_error:
        assert document[ERROR]["exit"] == code, words
    assert is_error or name, words
    wrong = best_match(validator(ERROR if is_error else name).iter_errors(document))
    if wrong is not None:
        place = "".join(f"[{part!r}]" for part in wrong.absolute_path)
        raise AssertionError(f"{' '.join(words)}: document{place}: {wrong.message[:500]}")


@cache
def validator(name: str) -> Draft202012Validator:
    """What judges the documents of a verb."""
    return Draft202012Validator(output_schema(name))


def verb_of(words: Sequence[str]) -> str:
    """The words of the verb in a command line, such as ``jobs list``; empty where there is none."""
    rest = _plain(words)
    name = next(rest, "")
    if name not in VERBS:
        return ""
    command = cli.get_command(click.Context(cli), name)
    if not isinstance(command, click.Group):
        return name
    inner = next(rest, "")
    other = "start" if name == "replace" else "to"  # migrate VERSION is migrate to VERSION
    return f"{name} {inner if inner in command.commands else other}"


def _plain(words: Sequence[str]) -> Iterator[str]:
    """The words that are no shared options, and no values of them."""
    valued = {flag for each in cli.params if isinstance(each, click.Option) and not each.is_flag for flag in each.opts}
    rest = iter(words)
    for word in rest:
        if word in valued:
            next(rest, None)
        elif not word.startswith("-"):
            yield word
