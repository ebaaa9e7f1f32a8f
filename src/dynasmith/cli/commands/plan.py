"""`dynasmith plan`."""

from pathlib import Path
from typing import Any

import click

from dynasmith.cli.shared import Invocation, print_json, verb
from dynasmith.errors import RunError


def split_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """``--only a,b --only c`` as three words."""
    return tuple(word for part in words for word in part.split(",") if word)


@verb("plan", example="dynasmith plan orders --out orders.plan")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--out", metavar="FILE", help="Keep the plan, for apply --plan FILE.")
@click.option("--prune", is_flag=True, help="Also remove indexes, replicas and tags that the definition lacks.")
@click.option("--allow-delete-items", is_flag=True, help="With --prune: also items that the definition lacks.")
@click.option("--rebuild-index", multiple=True, metavar="NAME", help="For apply; a plan is the same without it.")
@click.option("--only", multiple=True, metavar="SETTING", help="Only these settings, such as autoscaling,items.")
def command(
    invocation: Invocation, tables: tuple[str, ...], out: str | None, only: tuple[str, ...], **flags: Any
) -> int:
    """What would change, in which order, what it costs, how long it takes. Calls nothing but reads."""
    from dynasmith.cli.drawing import draw_plan
    from dynasmith.cli.plan_json import plan_json
    from dynasmith.plans.plan import encode_plan

    del flags["rebuild_index"]  # a consent, which only apply needs; what is pasted from its hint must not fail here
    invocation.warn()
    plan = invocation.project().plan(tables, only=split_words(only), **flags)
    if out:
        write_plan(Path(out), encode_plan(plan))
        invocation.say(f"The plan is in {out}: dynasmith apply --plan {out}")
    if invocation.as_json:
        print_json(plan_json(plan))
    else:
        draw_plan(invocation.page(), plan)
    return 1 if plan.failures else 0


def write_plan(path: Path, document: bytes) -> None:
    """Write a plan file; RunError where the place cannot be written."""
    try:
        path.write_bytes(document)
    except OSError as error:
        raise RunError(f"The plan cannot be written to {path}: {error.strerror}.", hint="name another file") from error
