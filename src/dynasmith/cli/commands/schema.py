"""`dynasmith schema`."""

from typing import Any

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import UsageError
from dynasmith.tables.findings import did_you_mean

_FILES = ("definition", "project", "operations")
_OUTPUT = "output"


@verb("schema", example="dynasmith schema project > schemas/project.schema.json")
@click.argument(
    "subject",
    type=click.Choice((*_FILES, _OUTPUT)),
    default="definition",
    metavar="[definition|project|operations|output]",
)
@click.argument("words", nargs=-1, metavar="[VERB...]")
def command(invocation: Invocation, subject: str, words: tuple[str, ...]) -> int:
    """Print the JSON Schema of definition files, of project files or of operations files, for editors; or of what a
    verb prints with --json, for programs.

    `output jobs list` prints the schema of one verb, `output error` that of errors, `output` one object with all of
    them by name.
    """
    del invocation
    if subject == _OUTPUT:
        print_json(_outputs(" ".join(words)))
        return 0
    from dynasmith.project.schemas import SCHEMAS

    if words:
        raise UsageError(f"schema {subject} takes no verb.", hint=f"dynasmith schema output {' '.join(words)}")
    print_json(SCHEMAS[subject]())
    return 0


def _outputs(name: str) -> dict[str, Any]:
    """The schema of what a verb prints, or of every one. Raises UsageError for a verb that prints no JSON."""
    from dynasmith.cli.json_types.schema import output_names, output_schema

    names = output_names()
    if not name:
        return {each: output_schema(each) for each in names}
    if name not in names:
        group = [each for each in names if each.startswith(f"{name} ")]
        near = ", ".join(group) or did_you_mean(name, names) or "dynasmith schema output prints all of them by name"
        raise UsageError(f"The output of {name!r} has no schema.", hint=near)
    return output_schema(name)
