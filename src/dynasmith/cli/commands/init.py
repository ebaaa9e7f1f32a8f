"""`dynasmith init`."""

import shlex
from collections.abc import Mapping
from pathlib import Path

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
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

IGNORED = """\
# What dynasmith keeps beside the project: data of the embedded engine, records of jobs, journals with items.
.dynasmith/
.env
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
@click.option(
    "--from",
    "source",
    metavar="FILE",
    help="Take over a migrate.json of the OneTable CLI, and the schema that it names.",
)
def command(invocation: Invocation, folder: str, source: str | None) -> int:
    """Create a project: dynasmith.toml, tables/, schemas/ for editors and .gitignore, or with --from dynasmith.toml and
    models.py. Overwrites nothing."""
    from dynasmith.project.schemas import SCHEMAS, schema_file, schema_line, schema_text

    home = Path(folder)
    if source is not None:
        return _take_over(invocation, home, source)
    project, tables = home / "dynasmith.toml", home / "tables" / "orders.yaml"
    if project.exists():
        raise UsageError(f"{project} exists already.", hint="name another folder, or edit it")
    files = {
        project: schema_line("project") + PROJECT,
        tables: schema_line("definition", "../") + TABLES,
        home / ".gitignore": IGNORED,
        **{home / schema_file(name): schema_text(name) for name in SCHEMAS},
    }
    written = {file: text for file, text in files.items() if not file.exists()}
    _write(written)
    invocation.say(f"Created project {home}: {project}, {tables}.")
    _say_ignored(invocation, home, written)
    invocation.say(f"Next: {_entering(home)}dynasmith local start; dynasmith plan")
    if invocation.as_json:
        print_json({"files": [str(file) for file in written]})
    return 0


def _say_ignored(invocation: Invocation, home: Path, written: Mapping[Path, str]) -> None:
    """What a .gitignore that was there before lacks: it is the user's, so it is only said."""
    if home / ".gitignore" in written:
        return
    has = {line.strip().rstrip("/") for line in (home / ".gitignore").read_text("utf-8", "replace").splitlines()}
    missing = [line for line in IGNORED.splitlines() if not line.startswith("#") and line.rstrip("/") not in has]
    if missing:
        invocation.say(f"Add to {home / '.gitignore'}: {', '.join(missing)}")


def _take_over(invocation: Invocation, home: Path, source: str) -> int:
    from dynasmith.project.onetable_project import onetable_project

    made = onetable_project(source)
    files = {home / name: text for name, text in made.files.items()}
    for file in files:
        if file.exists():
            raise UsageError(f"{file} exists already; nothing was written.", hint="name another folder, or remove it")
    _write(files)
    for note in made.notes:
        invocation.say(f"Note: {note}")
    for variable, content in made.variables.items():
        invocation.say(f"Set the variable {variable}: {content}.")
    invocation.say(f"Created project {home}: {', '.join(map(str, files))}.")
    invocation.say(f"Next: {_entering(home)}dynasmith plan")
    if invocation.as_json:
        print_json({"files": list(map(str, files)), "notes": list(made.notes), "variables": made.variables})
    return 0


def _write(files: Mapping[Path, str]) -> None:
    try:
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{error.filename} cannot be written: {error.strerror}.", hint="name another folder"
        ) from error


def _entering(home: Path) -> str:
    return "" if home == Path() else f"cd {shlex.quote(str(home))}; "
