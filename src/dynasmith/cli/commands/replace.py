"""`dynasmith replace TABLE`, and `status | verify | cutover | back | finish | abort` of its job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from dynasmith.cli.flow_options import UNITS
from dynasmith.cli.shared_options import Invocation, verb
from dynasmith.cli.suggestions import VerbGroup
from dynasmith.errors import UsageError

COMPARED_UNITS = "Limit of comparisons from now on, in read units a second of each table; default that of the start."

if TYPE_CHECKING:
    from dynasmith import Replacement
    from dynasmith.ports.listener import Listener


class ReplaceGroup(VerbGroup):
    """A table in place of a verb means `start` that table."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first argument; `start` for a table."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["start", *args]
        return super().resolve_command(ctx, args)


@click.group("replace", cls=ReplaceGroup, epilog="Example: dynasmith replace orders --transform shop.moves:by_mail")
def command() -> None:
    """Replace a table that is in use by one with another key, or with local indexes."""


@verb("start", example="dynasmith replace start orders --transform shop.moves:by_mail")
@click.argument("table")
@click.option("--to", "new_name", metavar="NAME", help="Name of the new table; default TABLE-v2.")
@click.option("--transform", metavar="FUNCTION", help="module:function or an operations file that makes the new items.")
@click.option("--reverse", metavar="FUNCTION", help="The inverse of --transform, for the way back after a cut-over.")
@click.option("--source-key", multiple=True, metavar="NAME=ATTRIBUTE",
              help="Attribute of the new items that holds the old key attribute NAME; default NAME.")  # fmt: skip
@click.option("--restart-stream", is_flag=True,
              help="Turn a stream that shows too little off and on: its readers lose what is unread.")  # fmt: skip
@click.option("--until", type=click.Choice(("following", "verified")), default="verified", show_default=True,
              help="Stop when every change is followed, or when both tables were compared.")  # fmt: skip
@click.option("--max-read-units", type=UNITS, help="Limit of the copy and of comparisons in read units a second.")
@click.option("--max-write-units", type=UNITS, help="Limit of the copy in write units a second.")
def start(
    invocation: Invocation,
    table: str,
    new_name: str | None,
    transform: str | None,
    reverse: str | None,
    source_key: tuple[str, ...],
    restart_stream: bool,
    until: str,
    max_read_units: float | None,
    max_write_units: float | None,
) -> int:
    """Create the new table, fill it, and follow TABLE until both are equal. TABLE stays in use. The word start may be
    left out: dynasmith replace TABLE."""
    from dynasmith.cli.flow_report import FlowProgressView, show_rehearsal
    from dynasmith.cli.replacement_report import show_replacement

    project, owners = invocation.project(), _owners(source_key)
    if invocation.dry_run:
        found = project.dry_run.replace(
            table,
            new_name=new_name,
            transform=transform,
            restart_stream=restart_stream,
            max_read_units=max_read_units,
            max_write_units=max_write_units,
        )
        return show_rehearsal(invocation, found)
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = project.replace(
            table,
            new_name=new_name,
            transform=transform,
            reverse=reverse,
            source_key=owners,
            restart_stream=restart_stream,
            until=until,  # type: ignore[arg-type]  # click has checked it
            max_read_units=max_read_units,
            max_write_units=max_write_units,
            consent=invocation.consent(),
            listener=shown,
        )
    return show_replacement(invocation, report)


def _owners(said: tuple[str, ...]) -> dict[str, str]:
    owners = {}
    for each in said:
        name, equals, attribute = each.partition("=")
        if not (name and equals and attribute):
            raise UsageError(f"--source-key {each!r} is not NAME=ATTRIBUTE.", hint="for example --source-key id=old_id")
        owners[name] = attribute
    return owners


@verb("status", example="dynasmith replace status last")
@click.argument("job")
def status(invocation: Invocation, job: str) -> int:
    """Show how far a replacement is: state, keys that are not equal yet, keys that cannot be, and why."""
    from dynasmith.cli.replacement_report import show_replacement

    show_replacement(invocation, invocation.project().replacements.status(job))
    return 0


@verb("verify", example="dynasmith replace verify last")
@click.argument("job")
@click.option("--max-read-units", type=UNITS, help=COMPARED_UNITS)
def verify(invocation: Invocation, job: str, max_read_units: float | None) -> int:
    """Compare every item of both tables and make equal what differs, also after changes were lost."""
    replacements = invocation.project().replacements
    return _followed(
        invocation,
        lambda shown: replacements.verify(job, max_read_units=max_read_units, listener=shown),
    )


@verb("cutover", example="dynasmith replace cutover last --pointer file:orders-table.txt")
@click.argument("job")
@click.option("--pointer", metavar="POINTER",
              help="Where the application reads its table's name: file:PATH, ssm:/NAME or hook:COMMAND; "
                   "default pointer of [replace] in the project file.")  # fmt: skip
@click.option("--fence", metavar="FENCE",
              help="What stops writes of the old table: policy, or hook:COMMAND; default policy.")  # fmt: skip
@click.option("--no-fence", is_flag=True, help="Stop no writes: the old table has no writer now.")
@click.option("--write", is_flag=True, help="Write the new table's name into the definition after the switch.")
@click.option("--max-fence", type=float, default=120.0, show_default=True, metavar="SECONDS",
              help="Stop writes so long at most; at least 45.")  # fmt: skip
@click.option("--max-read-units", type=UNITS, help=COMPARED_UNITS)
@click.option("--accept-conflicts", is_flag=True, help="Overwrite items that others wrote to the new table too late.")
def cutover(
    invocation: Invocation,
    job: str,
    pointer: str | None,
    fence: str | None,
    no_fence: bool,
    write: bool,
    max_fence: float,
    max_read_units: float | None,
    accept_conflicts: bool,
) -> int:
    """Switch the application to the new table: stop writes, bring over the last changes, switch the pointer."""
    replacements = invocation.project().replacements
    return _followed(
        invocation,
        lambda shown: replacements.cutover(
            job,
            pointer=pointer,
            fence=_fence(fence, no_fence=no_fence) or "policy",
            max_fence_seconds=max_fence,
            max_read_units=max_read_units,
            accept_conflicts=accept_conflicts,
            write=write,
            consent=invocation.consent(),
            listener=shown,
        ),
    )


@verb("back", example="dynasmith replace back last")
@click.argument("job")
@click.option("--fence", metavar="FENCE",
              help="What stops writes of the new table: policy, or hook:COMMAND; default as for cutover.")  # fmt: skip
@click.option("--no-fence", is_flag=True, help="Stop no writes: the new table has no writer now.")
@click.option("--max-fence", type=float, metavar="SECONDS", help="Stop writes so long at most; default as for cutover.")
@click.option("--write", is_flag=True, help="Write the old table's name into the definition after the switch.")
@click.option("--max-read-units", type=UNITS, help=COMPARED_UNITS)
@click.option("--accept-conflicts", is_flag=True, help="Overwrite items that were written to the old table too late.")
def back(
    invocation: Invocation,
    job: str,
    fence: str | None,
    no_fence: bool,
    max_fence: float | None,
    write: bool,
    max_read_units: float | None,
    accept_conflicts: bool,
) -> int:
    """Switch the application back to the old table, with everything that was written to the new one."""
    replacements = invocation.project().replacements
    return _followed(
        invocation,
        lambda shown: replacements.back(
            job,
            fence=_fence(fence, no_fence=no_fence),
            max_fence_seconds=max_fence,
            max_read_units=max_read_units,
            accept_conflicts=accept_conflicts,
            write=write,
            consent=invocation.consent(),
            listener=shown,
        ),
    )


@verb("finish", example="dynasmith replace finish last")
@click.argument("job")
@click.option("--accept-conflicts", is_flag=True, help="Leave items that were written to the old table too late.")
def finish(invocation: Invocation, job: str, accept_conflicts: bool) -> int:
    """End a replacement after its cut-over: apply the rest of the definition, turn the stream off."""
    replacements = invocation.project().replacements
    return _followed(
        invocation,
        lambda shown: replacements.finish(
            job, accept_conflicts=accept_conflicts, consent=invocation.consent(), listener=shown
        ),
    )


@verb("abort", example="dynasmith replace abort last")
@click.argument("job")
def abort(invocation: Invocation, job: str) -> int:
    """End a replacement while the old table is in use: before the cut-over, or after the way back. Both tables stay."""
    replacements = invocation.project().replacements
    return _followed(
        invocation,
        lambda shown: replacements.abort(job, consent=invocation.consent(), listener=shown),
    )


def _followed(invocation: Invocation, run: Callable[[Listener], Replacement]) -> int:
    """Run it with its progress shown, and show its end."""
    from dynasmith.cli.flow_report import FlowProgressView
    from dynasmith.cli.replacement_report import show_replacement

    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = run(shown)
    return show_replacement(invocation, report)


def _fence(fence: str | None, *, no_fence: bool) -> str | None:
    """The fence that was asked for; None where none was named."""
    if no_fence and fence is not None:
        raise UsageError("--fence and --no-fence contradict each other.", hint="remove one of them")
    return "none" if no_fence else fence


for each in (start, status, verify, cutover, back, finish, abort):
    command.add_command(each)
