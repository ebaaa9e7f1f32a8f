"""`dynasmith init`."""

import shlex
from pathlib import Path

import click

from dynasmith.cli.shared_options import Invocation, verb
from dynasmith.errors import UsageError

PROJECT = """\
# Documentation: "Definitions" and "Environments" in the guide.
definitions = ["tables/*.yaml"]
default_environment = "local"

[environments.local]
endpoint = "http://127.0.0.1:8000"
region = "us-east-1"

[environments.prod]
region = "us-east-1"
table_prefix = "prod-"
protected = true
"""

TABLES = """\
tables:
  - name: orders
    description: Orders of a customer
    attributes:
      - {name: customer_id, type: S}
      - {name: order_id, type: S}
    key_schema:
      - {attribute_name: customer_id, key_type: HASH}
      - {attribute_name: order_id, key_type: RANGE}
    point_in_time_recovery: {enabled: true}
    tags: {team: checkout}
    access_patterns: ["orders of a customer by id"]
"""


@verb("init", example="dynasmith init shop")
@click.argument("folder", default=".", metavar="[DIR]")
def command(invocation: Invocation, folder: str) -> int:
    """Create a project: dynasmith.toml and tables/. Overwrites nothing."""
    home = Path(folder)
    project, tables = home / "dynasmith.toml", home / "tables" / "orders.yaml"
    if project.exists():
        raise UsageError(f"{project} exists already.", hint="name another folder, or edit it")
    try:
        (home / "tables").mkdir(parents=True, exist_ok=True)
        project.write_text(PROJECT, encoding="utf-8")
        if not tables.exists():
            tables.write_text(TABLES, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{error.filename} cannot be written: {error.strerror}.", hint="name another folder"
        ) from error
    invocation.say(f"Created project {home}: {project}, {tables}.")
    entering = "" if folder == "." else f"cd {shlex.quote(folder)}; "
    invocation.say(f"Next: {entering}dynasmith local start; dynasmith plan")
    return 0
