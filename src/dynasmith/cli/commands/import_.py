"""`dynasmith import`."""

from pathlib import Path

import click

from dynasmith.cli.shared_options import Invocation, verb
from dynasmith.errors import UsageError


@verb("import", example="dynasmith import orders users --env prod --out tables/prod.yaml")
@click.argument("tables", nargs=-1, metavar="TABLE...")
@click.option("--all", "everything", is_flag=True, help="Import every table of the environment.")
@click.option("--minimal", is_flag=True, help="Leave out what a new table has by itself.")
@click.option("--out", metavar="FILE", help="Write the definition to FILE instead of stdout; its folder is created.")
def command(
    invocation: Invocation, tables: tuple[str, ...], *, everything: bool, minimal: bool, out: str | None
) -> int:
    """Write definitions (YAML) for existing tables. A plan of the result is empty. Never overwrites a file.

    TABLE is a name or a pattern in quotes, such as 'orders-*'.
    """
    if bool(tables) == everything:
        raise UsageError("Name tables, or use --all.", hint="for example: dynasmith import 'orders-*'")
    document = invocation.project().import_tables(tables, every_table=everything, minimal=minimal)
    for line in document.splitlines():
        if not line.startswith("# "):
            break
        invocation.say(line.removeprefix("# "))
    if out is None:
        click.echo(document, nl=False)
        return 0
    try:
        if not Path(out).parent.exists():
            Path(out).parent.mkdir(parents=True, exist_ok=True)
        with Path(out).open("x", encoding="utf-8") as file:
            file.write(document)
    except FileExistsError as error:
        raise UsageError(f"The file {out} exists already.", hint="name another one") from error
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}.", hint="name another file") from error
    invocation.say(f"Wrote the definition to {out}. Next: dynasmith plan --config {out}")
    return 0
