"""`dynasmith schema`."""

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("schema", example="dynasmith schema > dynasmith.schema.json")
def command(invocation: Invocation) -> int:
    """Print the JSON Schema of definition files, for editors."""
    from dynasmith.tables.schema import definition_schema

    del invocation
    print_json(definition_schema())
    return 0
