"""`dynasmith populate`."""

from collections.abc import Sequence
from typing import Any

import click

from dynasmith.cli.flow_options import (
    MODE,
    MOVED_BY,
    TRANSPORT,
    cluster_of,
    flow_options_but,
    placed_by,
    side,
    side_options,
)
from dynasmith.cli.generated_items import generated_items
from dynasmith.cli.remote_options import refuse_cluster, remote_of, remote_options
from dynasmith.cli.remote_report import told_by
from dynasmith.cli.shared_options import Invocation, refuse_given, verb
from dynasmith.cli.wait_options import service_wait_options, waiting
from dynasmith.errors import ItemInvalid, UsageError


@verb("populate", example="dynasmith populate users data/users.json")
@click.argument("table")
@click.argument("files", nargs=-1, metavar="[FILE...|s3://BUCKET/PREFIX]")
@click.option("--item", "said", multiple=True, metavar="JSON", help="Write this item; repeatable.")
@click.option(
    "--generate",
    type=click.IntRange(1),
    metavar="N",
    help="Write N generated items with keys of their own, in the types of the keys.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="With --generate: other items.")
@click.option("--format", "file_format", default="auto", show_default=True,
              type=click.Choice(["auto", "lines", "array", "csv", "tsv", "dynamodb", "plain", "mongo", "ion"]),
              help="Format of the files: how records are separated, or the notation of JSON.")  # fmt: skip
@click.option(
    "--type", "types", multiple=True, metavar="NAME=S|N|B|BOOL|NULL|JSON", help="Type of a CSV field; repeatable."
)
@click.option(
    "--from", "url", metavar="URL", help="Read from a SQL database (sqlite:///shop.db) or MongoDB; ${VAR} is replaced."
)
@click.option("--source-table", default="", metavar="NAME", help="With --from: the table or collection to read.")
@click.option("--query", default="", metavar="SQL", help="With --from: a query to read instead of a table.")
@click.option("--order", multiple=True, metavar="NAME", help="With --from: a column that identifies rows; repeatable.")
@click.option(
    "--map",
    "renamed",
    multiple=True,
    metavar="NAME=TEMPLATE",
    help="Set a field from a template: id=user-{id}; repeatable.",
)
@click.option("--transform", metavar="WHAT", help="An operations file, or module:function.")
@click.option(
    "--create-target",
    "--create",
    is_flag=True,
    help="Create the table first, from the definition in an export's manifest; from S3 as it is defined.",
)
@click.option(
    "--bucket-owner", default="", metavar="ACCOUNT", help="From S3: the account of a bucket that is not yours."
)
@click.option(
    "--by",
    type=click.Choice(["ours", "import", "bulk"]),
    default="ours",
    show_default=True,
    help="From S3: read the objects here, or let the service import them (--create), or write them in bulk.",
)
@click.option("--delimiter", default="", metavar="CHAR", help="With --by import: the delimiter of CSV, such as ';'.")
@click.option(
    "--headers", default="", metavar="NAME,...", help="With --by import: the columns of CSV without a header."
)
@click.option(
    "--compress",
    type=click.Choice(["none", "gzip", "zstd"]),
    default=None,
    help="With --by import or bulk: how the files are packed.",
)
@click.option("--error-bucket", default="", metavar="s3://BUCKET/PREFIX", help="With --by bulk: where it puts errors.")
@service_wait_options
@MODE
@TRANSPORT
@MOVED_BY
@placed_by
@flow_options_but("segments", "expired", "max_read_units")
@side_options("target")
@remote_options
def command(invocation: Invocation, table: str, files: tuple[str, ...], **given: Any) -> int:
    """Write items from files, a database or an export into a table. Files are JSON arrays, JSON Lines, CSV or TSV, in
    DynamoDB JSON or plain JSON, also as .gz or .zst; - is standard input; s3:// is an export of the service or objects
    that are read as files are. Invalid lines go to the dead letters with
    their line number and reason; all others are written.

    Without FILE: write the items of --item, those of --generate, or those that the table's definition lists."""
    from dynasmith.cli.flow_report import FlowProgressView, show_rehearsal, show_report

    given["headers"] = tuple(name.strip() for name in given["headers"].split(",")) if given["headers"] else ()
    waits = waiting(given.pop("no_wait"), given.pop("wait_timeout"))
    types = _once("--type", [_typed(text) for text in given.pop("types")])
    renamed = _once("--map", [_renamed(text) for text in given.pop("renamed")])
    how = {"format": given.pop("file_format"), "types": types}
    if not files:
        _refuse_without_files(types, how["format"], renamed if given["url"] is None else {})
    count, seed = given.pop("generate"), given.pop("seed")
    if count is None:
        refuse_given("--generate", ("seed",))
    cluster = cluster_of(given)
    remote = remote_of(invocation, given)
    if remote is not None:
        refuse_cluster(cluster)
    database, listed = _database(given, renamed), given.pop("said")
    target, project = side("target", table, given), invocation.project()
    if sum(map(bool, (files, listed, database, count))) > 1:
        raise UsageError("Use only one of FILE, --item, --from and --generate.")
    if count and (remote is not None or given["create_target"]):
        option = "--create-target" if given["create_target"] else "--remote"
        raise UsageError(f"--generate needs a table that is there, and no {option}.", hint=f"remove {option}")
    source = database or files or _inline(listed) or None
    if files:
        given |= how | {"map": renamed}
    if remote is not None:
        if invocation.dry_run:
            return show_rehearsal(invocation, remote.rehearse_populate(target, source, **given))
        return show_report(invocation, remote.populate(target, source, told=told_by(invocation), **given))
    items = generated_items(invocation, target, count, seed) if count else source
    if invocation.dry_run:
        return show_rehearsal(invocation, project.dry_run.populate(target, items, **given))
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = project.populate(target, items, listener=shown, on=cluster, **given, **waits)
    return show_report(invocation, report)


def _refuse_without_files(types: dict[str, str], file_format: str, renamed: dict[str, str]) -> None:
    """What says how files are read means nothing where none is."""
    for given, word in ((types, "--type"), (file_format != "auto", "--format"), (renamed, "--map")):
        if given:
            raise UsageError(
                f"{word} says how files are read, and no file is named.", hint=f"name a file, or remove {word}"
            )


def _database(given: dict[str, Any], renamed: dict[str, str]) -> Any:
    """The database of ``--from``, or None; takes its options out of ``given``."""
    from dynasmith.jobs.options import Database

    url, table, query = given.pop("url"), given.pop("source_table"), given.pop("query")
    order = given.pop("order")
    if url is None:
        if table or query or order:
            raise UsageError("--source-table, --query and --order belong to --from.", hint="--from sqlite:///shop.db")
        return None
    return Database(url=url, table=table, query=query, order=order, map=renamed)


def _once(option: str, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{option} names {name} twice.", hint=f"give one {option} for each name")
    return dict(pairs)


def _renamed(text: str) -> tuple[str, str]:
    name, equals, template = text.partition("=")
    if not equals or not name or not template:
        raise UsageError(f"{text!r} is not a valid mapping.", hint="write it as --map id=user-{id}")
    return name, template


def _inline(said: tuple[str, ...]) -> list[dict[str, Any]]:
    from dynasmith.items.plain import item_from_json

    try:
        return [item_from_json(text) for text in said]
    except ItemInvalid as error:
        raise UsageError(error.message, hint=error.hint or """--item '{"pk": "a"}'""") from error


def _typed(text: str) -> tuple[str, str]:
    name, equals, kind = text.rpartition("=")
    if not equals or not name or not kind:
        raise UsageError(f"{text!r} is not a valid field type.", hint="write it as --type total=N")
    return name, kind
