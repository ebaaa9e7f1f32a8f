"""`dynasmith import`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import to_builtins

from dynasmith.cli.named_values import named_values
from dynasmith.cli.new_file import write_or_print
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import UsageError

if TYPE_CHECKING:
    from dynasmith import ImportedText


SOURCE_FORMS: Final = (
    *("auto", "cloudformation", "terraform", "aws-cli", "workbench", "dms", "tables-config"),
    *("pynamodb", "onetable"),
)
"""`import --from` takes them before the source too: ``workbench:model.json``."""


@verb("import", example="dynasmith import orders users --env prod --out tables/prod.yaml")
@click.argument("tables", nargs=-1, metavar="TABLE...")
@click.option("--all", "everything", is_flag=True, help="Import every table of the environment.")
@click.option("--minimal", is_flag=True, help="Leave out what a new table has by itself.")
@click.option(
    "--from",
    "source",
    metavar="SOURCE",
    help="Import FILE of CloudFormation, Terraform (show -json), the AWS CLI, NoSQL Workbench, DMS or "
    "tables_config.json, or models: module:Class, module, onetable:FILE.",
)
@click.option(
    "--format",
    "source_form",
    type=click.Choice(SOURCE_FORMS),
    default="auto",
    help="With --from: the form of SOURCE.",
)
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="With --from: what a parameter or a reference of a template stands for. Repeatable.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["definition", "models"]),
    help="With --from: a definition file, or model classes (Python). FILE.py of --out means models.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="[CLASS=]FIELD[,FIELD]",
    help="With --from: the key of a plain pydantic model: partition key, and sort key. Repeatable.",
)
@click.option(
    "--table",
    "names",
    multiple=True,
    metavar="[CLASS=]NAME",
    help="With --from: the table's name, where the source does not say it. Repeatable.",
)
@click.option("--out", metavar="FILE", help="Write to FILE instead of stdout; its folder is created.")
def command(
    invocation: Invocation,
    tables: tuple[str, ...],
    *,
    everything: bool,
    minimal: bool,
    source: str | None,
    source_form: str,
    form: str | None,
    keys: tuple[str, ...],
    names: tuple[str, ...],
    parameters: tuple[str, ...],
    out: str | None,
) -> int:
    """Write definitions (YAML) for existing tables, whose plan is empty, or for models. Never overwrites a file.

    TABLE is a name or a pattern in quotes, such as 'orders-*'.
    """
    if source is not None:
        if tables or everything or minimal:
            raise UsageError("--from imports models, not tables.", hint="remove TABLE, --all and --minimal")
        source = source if source_form == "auto" else f"{source_form}:{source}"
        return _import_models(
            invocation, source, form, named_values(keys), named_values(names), named_values(parameters, "NAME"), out
        )
    if form is not None or keys or names or parameters or source_form != "auto":
        options = "--as, --format, --key, --table and --param"
        raise UsageError(f"{options} are for models and files.", hint="add --from module:Class")
    if bool(tables) == everything:
        raise UsageError("Name tables, or use --all.", hint="for example: dynasmith import 'orders-*'")
    document = invocation.project().import_tables(tables, every_table=everything, minimal=minimal)
    for line in document.splitlines():
        if not line.startswith("# "):
            break
        invocation.say(line.removeprefix("# "))
    write_or_print(out, document)
    if out is not None:
        invocation.say(f"Wrote the definition to {out}. Next: dynasmith plan --config {out}")
    return 0


def _import_models(
    invocation: Invocation,
    source: str,
    form: str | None,
    keys: dict[str, str],
    names: dict[str, str],
    parameters: dict[str, str],
    out: str | None,
) -> int:
    is_models = form == "models" if form else out is not None and out.endswith(".py")
    imported = invocation.project().import_from(
        source, form="models" if is_models else "definition", keys=keys, tables=names, parameters=parameters
    )
    for note in imported.notes:
        invocation.say(f"Note: {note}")
    for each in imported.unresolved:
        if each.hint:
            invocation.say(f"Hint: {each.hint}")
    code = 3 if imported.unresolved else 0
    if invocation.as_json:
        print_json(imported_json(imported))
        if out is None:
            return code
    write_or_print(out, imported.text)
    if out is not None:
        what = "model classes" if is_models else "definition"
        is_plan = "" if is_models else f" Next: dynasmith plan --config {out}"
        invocation.say(f"Wrote the {what} to {out}.{is_plan}")
    return code


def imported_json(imported: ImportedText) -> dict[str, Any]:
    """What was imported, for programs."""
    return {
        "form": imported.form,
        "text": imported.text,
        "tables": [table.name for table in imported.tables],
        "notes": list(imported.notes),
        "unresolved": [to_builtins(each) for each in imported.unresolved],
    }
