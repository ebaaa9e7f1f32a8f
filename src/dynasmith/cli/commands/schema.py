"""`dynasmith schema`."""

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("schema", example="dynasmith schema project > schemas/project.schema.json")
@click.argument(
    "file",
    type=click.Choice(("definition", "project", "operations")),
    default="definition",
    metavar="[definition|project|operations]",
)
def command(invocation: Invocation, file: str) -> int:
    """Print the JSON Schema of definition files, of project files or of operations files, for editors."""
    from dynasmith.project.schemas import SCHEMAS

    del invocation
    print_json(SCHEMAS[file]())
    return 0
