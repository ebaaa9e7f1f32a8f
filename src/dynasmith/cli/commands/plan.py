"""`dynasmith plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import RunError, UsageError

if TYPE_CHECKING:
    pass


def split_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """``--only a,b --only c`` as three words."""
    return tuple(word for part in words for word in part.split(",") if word)


@verb("plan", example="dynasmith plan orders --out orders.plan")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--out", metavar="FILE", help="Write the plan to FILE, for apply --plan FILE.")
@click.option("--prune", is_flag=True, help="Also remove indexes, replicas and tags that are not in the definition.")
@click.option(
    "--allow-delete-items", is_flag=True, help="With --prune: also delete items that are not in the definition."
)
@click.option(
    "--rebuild-index", multiple=True, metavar="NAME", help="Accepted as in apply; the plan is the same without it."
)
@click.option("--only", multiple=True, metavar="SETTING", help="Plan only these settings, such as autoscaling,items.")
def command(
    invocation: Invocation, tables: tuple[str, ...], out: str | None, only: tuple[str, ...], **flags: Any
) -> int:
    """Show what would change, in which order, what it costs and how long it takes. Only reads. Exits 1 where a table
    can never become what its definition says."""
    from dynasmith.cli.drawings import draw_plan
    from dynasmith.cli.plan_json import plan_json
    from dynasmith.plans.consent import refuse_unknown_indexes
    from dynasmith.plans.plan import encode_plan
    from dynasmith.plans.refusal import impossible

    rebuilt = flags.pop("rebuild_index")  # a consent, which only apply needs: the plan is the same
    refuse_without_prune(flags)
    invocation.warn()
    project = invocation.project()
    plan = project.plan(tables, only=split_words(only), **flags)
    refuse_unknown_indexes(plan, rebuilt)
    if out:
        write_plan(Path(out), encode_plan(plan))
        invocation.say(f"The plan is in {out}: dynasmith apply --plan {out}")
    if invocation.as_json:
        print_json(plan_json(invocation.shown(plan), project.environment))
    else:
        draw_plan(invocation.page(), invocation.shown(plan), project.environment)
    return 1 if plan.failures or impossible(plan) else 0


def refuse_without_prune(flags: dict[str, Any]) -> None:
    """Raise UsageError for ``--allow-delete-items`` alone, which deletes nothing."""
    if flags["allow_delete_items"] and not flags["prune"]:
        raise UsageError("--allow-delete-items does nothing without --prune.", hint="add --prune")


def write_plan(path: Path, document: bytes) -> None:
    """Write a plan file; RunError where the place cannot be written."""
    try:
        path.write_bytes(document)
    except OSError as error:
        raise RunError(f"The plan cannot be written to {path}: {error.strerror}.", hint="name another file") from error
