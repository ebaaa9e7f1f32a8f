"""`dynasmith backfill`."""

from typing import Any

import click

from dynasmith.cli.flow_options import CONSISTENT, MOVED_BY, cluster_of, flow_options_but, placed_by
from dynasmith.cli.remote_options import refuse_cluster, remote_of, remote_options
from dynasmith.cli.remote_report import told_by
from dynasmith.cli.shared_options import Invocation, refuse_given, verb
from dynasmith.errors import UsageError


class Share(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 only
    """``1%`` or ``0.01``: a part of the items."""

    name = "SHARE"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> float:
        """The share as a number from 0 to 1."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            return float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
        except ValueError:
            self.fail(f"{value!r} is not a valid share; use 1% or 0.01", param, context)


class SampleSize(click.ParamType):  # type: ignore[type-arg]
    """A number of items, or ``all``."""

    name = "N|all"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        """The number; 0 is all."""
        if isinstance(value, int):
            return value
        if str(value) == "all":
            return 0
        if not str(value).isdigit() or int(value) < 1:
            self.fail(f"{value!r} is not a valid number of items; use a number or all", param, context)
        return int(value)


@verb("backfill", example="dynasmith backfill users --transform shapes/users.yaml --dry-run")
@click.argument("table")
@click.option("--transform", required=True, metavar="WHAT", help="An operations file, or module:function.")
@click.option(
    "--where", default="", metavar="CONDITION", help="Change only items that meet it; checked again at each write."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Change at most N items, then end the job.")
@click.option("--canary", type=Share(), help="Stop after this share of the items, such as 1%; resume changes the rest.")
@click.option("--no-journal", is_flag=True, help="Keep no undo journal: the backfill cannot be undone.")
@click.option(
    "--check", is_flag=True, help="Only read: report items that a backfill would change; exit 3 if there are any."
)
@click.option("--sample", type=SampleSize(), default=1000, show_default=True,
              help="Items that --dry-run reads; all reads every item.")  # fmt: skip
@MOVED_BY
@placed_by
@CONSISTENT
@flow_options_but("digest")
@remote_options
def command(invocation: Invocation, table: str, **given: Any) -> int:
    """Change the items of a table in place. Never overwrites writes by others. Can be resumed and undone."""
    from dynasmith.cli.backfill_report import show_backfill, show_checked, show_rehearsed
    from dynasmith.cli.flow_report import FlowProgressView

    if given["where"] and given["filter"]:
        raise UsageError("--where and --filter mean the same; use one of them.", hint="join two conditions with AND")
    check, sample = given.pop("check"), given.pop("sample")
    if check:
        _refuse_beside_check(invocation, given)
    elif not invocation.dry_run:
        refuse_given("--dry-run", ("sample",))
    cluster = cluster_of(given)
    if check and cluster is not None:
        raise UsageError("--on has no effect with --check, which writes nothing.", hint="remove --on")
    remote = remote_of(invocation, given)
    project, journal = invocation.project(), not given.pop("no_journal")
    if remote is not None:
        refuse_cluster(cluster)
        if check:
            raise UsageError("--check has no remote.", hint="add --no-remote")
        if invocation.dry_run:
            return show_rehearsed(invocation, remote.rehearse_backfill(table, sample=sample or None, **given))
        return show_backfill(invocation, remote.backfill(table, journal=journal, told=told_by(invocation), **given))
    if check:
        writes = ("limit", "canary", "max_write_units", "processes")
        own = {name: value for name, value in given.items() if name not in writes}
        return show_checked(invocation, project.check_backfill(table, **own))
    if invocation.dry_run:
        return show_rehearsed(invocation, project.dry_run.backfill(table, sample=sample or None, **given))
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = project.backfill(table, journal=journal, listener=shown, on=cluster, **given)
    return show_backfill(invocation, report)


def _refuse_beside_check(invocation: Invocation, given: dict[str, Any]) -> None:
    """``--check`` reads everything and writes nothing: what bounds or keeps a job's writes has no meaning there."""
    for name in ("limit", "canary", "no_journal", "max_write_units", "processes"):
        word = f"--{name.replace('_', '-')}"
        if given[name]:
            raise UsageError(f"{word} has no effect with --check, which writes nothing.", hint=f"remove {word}")
    if not invocation.dry_run:
        refuse_given("--dry-run", ("sample",))
